"""The next conversation with a problem, found by a worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter
from tests.state.examples.desk_bench import make_desk

GOOD = Conversation((Message("user", "a"), Message("assistant", "b")))
EMPTY = Conversation((Message("user", "a"), Message("assistant", "")))


@pytest.fixture
def desk(qapp: object, tmp_path: Path) -> Iterator[ExamplesDesk]:
    runner = TaskRunner()
    desk = make_desk(tmp_path, runner)
    desk.open_project.create(tmp_path / "one.exemplar")
    yield desk
    desk.open_project.close()
    assert runner.shut_down()


def behind(qtbot: QtBot, desk: ExamplesDesk, id: int | None) -> object:
    with qtbot.waitSignal(desk.next_problem.found) as signal:
        desk.next_problem.look(id)
    assert signal.args is not None
    return signal.args[0]


def test_each_leads_to_the_one_behind_it_and_the_last_to_the_first(
    qtbot: QtBot, desk: ExamplesDesk
) -> None:
    good, first, _, second = desk.open_project.add([GOOD, EMPTY, GOOD, EMPTY])
    assert behind(qtbot, desk, first) == second
    assert behind(qtbot, desk, second) == first
    assert behind(qtbot, desk, good) == first
    assert behind(qtbot, desk, None) == first


def test_without_problems_there_is_none(qtbot: QtBot, desk: ExamplesDesk) -> None:
    ids = desk.open_project.add([GOOD, GOOD])
    assert behind(qtbot, desk, ids[0]) is None


def test_what_the_chosen_method_refuses_is_a_problem(qtbot: QtBot, desk: ExamplesDesk) -> None:
    empty, good = desk.open_project.add([EMPTY, GOOD])
    assert behind(qtbot, desk, empty) == empty
    # It has no two replies to compare.
    desk.rules.set_method("dpo")
    assert behind(qtbot, desk, empty) == good


def test_the_window_waits_for_nothing(qtbot: QtBot, desk: ExamplesDesk) -> None:
    ids = desk.open_project.add([EMPTY])
    told: list[object] = []
    desk.next_problem.found.connect(told.append)
    desk.next_problem.look(None)
    assert told == []
    qtbot.waitUntil(lambda: told == ids)


def test_nothing_is_told_of_a_project_that_was_closed(
    qtbot: QtBot, desk: ExamplesDesk, tmp_path: Path
) -> None:
    desk.open_project.add([EMPTY])
    with qtbot.assertNotEmitted(desk.next_problem.found):
        desk.next_problem.look(None)
        desk.open_project.create(tmp_path / "two.exemplar")
        qtbot.waitUntil(lambda: desk.runner.running == 0)
    assert behind(qtbot, desk, None) is None


def test_where_it_cannot_be_read_that_is_told(
    qtbot: QtBot, desk: ExamplesDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_project: Project, _where: Filter) -> None:
        raise OSError

    desk.open_project.add([EMPTY])
    monkeypatch.setattr(Project, "ids", refused)
    with qtbot.captureExceptions() as raised, qtbot.assertNotEmitted(desk.next_problem.found):
        desk.next_problem.look(None)
        qtbot.waitUntil(lambda: len(raised) == 1)
    assert raised[0][0] is OSError
