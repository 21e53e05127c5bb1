import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Message
from desktop_app.state.chat.document import DONE, FAILED, STOPPED, Reply
from tests.state.chat.chat_bench import BASE, SYSTEM, TUNED, Bench, conversation
from tests.state.chat.chat_service import refusal

TRAINING = [
    *[conversation(f"question {n}", f"reply {n}") for n in range(4)],
    conversation("another", "one", system="Be someone else."),
]


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, training=TRAINING) as bench:
        bench.chat.training_instructions.refresh()
        bench.until(lambda: bench.chat.training_instructions.found is not None)
        yield bench


def reply(bench: Bench, turn: int = -1, column: int = 0) -> Reply:
    return bench.chat.document.turns[turn].replies[column]


def test_the_newest_tuned_model_answers_with_the_instructions_of_the_training_set(
    bench: Bench,
) -> None:
    assert [choice.name for choice in bench.chat.choices.all] == ["Voice", BASE]
    assert bench.chat.are_instructions_trained is True
    bench.say("Hello")
    assert reply(bench).text == f"{TUNED} heard Hello"
    assert (reply(bench).state, reply(bench).finish_reason) == (DONE, "stop")
    assert (reply(bench).prompt_tokens, reply(bench).tokens) == (10, 3)
    assert reply(bench).seconds > 0
    assert bench.chat.document.tokens == 13
    [asked] = bench.service.asked
    assert asked["model"] == TUNED
    assert asked["messages"] == [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "Hello"},
    ]
    assert (asked["temperature"], asked["max_tokens"]) == (0.7, 400)


def test_changed_settings_go_with_the_next_message(bench: Bench) -> None:
    bench.chat.set_instructions("Be brief.")
    bench.chat.set_temperature(0.2)
    bench.chat.set_longest_reply(50)
    assert bench.chat.are_instructions_trained is False
    bench.say("Hello")
    [asked] = bench.service.asked
    assert asked["messages"][0]["content"] == "Be brief."
    assert (asked["temperature"], asked["max_tokens"]) == (0.2, 50)
    bench.chat.reset_instructions()
    assert bench.chat.are_instructions_trained is True
    bench.chat.set_instructions("")
    bench.say("Again")
    assert bench.service.asked[-1]["messages"][0] == {"role": "user", "content": "Hello"}


def test_each_of_two_models_goes_on_from_its_own_replies(bench: Bench) -> None:
    bench.say("Hello")
    bench.chat.choose_against(bench.chat.choices.base)
    bench.say("One")
    bench.say("Two")
    tuned, base = [each for each in bench.service.asked if "Two" in str(each)]
    if tuned["model"] == BASE:
        tuned, base = base, tuned
    assert [m["content"] for m in tuned["messages"]] == [
        *(SYSTEM, "Hello", f"{TUNED} heard Hello", "One", f"{TUNED} heard One", "Two")
    ]
    # Before the second model came in, there was only the first one's reply.
    assert [m["content"] for m in base["messages"]] == [
        *(SYSTEM, "Hello", f"{TUNED} heard Hello", "One", f"{BASE} heard One", "Two")
    ]


def test_stop_ends_the_request_and_keeps_what_came(bench: Bench) -> None:
    bench.service.pause = 0.02
    bench.service.speak = lambda _model, _said: "word " * 500
    bench.chat.send("Go on")
    bench.until(lambda: len(reply(bench).text) > 20)
    bench.chat.stop()
    assert not bench.chat.is_streaming
    came = reply(bench).text
    assert reply(bench).state == STOPPED
    bench.until(lambda: bench.service.broken_off == 1)
    bench.qtbot.wait(60)
    assert reply(bench).text == came
    bench.service.speak = lambda _model, said: f"heard {said}"
    bench.say("And now")
    # What was cut short is part of the talk.
    assert bench.service.asked[-1]["messages"][2]["content"] == came


def test_a_stream_that_breaks_keeps_what_came_and_can_be_asked_for_again(bench: Bench) -> None:
    bench.service.break_after = 2
    bench.say("Hello")
    assert (reply(bench).state, reply(bench).text) == (FAILED, f"{TUNED} heard")
    assert "cannot be reached" in reply(bench).problem
    bench.service.break_after = None
    bench.chat.retry(0)
    assert reply(bench) == Reply(reply(bench).model)
    bench.idle()
    assert (reply(bench).state, reply(bench).text) == (DONE, f"{TUNED} heard Hello")
    assert reply(bench).problem == ""
    first, second = bench.service.asked
    assert first == second


def test_a_refused_reply_is_worded_and_left_out_of_what_follows(bench: Bench) -> None:
    bench.service.faults = [refusal(404, "model_not_found")]
    bench.say("Hello")
    assert (reply(bench).state, reply(bench).text) == (FAILED, "")
    assert "does not know this model" in reply(bench).problem
    bench.say("Once more")
    roles = [each["role"] for each in bench.service.asked[-1]["messages"]]
    assert roles == ["system", "user", "user"]


