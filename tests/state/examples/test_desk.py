from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import Trait
from desktop_app.state.examples import desk as desk_module
from desktop_app.state.examples.bulk_edit import StepControl
from desktop_app.state.examples.conversation_list import PROBLEMS, ROW
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import ConversationRow
from tests.state.edits import delete
from tests.state.examples.desk_bench import make_desk


def talk(question: str, answer: str = "It is on its way.") -> Conversation:
    return Conversation((Message("user", question), Message("assistant", answer)))


@pytest.fixture
def desk(qapp: object, tmp_path: Path) -> Iterator[ExamplesDesk]:
    runner = TaskRunner()
    desk = make_desk(tmp_path, runner)
    desk.open_project.create(tmp_path / "one.exemplar")
    desk.open_project.add([talk("Where is my parcel?"), talk("Where is my vase?")])
    yield desk
    desk.open_project.close()
    assert runner.shut_down()


def row(desk: ExamplesDesk, place: int) -> ConversationRow:
    found = desk.conversations.data(desk.conversations.index(place, 0), ROW)
    assert isinstance(found, ConversationRow)
    return found


def waiting(_project: Project, control: StepControl) -> None:
    while not control():
        pass


def test_edits_wait_for_a_large_step_and_it_is_said_why(qtbot: QtBot, desk: ExamplesDesk) -> None:
    before = desk.open_project.undo_entry
    with qtbot.waitSignal(desk.open_project.busy_changed):
        desk.bulk.run("Waiting", waiting)
    assert desk.open_project.is_busy
    for edit in (
        lambda: desk.open_project.add([talk("A mug")]),
        lambda: delete(desk.open_project, [1]),
        desk.undo,
        desk.redo,
    ):
        with pytest.raises(ProjectError) as refused:
            edit()
        assert refused.value.kind is ProjectErrorKind.BUSY
    assert not desk.bulk.run("Another", waiting)
    desk.bulk.cancel()
    qtbot.waitUntil(lambda: not desk.open_project.is_busy)
    assert desk.open_project.undo_entry == before
    desk.open_project.add([talk("A mug")])


def test_what_is_typed_meanwhile_is_kept_and_written_then(qtbot: QtBot, desk: ExamplesDesk) -> None:
    desk.edited.show(desk.conversations.ids[0])
    desk.bulk.run("Waiting", waiting)
    desk.edited.set_text(0, "Where is my lamp?")
    with qtbot.waitSignal(desk.edited.failed) as failed:
        assert not desk.write()
    assert failed.args is not None
    assert failed.args[0].kind is ProjectErrorKind.BUSY
    desk.bulk.cancel()
    qtbot.waitUntil(lambda: not desk.open_project.is_busy)
    assert desk.write()
    qtbot.waitUntil(lambda: row(desk, 0).title == "Where is my lamp?")


def test_a_large_step_is_undone_and_redone_by_a_worker(
    qtbot: QtBot, desk: ExamplesDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "LARGE_STEP", 2)
    ids = desk.open_project.add([talk(f"mug {n}") for n in range(3)])
    with qtbot.waitSignal(desk.bulk.finished):
        desk.undo()
        assert desk.open_project.is_busy
        # Not yet: the window goes on meanwhile.
        assert desk.open_project.counts.conversations == 5
    assert desk.open_project.counts.conversations == 2
    assert list(desk.conversations.ids) != ids
    with qtbot.waitSignal(desk.bulk.finished):
        desk.redo()
    assert desk.open_project.counts.conversations == 5
    qtbot.waitUntil(lambda: list(desk.conversations.ids)[-3:] == ids)


def test_a_small_step_is_undone_at_once(desk: ExamplesDesk) -> None:
    desk.open_project.add([talk("A mug")])
    desk.undo()
    assert desk.open_project.counts.conversations == 2
    desk.redo()
    assert desk.open_project.counts.conversations == 3
    assert not desk.bulk.is_running


def test_the_chosen_method_says_what_is_a_problem(qtbot: QtBot, desk: ExamplesDesk) -> None:
    assert desk.open_project.counts.with_problems == 0
    desk.rules.set_method("dpo")
    # Nothing here has two replies to compare.
    assert desk.rules.rules.refused & Trait.SUPERVISED
    first = desk.conversations.index(0, 0)
    assert desk.conversations.data(first, PROBLEMS) == 1
    qtbot.waitUntil(lambda: desk.open_project.counts.with_problems == 2)
    desk.rules.set_method("supervised")
    qtbot.waitUntil(lambda: desk.open_project.counts.with_problems == 0)


def test_advice_that_was_found_is_in_the_rows_and_counts(qtbot: QtBot, desk: ExamplesDesk) -> None:
    [id] = desk.open_project.add([talk("Write to me", "We write to shop@parcels.example now.")])
    qtbot.waitUntil(lambda: len(desk.conversations.ids) == 3)
    before = desk.open_project.undo_entry
    desk.selection.set_ids([id])
    assert row(desk, 2).n_advice == 0
    qtbot.waitUntil(lambda: row(desk, 2).n_advice == 1, timeout=20_000)
    assert desk.open_project.counts.with_advice >= 1
    assert desk.conversations.id_at(2) == id
    # The language became known by the same reading.
    summary = desk.selection.summary
    assert summary is not None
    assert summary.language == "en"
    # So that the list can be narrowed by it and the dialog names it.
    facets = desk.conversations.facets
    qtbot.waitUntil(lambda: ("email_address", 1) in facets.facets.codes)
    # It is no edit.
    assert desk.open_project.undo_entry == before


def test_all_that_was_typed_is_on_disk(desk: ExamplesDesk) -> None:
    id = desk.conversations.ids[0]
    desk.selection.set_ids([id])
    desk.edited.show(id)
    desk.edited.set_text(0, "Where is my lamp?")
    assert desk.write()
    assert desk.open_project.project.conversation(id).messages[0].text == "Where is my lamp?"


def test_a_note_that_cannot_be_written_holds_the_project_back(
    desk: ExamplesDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_back: list[bool] = []
    desk.edited.held_back.connect(lambda: held_back.append(True))

    def refuse(id: int, text: str) -> None:
        raise ProjectError(ProjectErrorKind.NO_SPACE, desk.open_project.path)

    desk.note.show(desk.conversations.ids[0])
    with monkeypatch.context() as full:
        full.setattr(desk.open_project.project, "set_note", refuse)
        desk.note.set_text("Ask the shop")
        assert not desk.write()
        assert not desk.edited.may_be_left()
        assert held_back == [True]
        # Who asks again knows what is lost.
        assert desk.edited.may_be_left()
    assert desk.edited.may_be_left()
    assert desk.open_project.project.note(desk.conversations.ids[0]) == "Ask the shop"
