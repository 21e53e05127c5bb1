import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from desktop_app.background.call import Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner

MESSAGE = "a text of the user's"


class Heard(QObject):
    """Keeps what a task says, and on which thread."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.said: list[tuple[str, object]] = []
        self.threads: set[int] = set()
        task.progressed.connect(self.on_progressed)
        task.succeeded.connect(self.on_succeeded)
        task.failed.connect(self.on_failed)
        task.finished.connect(self.on_finished)

    def _hear(self, what: str, value: object = None) -> None:
        self.said.append((what, value))
        self.threads.add(threading.get_ident())

    @Slot(object)
    def on_progressed(self, value: object) -> None:
        self._hear("progressed", value)

    @Slot(object)
    def on_succeeded(self, value: object) -> None:
        self._hear("succeeded", value)

    @Slot(object)
    def on_failed(self, value: object) -> None:
        self._hear("failed", value)

    @Slot()
    def on_finished(self) -> None:
        self._hear("finished")

    @property
    def kinds(self) -> list[str]:
        return [what for what, _ in self.said]


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    assert runner.shut_down(5)


def wait(qtbot: QtBot, runner: TaskRunner) -> None:
    qtbot.waitUntil(lambda: runner.running == 0, timeout=10_000)


async def answer(report: Report) -> int:
    return 42


def answer_blocking(report: Report, should_stop: Callable[[], bool]) -> int:
    return 42


async def stumble(report: Report) -> None:
    raise ValueError(MESSAGE)


def stumble_blocking(report: Report, should_stop: Callable[[], bool]) -> None:
    raise ValueError(MESSAGE)


def test_a_result_comes_on_the_gui_thread(qtbot: QtBot, runner: TaskRunner) -> None:
    heard = [Heard(runner.run(answer)), Heard(runner.run_blocking(answer_blocking))]
    wait(qtbot, runner)
    for one in heard:
        assert one.said == [("succeeded", 42), ("finished", None)]
        assert one.threads == {threading.get_ident()}


def test_work_that_ends_before_anybody_connects_is_heard(qtbot: QtBot, runner: TaskRunner) -> None:
    tasks = [runner.run(answer), runner.run_blocking(answer_blocking)]
    time.sleep(0.05)
    assert all(task.is_running for task in tasks)
    heard = [Heard(task) for task in tasks]
    wait(qtbot, runner)
    assert [one.kinds for one in heard] == [["succeeded", "finished"]] * 2
    assert not any(task.is_running for task in tasks)


def test_an_exception_is_delivered_as_it_is(qtbot: QtBot, runner: TaskRunner) -> None:
    tasks = [runner.run(stumble), runner.run_blocking(stumble_blocking)]
    both = [Heard(task) for task in tasks]
    wait(qtbot, runner)
    for heard in both:
        assert heard.kinds == ["failed", "finished"]
        error = heard.said[0][1]
        assert isinstance(error, ValueError)
        assert str(error) == MESSAGE


@pytest.mark.logs("desktop_app.background.task")
def test_a_failure_that_nobody_hears_is_logged_without_its_message(
    qtbot: QtBot, runner: TaskRunner, caplog: pytest.LogCaptureFixture
) -> None:
    runner.run(stumble)
    wait(qtbot, runner)
    assert "ValueError" in caplog.text
    assert "in stumble" in caplog.text
    assert MESSAGE not in caplog.text


def test_cancelling_a_stream_takes_milliseconds(qtbot: QtBot, runner: TaskRunner) -> None:
    closed: list[float] = []

    async def stream(report: Report) -> None:
        try:
            for number in range(1_000_000):
                report(number)
                await asyncio.sleep(0.001)
        finally:
            closed.append(time.monotonic())

    task = runner.run(stream, batch=True)
    heard = Heard(task)
    qtbot.waitUntil(lambda: bool(heard.said))
    asked = time.monotonic()
    task.cancel()
    wait(qtbot, runner)
    assert closed[0] - asked < 0.2
    assert heard.kinds[-1] == "finished"
    assert not {"succeeded", "failed"} & set(heard.kinds)


def test_a_task_cancelled_at_once_says_finished_and_no_more(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    heard = []
    for _ in range(20):
        for task in (runner.run(answer), runner.run_blocking(answer_blocking)):
            task.cancel()
            heard.append(Heard(task))
    wait(qtbot, runner)
    assert [one.kinds for one in heard] == [["finished"]] * 40


def test_work_that_ignores_its_cancelling_is_not_heard(qtbot: QtBot, runner: TaskRunner) -> None:
    async def stubborn(report: Report) -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            report("still here")
        return "done all the same"

    task = runner.run(stubborn)
    heard = Heard(task)
    qtbot.wait(20)
    task.cancel()
    wait(qtbot, runner)
    assert heard.kinds == ["finished"]


def test_blocking_work_sees_that_it_should_stop(qtbot: QtBot, runner: TaskRunner) -> None:
    def patient(report: Report, should_stop: Callable[[], bool]) -> None:
        while not should_stop():
            time.sleep(0.001)

    task = runner.run_blocking(patient)
    heard = Heard(task)
    qtbot.wait(20)
    task.cancel()
    wait(qtbot, runner)
    assert heard.kinds == ["finished"]


def test_progress_is_thinned_and_its_last_value_kept(qtbot: QtBot, runner: TaskRunner) -> None:
    def count(report: Report, should_stop: Callable[[], bool]) -> str:
        for number in range(100_000):
            report(number)
        time.sleep(0.2)
        report("last")
        return "result"

    started = time.monotonic()
    heard = Heard(runner.run_blocking(count))
    wait(qtbot, runner)
    frames = (time.monotonic() - started) * 30 + 2
    assert heard.kinds.count("progressed") <= frames
    assert heard.said[-3:] == [("progressed", "last"), ("succeeded", "result"), ("finished", None)]
    assert ("progressed", 99_999) in heard.said


def test_every_item_of_a_batched_stream_arrives_in_order(qtbot: QtBot, runner: TaskRunner) -> None:
    async def stream(report: Report) -> None:
        for number in range(3000):
            report(number)
            if number % 100 == 0:
                await asyncio.sleep(0.005)

    heard = Heard(runner.run(stream, batch=True))
    wait(qtbot, runner)
    batches = [value for what, value in heard.said if what == "progressed"]
    items = [item for batch in batches if isinstance(batch, list) for item in batch]
    assert items == list(range(3000))
    assert 2 < len(batches) < 60


def test_a_thousand_tasks(qtbot: QtBot, runner: TaskRunner) -> None:
    async def one(report: Report) -> int:
        await asyncio.sleep(0)
        return 1

    started = time.monotonic()
    heard = [Heard(runner.run(one)) for _ in range(500)]
    heard += [Heard(runner.run_blocking(answer_blocking)) for _ in range(500)]
    wait(qtbot, runner)
    assert all(one.kinds == ["succeeded", "finished"] for one in heard)
    assert time.monotonic() - started < 5


def test_nothing_is_kept_of_a_finished_task(qtbot: QtBot, runner: TaskRunner) -> None:
    class Owner:
        async def work(self, report: Report) -> None:
            report(1)

        def block(self, report: Report, should_stop: Callable[[], bool]) -> None:
            report(1)

    owner = Owner()
    kept = weakref.ref(owner)
    tasks = [runner.run(owner.work), runner.run_blocking(owner.block)]
    died = [weakref.ref(task) for task in tasks]
    del owner, tasks
    wait(qtbot, runner)
    qtbot.wait(20)
    # By reference count alone: no cycle may have to wait for the collector.
    assert kept() is None
    assert [ref() for ref in died] == [None, None]


def test_what_the_work_holds_never_dies_on_a_worker_thread(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    deaths: list[int] = []

    class Held:
        def __del__(self) -> None:
            deaths.append(threading.get_ident())

        async def work(self, report: Report) -> None:
            await asyncio.sleep(0)

        def block(self, report: Report, should_stop: Callable[[], bool]) -> None:
            pass

    for _ in range(100):
        runner.run(Held().work)
        runner.run_blocking(Held().block)
    wait(qtbot, runner)
    qtbot.wait(20)
    assert len(deaths) == 200
    assert set(deaths) == {threading.get_ident()}


def test_a_result_for_an_owner_that_has_died_is_dropped(qtbot: QtBot, runner: TaskRunner) -> None:
    async def slow(report: Report) -> int:
        await asyncio.sleep(0.05)
        report(1)
        return 1

    heard = Heard(runner.run(slow))
    heard.deleteLater()
    del heard
    wait(qtbot, runner)


def test_shutting_down_in_the_middle_ends_everything(qapp: object) -> None:
    closed = []
    running = threading.Barrier(3)

    async def endless(report: Report) -> None:
        running.wait(5)
        try:
            while True:
                report(0)
                await asyncio.sleep(0.001)
        finally:
            closed.append("async")

    def patient(report: Report, should_stop: Callable[[], bool]) -> None:
        running.wait(5)
        while not should_stop():
            report(0)
        closed.append("blocking")

    runner = TaskRunner()
    heard = [Heard(runner.run(endless)), Heard(runner.run_blocking(patient))]
    running.wait(5)
    started = time.monotonic()
    assert runner.shut_down(5)
    assert time.monotonic() - started < 2
    assert sorted(closed) == ["async", "blocking"]
    late = Heard(runner.run(answer))
    assert runner.shut_down(2)
    assert [one.said for one in heard] == [[], []]
    assert late.said == []


def test_work_that_hangs_does_not_hold_up_the_end(qapp: object) -> None:
    released = threading.Event()

    def hang(report: Report, should_stop: Callable[[], bool]) -> None:
        released.wait(10)

    runner = TaskRunner()
    runner.run_blocking(hang)
    assert not runner.shut_down(0.1)
    assert all(thread.daemon for thread in runner._pool._threads)
    del runner
    gc.collect()
    released.set()


def test_no_collection_happens_off_the_gui_thread(qtbot: QtBot, runner: TaskRunner) -> None:
    threads: set[int] = set()

    def note(phase: str, info: dict[str, int]) -> None:
        threads.add(threading.get_ident())

    def litter(report: Report, should_stop: Callable[[], bool]) -> None:
        for _ in range(50_000):
            cycle: list[object] = []
            cycle.append(cycle)

    gc.callbacks.append(note)
    runner.run_blocking(litter)
    wait(qtbot, runner)
    gc.callbacks.remove(note)
    assert threads <= {threading.get_ident()}
