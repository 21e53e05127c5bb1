import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.latest_task import LatestTask


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    result = TaskRunner()
    yield result
    assert result.shut_down()


def test_only_the_latest_work_is_told_of(qtbot: QtBot, runner: TaskRunner) -> None:
    first_may_end = threading.Event()
    told: list[object] = []

    def slow(report: Callable[[object], None], should_stop: Callable[[], bool]) -> str:
        first_may_end.wait(5)
        stopped.append(should_stop())
        return "first"

    stopped: list[bool] = []
    task = LatestTask(runner)
    task.done.connect(told.append)
    task.run(slow)
    task.run(lambda _report, _stop: "second")
    qtbot.waitUntil(lambda: told == ["second"])
    first_may_end.set()
    qtbot.waitUntil(lambda: runner.running == 0)
    assert stopped == [True]
    assert told == ["second"]
    assert not task.is_running


def test_an_error_ends_it(qtbot: QtBot, runner: TaskRunner) -> None:
    def fails(_report: Callable[[object], None], _stop: Callable[[], bool]) -> None:
        raise KeyError("x")

    task = LatestTask(runner)
    with qtbot.waitSignal(task.failed) as failed:
        task.run(fails)
    assert failed.args is not None
    assert isinstance(failed.args[0], KeyError)
    assert not task.is_running
