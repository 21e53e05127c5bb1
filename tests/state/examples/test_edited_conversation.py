from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from tests.state.edits import set_split

LONG = "words that need room " * 10_000


def chat(*texts: str) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(
        tuple(Message(role=roles[i % 2], content=text) for i, text in enumerate(texts))
    )


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    opened.create(tmp_path / "one.exemplar")
    yield opened
    opened.close()


@pytest.fixture
def edited(project: OpenProject) -> EditedConversation:
    [id] = project.add([chat("hello", "good day")])
    result = EditedConversation(project)
    result.show(id)
    return result


def on_disk(project: OpenProject, id: int | None) -> Conversation:
    assert id is not None
    other = Project.open(project.path, shared=True)
    try:
        return other.conversation(id)
    finally:
        other.close()


def test_typed_text_is_on_disk_within_a_second(
    qtbot: QtBot, project: OpenProject, edited: EditedConversation
) -> None:
    edited.set_text(1, "good")
    edited.set_text(1, "good evening")
    assert not edited.is_written
    assert on_disk(project, edited.id).messages[1].text == "good day"
    qtbot.waitUntil(lambda: edited.is_written, timeout=1000)
    assert on_disk(project, edited.id).messages[1].text == "good evening"


def test_typing_is_one_step_of_undo(project: OpenProject, edited: EditedConversation) -> None:
    for text in ("a", "ab", "abc"):
        edited.set_text(0, text)
        edited.write()
    project.undo()
    assert edited.conversation.messages[0].text == "hello"
    project.redo()
    assert edited.conversation.messages[0].text == "abc"


def test_going_to_another_conversation_writes_first(
    project: OpenProject, edited: EditedConversation
) -> None:
    first = edited.id
    [second] = project.add([chat("two", "zwei")])
    edited.set_text(0, "typed and left")
    edited.show(second)
    assert on_disk(project, first).messages[0].text == "typed and left"
    assert edited.conversation.messages[1].text == "zwei"


def test_typing_in_two_messages_loses_neither(
    project: OpenProject, edited: EditedConversation
) -> None:
    edited.set_text(0, "question")
    edited.set_text(1, "answer")
    edited.write()
    assert [m.text for m in on_disk(project, edited.id).messages] == ["question", "answer"]


def test_messages_are_added_moved_and_deleted(edited: EditedConversation) -> None:
    assert edited.add_message() == 2
    assert edited.conversation.messages[2].role == "user"
    assert edited.add_message() == 3
    assert edited.conversation.messages[3].role == "assistant"
    edited.move_message(0, 1)
    assert [m.text for m in edited.conversation.messages[:2]] == ["good day", "hello"]
    edited.move_message(0, 99)
    edited.delete_message(0)
    assert [m.text for m in edited.conversation.messages] == ["hello", "", ""]


def test_weight_belongs_to_the_assistant(edited: EditedConversation) -> None:
    edited.set_learned(1, learned=False)
    assert edited.conversation.messages[1].weight == 0
    edited.set_role(1, "user")
    assert edited.conversation.messages[1].weight is None
    edited.set_role(1, "assistant")
    edited.set_learned(1, learned=True)
    assert edited.conversation.messages[1].is_learned_from


def test_findings_follow_and_a_fix_mends(edited: EditedConversation) -> None:
    edited.add_message("user")
    edited.add_message("assistant")
    empty = [f for f in edited.findings if f.code == "empty_reply"]
    assert empty
    edited.apply_fix(empty[0])
    assert [m.text for m in edited.conversation.messages] == ["hello", "good day"]
    assert not [f for f in edited.findings if f.severity == "blocks"]


def test_undo_of_an_addition_empties_the_editor(
    project: OpenProject, edited: EditedConversation
) -> None:
    project.undo()
    assert edited.id is None
    assert edited.conversation.messages == ()


def test_what_it_is_used_for_is_followed(
    qtbot: QtBot, project: OpenProject, edited: EditedConversation
) -> None:
    assert edited.id is not None
    with qtbot.waitSignal(edited.facts_changed):
        set_split(project, [edited.id], Split.TEST)
    row = edited.row("o200k_base")
    assert row is not None
    assert row.split == Split.TEST
    assert project.counts.test == 1


def test_closing_the_project_writes_and_forgets(
    project: OpenProject, edited: EditedConversation
) -> None:
    path, id = project.path, edited.id
    edited.set_text(0, "typed just before closing")
    project.close()
    assert edited.id is None
    assert edited.findings == []
    project.open(path)
    assert on_disk(project, id).messages[0].text == "typed just before closing"


