from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.replacing import Wanted
from desktop_app.state.examples.find_replace import FindReplace, Place, Preview, replacing
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Filter, Split
from tests.state.edits import set_split


def talk(*texts: str) -> Conversation:
    return Conversation(tuple(Message("user", text) for text in texts))


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    assert runner.shut_down()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[OpenProject]:
    project = OpenProject()
    project.create(tmp_path / "one.exemplar")
    project.add([talk("The lamp", "no"), talk("A LAMP, a lamp"), talk("nothing")])
    yield project
    project.close()


def look(
    qtbot: QtBot, project: OpenProject, runner: TaskRunner, wanted: Wanted, where: Filter
) -> Preview:
    finder = FindReplace(project, runner)
    with qtbot.waitSignal(finder.found) as signal:
        finder.look(wanted, where)
    preview = signal.args[0] if signal.args else None
    assert isinstance(preview, Preview)
    return preview


def texts(project: OpenProject) -> list[list[str]]:
    return [[m.text for m in c.messages] for _, c in project.project.conversations()]


def test_all_places_are_counted_and_shown_with_what_is_around(
    qtbot: QtBot, project: OpenProject, runner: TaskRunner
) -> None:
    preview = look(qtbot, project, runner, Wanted("lamp"), Filter())

    first, second = project.project.ids()[:2]
    assert preview.occurrences == 3
    assert preview.conversations == 2
    assert preview.places == (
        Place(first, 0, "The ", "lamp", ""),
        Place(second, 0, "A ", "LAMP", ", a lamp"),
        Place(second, 0, "A LAMP, a ", "lamp", ""),
    )


def test_only_what_the_filter_shows_is_looked_at(
    qtbot: QtBot, project: OpenProject, runner: TaskRunner
) -> None:
    first = project.project.ids()[0]
    set_split(project, [first], Split.TEST)

    in_test = look(qtbot, project, runner, Wanted("lamp"), Filter(split=Split.TEST))
    with_words = look(qtbot, project, runner, Wanted("lamp"), Filter(text="the"))

    assert [place.id for place in in_test.places] == [first]
    assert [place.id for place in with_words.places] == [first]


def test_nothing_is_found_of_no_words(
    qtbot: QtBot, project: OpenProject, runner: TaskRunner
) -> None:
    assert look(qtbot, project, runner, Wanted(""), Filter()) == Preview()


def test_replacing_is_one_step(project: OpenProject) -> None:
    step = replacing(Wanted("lamp"), "light", Filter())

    assert step(project.project, lambda: False) == 2
    assert texts(project) == [["The light", "no"], ["A light, a light"], ["nothing"]]
    entry = project.undo_entry
    assert entry is not None
    assert (entry.label, entry.count) == ("replace", 2)
    project.undo()
    assert texts(project)[0] == ["The lamp", "no"]


def test_replacing_that_is_stopped_or_finds_nothing_changes_nothing(project: OpenProject) -> None:
    before = project.undo_entry

    assert replacing(Wanted("lamp"), "x", Filter())(project.project, lambda: True) == 0
    assert replacing(Wanted("absent"), "x", Filter())(project.project, lambda: False) == 0
    assert project.undo_entry == before


def test_a_search_is_given_up_for_the_next(
    qtbot: QtBot, project: OpenProject, runner: TaskRunner
) -> None:
    finder = FindReplace(project, runner)
    arrived: list[Preview] = []
    finder.found.connect(arrived.append)
    finder.look(Wanted("lamp"), Filter())
    finder.look(Wanted("nothing"), Filter())
    qtbot.waitUntil(lambda: bool(arrived) and runner.running == 0)

    assert [preview.occurrences for preview in arrived] == [1]