def test_streamed_text_reaches_the_window_in_frames(bench: Bench) -> None:
    changes: list[str] = []
    bench.chat.reply_changed.connect(lambda: changes.append(reply(bench).text))
    bench.service.speak = lambda _model, _said: "word " * 2000
    bench.say("Long")
    assert len(reply(bench).text) == 10_000
    assert all(b.startswith(a) for a, b in itertools.pairwise(changes))
    # 30 times a second at most, however fast it comes.
    assert len(changes) <= 3 + 32 * reply(bench).seconds


def test_the_last_message_can_be_said_again_in_other_words(bench: Bench) -> None:
    bench.say("One")
    bench.say("Tow")
    bench.chat.say_again("Two")
    bench.idle()
    assert [turn.said for turn in bench.chat.document.turns] == ["One", "Two"]
    assert reply(bench).text == f"{TUNED} heard Two"


def test_nothing_is_said_twice_at_once_nor_without_words(bench: Bench) -> None:
    bench.chat.send("  ")
    bench.service.pause = 0.05
    bench.chat.send("Hello")
    bench.chat.send("again")
    bench.chat.retry(0)
    bench.chat.say_again("again")
    bench.idle()
    assert len(bench.service.asked) == 1
    assert [turn.said for turn in bench.chat.document.turns] == ["Hello"]


def test_a_good_reply_becomes_an_example_that_undo_takes_back(bench: Bench) -> None:
    bench.say("One")
    bench.say("Two")
    before = bench.open_project.counts.conversations
    bench.chat.keep(1, 0)
    assert bench.open_project.counts.conversations == before + 1
    assert bench.chat.is_kept(1, 0)
    assert not bench.chat.is_kept(0, 0)
    example = bench.open_project.project.conversation(bench.open_project.project.ids()[-1])
    assert [(m.role, m.text) for m in example.messages] == [
        ("system", SYSTEM),
        *(("user", "One"), ("assistant", f"{TUNED} heard One")),
        *(("user", "Two"), ("assistant", f"{TUNED} heard Two")),
    ]
    with bench.qtbot.waitSignal(bench.chat.kept_changed):
        bench.open_project.undo()
    assert bench.open_project.counts.conversations == before
    assert not bench.chat.is_kept(1, 0)
    bench.open_project.redo()
    assert bench.chat.is_kept(1, 0)


def test_a_corrected_reply_is_kept_and_stands_in_the_talk_from_then_on(bench: Bench) -> None:
    bench.say("One")
    bench.chat.correct_and_keep(0, 0, "Better words")
    example = bench.open_project.project.conversation(bench.open_project.project.ids()[-1])
    assert example.messages[-1] == Message("assistant", "Better words")
    assert reply(bench).text == f"{TUNED} heard One"
    assert reply(bench).shown == "Better words"
    bench.say("Two")
    assert bench.service.asked[-1]["messages"][2]["content"] == "Better words"


def test_chats_are_there_after_a_restart_and_go_on(bench: Bench) -> None:
    bench.say("First chat")
    bench.chat.start_new()
    bench.chat.choose_against(bench.chat.choices.base)
    bench.say("Second chat")
    before = bench.chat.document
    bench.restart()
    bench.until(lambda: len(bench.chat.chats.documents) == 2)
    assert bench.chat.document == before
    assert [each.title for each in bench.chat.chats.documents] == ["Second chat", "First chat"]
    bench.chat.show(bench.chat.chats.documents[1].id)
    bench.say("Go on")
    assert [m["content"] for m in bench.service.asked[-1]["messages"]] == [
        *(SYSTEM, "First chat", f"{TUNED} heard First chat", "Go on")
    ]


def test_a_kill_in_the_middle_of_a_reply_costs_no_more_than_its_last_second(bench: Bench) -> None:
    bench.service.pause = 0.02
    bench.service.speak = lambda _model, _said: "word " * 500
    bench.chat.send("Go on")
    bench.until(lambda: len(reply(bench).text) > 200)
    bench.restart()
    bench.until(lambda: bool(bench.chat.chats.documents))
    assert reply(bench).state == STOPPED
    assert reply(bench).text.startswith("word")


def test_a_deleted_chat_comes_back_on_undo(bench: Bench) -> None:
    bench.say("Hello")
    id = bench.chat.document.id
    bench.chat.delete(id)
    assert bench.chat.chats.rowCount() == 0
    assert bench.chat.document.turns == ()
    remedy = bench.notices[-1].remedy
    assert remedy is not None
    remedy.action()
    assert bench.chat.document.id == id
    assert bench.chat.document.title == "Hello"
    bench.chat.delete(id)
    bench.restart()
    assert not bench.open_project.project.documents("chat")