def fill_disk(project: OpenProject) -> None:
    """Let the file grow no further: SQLite says of this what it says of a full disk."""
    connection = project.project._database.connection
    connection.execute("PRAGMA max_page_count = 1")


def make_room(project: OpenProject) -> None:
    project.project._database.connection.execute("PRAGMA max_page_count = 4294967294")


@pytest.fixture
def refusals(edited: EditedConversation) -> list[ProjectErrorKind]:
    """Why nothing could be written, as it was told."""
    kinds: list[ProjectErrorKind] = []
    edited.failed.connect(lambda error: kinds.append(error.kind))
    return kinds


def test_what_is_typed_onto_a_full_disk_stays_is_told_once_and_written_later(
    qtbot: QtBot,
    project: OpenProject,
    edited: EditedConversation,
    refusals: list[ProjectErrorKind],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop_app.state.examples.edited_conversation.RETRY_AFTER_MS", 20)
    saved: list[bool] = []
    edited.saved_changed.connect(saved.append)
    fill_disk(project)
    edited.set_text(1, LONG)
    qtbot.waitUntil(lambda: bool(refusals), timeout=2000)
    qtbot.wait(100)  # Several tries later it has still been told once.
    edited.set_text(1, LONG + "and more")
    assert not edited.write()
    assert refusals == [ProjectErrorKind.NO_SPACE]
    assert edited.conversation.messages[1].text == LONG + "and more"
    assert on_disk(project, edited.id).messages[1].text == "good day"
    assert True not in saved
    make_room(project)
    qtbot.waitUntil(lambda: edited.is_written, timeout=2000)
    assert on_disk(project, edited.id).messages[1].text == LONG + "and more"
    assert saved[-1] is True
    fill_disk(project)
    edited.set_text(0, LONG)
    assert not edited.write()
    assert refusals == [ProjectErrorKind.NO_SPACE] * 2


def test_what_cannot_be_written_waits_while_another_conversation_is_shown(
    project: OpenProject, edited: EditedConversation
) -> None:
    first = edited.id
    [second] = project.add([chat("two", "zwei")])
    fill_disk(project)
    edited.set_text(1, LONG)
    edited.show(second)
    assert edited.conversation.messages[1].text == "zwei"
    edited.add_message(index=0)
    edited.show(first)
    assert edited.conversation.messages[1].text == LONG
    make_room(project)
    assert edited.write()
    assert on_disk(project, first).messages[1].text == LONG
    assert len(on_disk(project, second).messages) == 3


def test_a_message_added_on_a_full_disk_is_kept_with_the_words_before_it(
    project: OpenProject, edited: EditedConversation
) -> None:
    fill_disk(project)
    edited.set_text(0, LONG)
    edited.add_message()
    make_room(project)
    assert edited.write()
    assert [m.text for m in on_disk(project, edited.id).messages] == [LONG, "good day", ""]
    project.undo()
    assert [m.text for m in edited.conversation.messages] == ["hello", "good day"]


def test_leaving_what_cannot_be_written_takes_a_second_wish(
    project: OpenProject, edited: EditedConversation
) -> None:
    held_back: list[bool] = []
    edited.held_back.connect(lambda: held_back.append(True))
    assert edited.may_be_left()
    fill_disk(project)
    edited.set_text(0, LONG)
    assert not edited.may_be_left()
    assert edited.may_be_left()
    edited.set_text(0, LONG + "!")
    assert not edited.may_be_left()
    make_room(project)
    assert edited.may_be_left()
    assert held_back == [True, True]


def test_a_file_that_is_gone_is_told_and_written_when_it_is_back(
    project: OpenProject, edited: EditedConversation, refusals: list[ProjectErrorKind]
) -> None:
    elsewhere = project.path.rename(project.path.with_suffix(".moved"))
    edited.set_text(0, "typed with the file gone")
    assert not edited.write()
    assert refusals == [ProjectErrorKind.MISSING]
    elsewhere.rename(project.path)
    assert edited.write()
    assert on_disk(project, edited.id).messages[0].text == "typed with the file gone"


def test_a_conversation_that_cannot_be_read_does_not_get_the_words_of_another(
    project: OpenProject, edited: EditedConversation
) -> None:
    [spoiled] = project.add([chat("two", "zwei")])
    project.project._database.connection.execute(
        "UPDATE body SET line = '{' WHERE id = ?", (spoiled,)
    )
    with pytest.raises(ProjectError):
        edited.show(spoiled)
    assert (edited.id, edited.conversation.messages) == (None, ())
    edited.set_text(0, "typed into nothing")
    assert edited.is_written
