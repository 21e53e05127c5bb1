from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.differences import MarkedMessage
from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.versions import TwoTexts, Versions, restoring
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Version, VersionChange
from tests.state.edits import delete


def talk(question: str) -> Conversation:
    return Conversation((Message("user", question), Message("assistant", "yes")))


def words(messages: "list[MarkedMessage] | tuple[MarkedMessage, ...]") -> list[tuple[str, bool]]:
    return [(piece.text, piece.is_new) for message in messages for piece in message.pieces]


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    assert runner.shut_down()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[OpenProject]:
    project = OpenProject()
    project.create(tmp_path / "one.exemplar")
    project.add([talk("a lamp"), talk("a mug"), talk("a vase")])
    yield project
    project.close()


@pytest.fixture
def versions(qapp: object, project: OpenProject, runner: TaskRunner) -> Versions:
    return Versions(project, runner)


def save(qtbot: QtBot, versions: Versions, name: str) -> Version:
    with qtbot.waitSignal(versions.saved) as signal:
        versions.save(name)
    assert signal.args is not None
    (version,) = signal.args
    assert isinstance(version, Version)
    return version


def compared(qtbot: QtBot, versions: Versions, old: int, new: int | None) -> list[VersionChange]:
    with qtbot.waitSignal(versions.compared) as signal:
        versions.compare(old, new)
    assert signal.args is not None
    (changes,) = signal.args
    assert isinstance(changes, list)
    return changes


def texts(qtbot: QtBot, versions: Versions, old: int, new: int | None, id: int) -> TwoTexts:
    with qtbot.waitSignal(versions.texts_read) as signal:
        versions.read_texts(old, new, id)
    assert signal.args is not None
    (found,) = signal.args
    assert isinstance(found, TwoTexts)
    return found


def test_a_version_is_saved_once(qtbot: QtBot, versions: Versions) -> None:
    first = save(qtbot, versions, "first")
    assert (first.name, first.conversations) == ("first", 3)
    # Nothing has changed: that is the same version.
    assert save(qtbot, versions, "second").id == first.id
    assert versions.all == [first]


def test_what_changed_until_now(qtbot: QtBot, project: OpenProject, versions: Versions) -> None:
    first = save(qtbot, versions, "first")
    ids = project.project.ids()
    project.replace(ids[0], talk("a lamp and a rug"))
    delete(project, [ids[1]])
    assert [(each.id, each.kind) for each in compared(qtbot, versions, first.id, None)] == [
        (ids[0], "changed"), (ids[1], "removed"),
    ]  # fmt: skip
    found = texts(qtbot, versions, first.id, None, ids[0])
    assert ("a lamp", False) in words(list(found.before))
    assert (" and a rug", True) in words(list(found.after))
    gone = texts(qtbot, versions, first.id, None, ids[1])
    assert len(gone.before) == 2
    assert not gone.after


def test_only_the_last_question_is_answered(
    qtbot: QtBot, project: OpenProject, versions: Versions, runner: TaskRunner
) -> None:
    first = save(qtbot, versions, "first")
    delete(project, [project.project.ids()[0]])
    second = save(qtbot, versions, "second")
    told: list[list[VersionChange]] = []
    versions.compared.connect(told.append)
    versions.compare(first.id, second.id)
    versions.compare(second.id, None)
    qtbot.waitUntil(lambda: runner.running == 0)
    assert told == [[]]


def test_closing_ends_what_goes_on(
    qtbot: QtBot, project: OpenProject, versions: Versions, runner: TaskRunner
) -> None:
    first = save(qtbot, versions, "first")
    heard: list[object] = []
    for signal in (versions.compared, versions.texts_read, versions.failed):
        signal.connect(heard.append)
    versions.compare(first.id, None)
    versions.read_texts(first.id, None, project.project.ids()[0])
    project.close()
    qtbot.waitUntil(lambda: runner.running == 0)
    assert heard == []
    assert versions.all == []


def test_a_version_that_is_gone_fails(qtbot: QtBot, versions: Versions) -> None:
    first = save(qtbot, versions, "first")
    with qtbot.waitSignal(versions.changed):
        versions.delete(first.id)
    assert versions.all == []
    with qtbot.waitSignal(versions.failed) as signal:
        versions.compare(first.id, None)
    assert signal.args is not None
    assert isinstance(signal.args[0], KeyError)


def test_going_back_is_one_step(
    qtbot: QtBot, project: OpenProject, versions: Versions, runner: TaskRunner
) -> None:
    first = save(qtbot, versions, "first")
    ids = list(project.project.ids())
    delete(project, ids[:2])
    bulk = BulkEdit(project, runner)
    with qtbot.waitSignal(bulk.finished):
        bulk.run("Going back", restoring(first.id))
    assert list(project.project.ids()) == ids
    entry = project.undo_entry
    assert entry is not None
    assert entry.label == "version"
    project.undo()
    assert list(project.project.ids()) == ids[2:]