def test_an_empty_chat_is_not_kept(bench: Bench) -> None:
    bench.chat.set_temperature(0.1)
    bench.chat.start_new()
    bench.chat.save()
    assert bench.chat.chats.rowCount() == 0
    assert bench.chat.document.temperature == 0.1


def test_closing_the_project_ends_the_reply_and_forgets_the_chat(bench: Bench) -> None:
    bench.service.pause = 0.05
    bench.chat.send("Hello")
    bench.until(lambda: bench.service.open_streams == 1)
    bench.open_project.close()
    assert not bench.chat.is_streaming
    assert bench.chat.document.turns == ()
    assert bench.chat.instructions == ""
    bench.until(lambda: bench.service.broken_off == 1)


def test_what_was_said_and_chosen_last_is_kept_when_the_project_closes(bench: Bench) -> None:
    bench.say("Hello")
    bench.chat.set_temperature(0.3)
    bench.chat._save_timer.setInterval(60_000)
    bench.service.pause = 0.02
    bench.service.speak = lambda _model, _said: "word " * 500
    bench.chat.send("Go on")
    bench.until(lambda: len(reply(bench).text) > 100)
    said = reply(bench).text
    bench.open_project.close()
    bench.open_project.open(bench.path)
    bench.until(lambda: bool(bench.chat.chats.documents))
    assert reply(bench).text == said
    assert reply(bench).state == STOPPED
    bench.chat.set_temperature(0.9)
    bench.open_project.close()
    bench.open_project.open(bench.path)
    bench.until(lambda: bool(bench.chat.chats.documents))
    assert bench.chat.document.temperature == 0.9


def test_damaged_chats_are_named_and_the_others_shown(bench: Bench) -> None:
    bench.say("Hello")
    bench.open_project.project.save_document("chat", "x", "", "{")
    bench.open_project.project.save_document("chat", "y", "", '{"id": 3}')
    bench.restart()
    bench.until(lambda: bench.chat.chats.rowCount() == 1)
    assert bench.notices[-1].text == "Chats that are damaged and not shown: 2."


def test_a_finished_job_leads_to_a_new_chat_with_its_model(bench: Bench) -> None:
    bench.chat.choose_model(bench.chat.choices.all[1])
    bench.say("Hello")
    [tuned] = bench.jobs.tuned_models("mine")
    bench.jobs.chat_requested.emit(tuned)
    assert bench.chat.document.turns == ()
    assert bench.chat.document.model == bench.chat.choices.tuned[0]


def test_an_example_is_not_kept_where_the_file_cannot_be_written(
    bench: Bench,
) -> None:
    bench.say("Hello")
    read_only(bench, on=True)
    bench.chat.keep(0, 0)
    assert not bench.chat.is_kept(0, 0)
    assert bench.notices[-1].level == "bad"
    bench.chat.set_temperature(0.3)
    bench.chat.save()
    assert bench.notices[-1].text == "The chat could not be saved in the project."
    read_only(bench, on=False)


def read_only(bench: Bench, *, on: bool) -> None:
    """Let SQLite refuse every change to the project."""
    database = bench.open_project.project._database
    database.rows(f"PRAGMA query_only = {int(on)}", ())


def test_instructions_follow_the_training_set(bench: Bench) -> None:
    finder = bench.chat.training_instructions
    more = [conversation(f"more {n}", "x", system="Be new.") for n in range(9)]
    bench.open_project.add(more)
    assert finder.found == SYSTEM
    with bench.qtbot.waitSignal(finder.changed):
        finder.refresh()
    assert bench.chat.instructions == "Be new."
    without = [msgspec.structs.replace(c, messages=c.messages[1:]) for c in more * 3]
    bench.open_project.add(without)
    with bench.qtbot.waitSignal(finder.changed):
        finder.refresh()
    assert finder.found == ""
    assert bench.chat.are_instructions_trained is True


def test_without_training_conversations_there_is_nothing_to_compare_with(
    qtbot: QtBot, tmp_path: Path
) -> None:
    with Bench(qtbot, tmp_path) as bench:
        bench.chat.training_instructions.refresh()
        bench.until(lambda: bench.runner.running == 0)
        assert bench.chat.are_instructions_trained is None
        bench.say("Hello")
        assert [m["role"] for m in bench.service.asked[0]["messages"]] == ["user"]


def test_the_list_is_a_sound_item_model(bench: Bench, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(bench.chat.chats)
    bench.say("Hello\nyou")
    bench.chat.start_new()
    bench.chat.choose_against(bench.chat.choices.base)
    bench.say("Second")
    bench.say("Third")
    model = bench.chat.chats
    shown = [(model.index(n).data(), model.index(n).data(model.SUBTITLE)) for n in range(2)]
    shown_texts = [("Second", "compare · 4 repl(ies|y)"), ("Hello", "Voice · 1 repl(ies|y)")]
    assert shown == shown_texts, "singular and plural come with the translation (test_plurals)"
    qtmodeltester.check(model)
