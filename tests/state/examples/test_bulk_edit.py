import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from desktop_app.state.examples.bulk_edit import AT_ONCE, BulkProgress, StepControl
from desktop_app.state.examples.marking import Marks
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from tests.state.examples.finding_bench import FindingBench, chat


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[FindingBench]:
    with FindingBench(tmp_path) as bench:
        yield bench


def test_a_step_about_few_is_made_at_once(bench: FindingBench) -> None:
    ids = bench.add("a", "b")
    busy: list[bool] = []
    bench.bulk.busy_changed.connect(busy.append)
    assert bench.marking.change(ids, Marks(add=("shop",), remove=("no",), rating=4))
    assert bench.row(ids[0]).tags == ("shop",)
    assert bench.row(ids[1]).rating == 4
    assert busy == []


def test_nothing_to_change_is_no_step(bench: FindingBench) -> None:
    ids = bench.add("a")
    entry = bench.project.undo_entry
    assert not bench.marking.change(ids, Marks())
    assert not bench.marking.change([], Marks(rating=1))
    assert bench.project.undo_entry == entry


def test_a_large_step_runs_on_a_worker_and_can_be_undone(qtbot: QtBot, bench: FindingBench) -> None:
    ids = bench.project.add([chat(f"question {n}") for n in range(AT_ONCE + 1)])
    busy: list[bool] = []
    labels: list[str] = []
    bench.bulk.busy_changed.connect(busy.append)
    bench.bulk.started.connect(labels.append)
    with qtbot.waitSignals([bench.bulk.finished, bench.project.changed]):
        assert bench.marking.change(ids, Marks(split=Split.TEST))
        assert bench.bulk.is_running
        assert not bench.marking.change(ids, Marks(rating=5))
    assert busy == [True, False]
    assert labels == [f"Changing {QLocale().toString(len(ids))} conversation(s)"]
    assert bench.project.counts.test == len(ids)
    bench.project.undo()
    assert bench.project.counts.test == 0


@pytest.mark.parametrize("n", [2, AT_ONCE + 1])
def test_any_number_goes_to_the_bin_and_comes_back(
    qtbot: QtBot, bench: FindingBench, n: int
) -> None:
    ids = bench.project.add([chat(f"question {number}") for number in range(n)])
    labels: list[str] = []
    bench.bulk.started.connect(labels.append)
    with qtbot.waitSignals([bench.bulk.finished, bench.conversations.filtered]):
        assert bench.marking.delete(ids)
    assert bench.project.counts.binned == n
    assert bench.titles() == []
    with qtbot.waitSignals([bench.bulk.finished, bench.conversations.filtered]):
        assert bench.marking.restore(ids)
    assert bench.project.counts.binned == 0
    assert len(bench.titles()) == n
    assert len(labels) == (2 if n > AT_ONCE else 0), "few are moved at once, many on a worker"
    assert not bench.marking.delete([])


def test_what_a_step_returns_arrives(qtbot: QtBot, bench: FindingBench) -> None:
    def count(project: Project, _should_stop: StepControl) -> int:
        return project.counts().conversations

    ids = bench.add("a", "b")
    for about in (ids, ()):
        with qtbot.waitSignal(bench.bulk.finished) as finished:
            bench.bulk.run("Counting", count, about)
        assert finished.args == [2]


def test_progress_and_failure_are_told(qtbot: QtBot, bench: FindingBench) -> None:
    go_on = threading.Event()

    def step(_project: Project, should_stop: StepControl) -> None:
        should_stop.tell(3, 10)
        go_on.wait(5)
        raise ValueError("no")

    with qtbot.waitSignal(bench.bulk.progressed) as progressed:
        bench.bulk.run("Failing", step)
    assert progressed.args == [BulkProgress(3, 10)]
    with qtbot.waitSignal(bench.bulk.failed) as failed:
        go_on.set()
    assert failed.args is not None
    assert isinstance(failed.args[0], ValueError)
    assert not bench.bulk.is_running


def test_a_step_that_is_cancelled_changes_nothing(qtbot: QtBot, bench: FindingBench) -> None:
    ids = bench.add("a")
    begun = threading.Event()

    def step(project: Project, should_stop: StepControl) -> None:
        begun.set()
        while not should_stop():
            pass
        if not should_stop():
            project.delete(ids)

    changes: list[object] = []
    bench.project.changed.connect(changes.append)
    bench.bulk.run("Waiting", step)
    assert begun.wait(5)
    with qtbot.waitSignal(bench.bulk.busy_changed) as ended:
        bench.bulk.cancel()
    assert ended.args == [False]
    assert changes == []
    assert bench.project.counts.conversations == 1


def test_closing_the_project_ends_a_step(qtbot: QtBot, bench: FindingBench) -> None:
    ended = threading.Event()

    def step(_project: Project, should_stop: StepControl) -> None:
        while not should_stop():
            pass
        ended.set()

    bench.bulk.run("Waiting", step)
    bench.project.close()
    assert not bench.bulk.is_running
    assert ended.wait(5)


def test_a_step_that_begins_as_another_ends_is_waited_for(
    qtbot: QtBot, bench: FindingBench
) -> None:
    go_on = threading.Event()
    results: list[object] = []

    def wait(_project: Project, _should_stop: StepControl) -> str:
        go_on.wait(5)
        return "second"

    def begin_next(result: object) -> None:
        results.append(result)
        if result == "first":
            assert bench.bulk.run("Second", wait)

    bench.bulk.finished.connect(begin_next)
    assert bench.bulk.run("First", lambda _project, _should_stop: "first")
    qtbot.waitUntil(lambda: results == ["first"])
    qtbot.waitUntil(lambda: bench.runner.running == 1)
    assert bench.bulk.is_running
    assert not bench.bulk.run("Third", wait)
    go_on.set()
    qtbot.waitUntil(lambda: results == ["first", "second"])
    assert not bench.bulk.is_running
