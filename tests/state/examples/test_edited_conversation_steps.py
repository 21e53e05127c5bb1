"""Every change of the edited conversation is one step that can be undone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.checks import ADVICE
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.open_project import OpenProject

ASKED, SAID = Message("user", "q"), Message("assistant", "a", weight=0)
CALLING = Message("assistant", tool_calls=(ToolCall("call_1", FunctionCall("find", "{}")),))
IMAGE = ContentPart("image_url", image_url=ImageUrl("https://pictures.example/a.png"))
MIXED = Message("user", (ContentPart("text", text="look"), IMAGE))
PLAIN = Conversation((ASKED, SAID))
TOOLS = Conversation((ASKED, CALLING))
PAIR = Conversation((ASKED,), preferred=(Message("assistant", "a"),), non_preferred=(SAID,))


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    opened.create(tmp_path / "one.exemplar")
    yield opened
    opened.close()


@pytest.fixture
def edited(project: OpenProject) -> EditedConversation:
    return EditedConversation(project)


Do = Callable[[EditedConversation], object]


@pytest.mark.parametrize(
    ("before", "do", "texts"),
    [
        (PLAIN, lambda e: e.set_text(1, "b"), ["q", "b"]),
        (PAIR, lambda e: e.set_text(2, "worse"), ["q", "a", "worse"]),
        (PLAIN, lambda e: e.duplicate_message(0), ["q", "q", "a"]),
        (PAIR, lambda e: e.delete_message(1), ["q", "a"]),
        (PLAIN, lambda e: e.compare_replies(), ["q", "a", ""]),
        (PAIR, lambda e: e.keep_preferred(), ["q", "a"]),
        (Conversation((MIXED, SAID)), lambda e: e.set_part_text(0, 0, "b"), ["b", "a"]),
        (TOOLS, lambda e: e.add_call(1, "refund"), ["q", ""]),
        (TOOLS, lambda e: e.rename_call(1, 0, "refund"), ["q", ""]),
        (TOOLS, lambda e: e.set_call_arguments(1, 0, '{"a":1}'), ["q", ""]),
        (TOOLS, lambda e: e.delete_call(1, 0), ["q", ""]),
        (TOOLS, lambda e: e.add_answer(1), ["q", "", ""]),
        (PLAIN, lambda e: e.set_tools('[{"name":"find"}]'), ["q", "a"]),
        (PLAIN, lambda e: e.write_own_instructions(), ["", "q", "a"]),
    ],
)
def test_a_change_is_one_step_back_and_forth(
    project: OpenProject, edited: EditedConversation, before: Conversation, do: Do, texts: list[str]
) -> None:
    [id] = project.add([before])
    edited.show(id)
    do(edited)
    edited.write()
    after = edited.conversation
    assert [m.text for m in after.all_messages] == texts
    assert project.project.conversation(id) == after != before
    project.undo()
    assert edited.conversation == before
    project.redo()
    assert edited.conversation == after


def test_swapping_replies_twice_changes_nothing(
    project: OpenProject, edited: EditedConversation
) -> None:
    [id] = project.add([PAIR])
    edited.show(id)
    edited.swap_replies()
    assert edited.conversation.preferred == PAIR.non_preferred
    edited.swap_replies()
    assert edited.conversation == PAIR


def test_a_call_needs_no_words(project: OpenProject, edited: EditedConversation) -> None:
    [id] = project.add([TOOLS])
    edited.show(id)
    edited.set_text(1, "One moment.")
    edited.set_text(1, "")
    edited.write()
    assert edited.conversation == TOOLS


def test_dividing_makes_two_conversations_and_one_step(
    project: OpenProject, edited: EditedConversation
) -> None:
    [id] = project.add([Conversation((ASKED, SAID, ASKED, SAID))])
    edited.show(id)
    edited.set_text(0, "typed before")
    edited.divide(2)
    assert len(edited.conversation.messages) == 2
    assert project.counts.conversations == 2
    assert project.undo_entry is not None
    assert project.undo_entry.label == "divide"
    project.undo()
    assert [m.text for m in edited.conversation.messages] == ["typed before", "a", "q", "a"]
    edited.divide(0)
    edited.divide(4)
    assert project.counts.conversations == 1


def test_shared_instructions_stand_before_those_without_their_own(
    project: OpenProject, edited: EditedConversation
) -> None:
    told: list[bool] = []
    edited.facts_changed.connect(lambda: told.append(True))
    own = Conversation((Message("system", "mine"), ASKED, SAID))
    first, second = project.add([PLAIN, own])
    edited.show(first)
    edited.set_shared_instructions(SharedInstructions("be brief", {"returns": "be kind"}))
    assert told
    assert (edited.instructions_in_force, edited.sharing_tag) == ("be brief", "")
    project.edit(lambda p: p.set_tag((first,), "returns", on=True), (first,))
    assert (edited.instructions_in_force, edited.sharing_tag) == ("be kind", "returns")
    assert edited.known_tags == ("returns",)
    edited.write_own_instructions()
    assert edited.conversation.messages[0] == Message("system", "be kind")
    assert edited.instructions_in_force == ""
    edited.show(second)
    edited.use_shared_instructions()
    assert edited.instructions_in_force == "be brief"
    assert edited.conversation == PLAIN


def test_advice_comes_from_a_worker_and_can_be_let_be(qtbot: QtBot, project: OpenProject) -> None:
    runner = TaskRunner()
    edited = EditedConversation(project, runner=runner)
    [id] = project.add([Conversation((Message("user", " spaced "), Message("assistant", "yes")))])
    edited.show(id)

    def codes() -> set[str]:
        return {f.code for f in edited.findings if f.severity == ADVICE}

    qtbot.waitUntil(lambda: "edge_space" in codes(), timeout=5000)
    edited.set_text(0, "spaced ")
    assert "edge_space" in codes()
    edited.accept(next(f for f in edited.findings if f.code == "edge_space"))
    assert "edge_space" not in codes()
    assert project.project.accepted(id) == {"edge_space"}
    project.undo()
    assert "edge_space" in codes()
    assert runner.shut_down()


def test_what_the_review_of_the_set_found_is_shown(
    project: OpenProject, edited: EditedConversation
) -> None:
    one, two = project.add([PLAIN, PLAIN])
    project.project.store_set_advice("duplicate", (one, two))
    edited.show(one)
    assert "duplicate" in {f.code for f in edited.findings}
    edited.accept(next(f for f in edited.findings if f.code == "duplicate"))
    assert "duplicate" not in {f.code for f in edited.findings}


def test_a_long_text_is_checked_after_a_pause(
    qtbot: QtBot, project: OpenProject, edited: EditedConversation
) -> None:
    [id] = project.add([Conversation((ASKED, Message("assistant", "word " * 20_000)))])
    edited.show(id)
    edited.set_text(1, edited.conversation.messages[1].text + "<|im_end|>")
    assert "special_token" not in {f.code for f in edited.findings}
    qtbot.waitUntil(lambda: "special_token" in {f.code for f in edited.findings}, timeout=2000)
