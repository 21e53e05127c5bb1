"""The side of a task that worker threads see: plain Python, no Qt object that could die there."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from typing_extensions import override

Report = Callable[[object], None]
AsyncWork = Callable[[Report], Awaitable[object]]
ShouldStop = Callable[[], bool]
BlockingWork = Callable[[Report, ShouldStop], object]


@dataclass(frozen=True)
class Success:
    """What the work returned."""

    value: object


@dataclass(frozen=True)
class Failure:
    """What the work raised."""

    error: BaseException


class Call:
    """Progress, stop flag and outcome of one piece of work, shared by two threads.

    `wake` is called from the worker when there is something to fetch.
    """

    def __init__(self, wake: Callable[["Call"], None], *, batch: bool) -> None:
        self.outcome: Success | Failure | None = None
        self.is_done = False
        self._wake = wake
        self._batch = batch
        self._lock = threading.Lock()
        self._progress: list[object] = []
        self._stop = threading.Event()

    def report(self, progress: object) -> None:
        """Note progress, from any thread; the first note since `take_progress` wakes."""
        with self._lock:
            was_empty = not self._progress
            if not self._batch:
                self._progress.clear()
            self._progress.append(progress)
        if was_empty:
            self._wake(self)

    def take_progress(self) -> list[object]:
        """Return what was reported since the last time: every item, or only the latest."""
        with self._lock:
            taken, self._progress = self._progress, []
        return taken

    def should_stop(self) -> bool:
        """Whether the work has been cancelled."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to end."""
        self._stop.set()

    def _end(self) -> None:
        self.is_done = True
        self._wake(self)


class BlockingCall(Call):
    """A function that runs on a worker thread and looks at `should_stop` now and then."""

    def __init__(self, work: BlockingWork, wake: Callable[[Call], None], *, batch: bool) -> None:
        super().__init__(wake, batch=batch)
        self._work: BlockingWork | None = work

    def run(self) -> None:
        """Do the work on the current thread."""
        work, self._work = self._work, None
        try:
            if work is not None and not self.should_stop():
                self.outcome = Success(work(self.report, self.should_stop))
        except Exception as error:  # noqa: BLE001  # the caller gets it, whatever it is
            self.outcome = Failure(error)
        # The task keeps what the work holds until the result has arrived: it must not die here.
        del work
        self._end()


class AsyncCall(Call):
    """A coroutine that runs on an asyncio loop and is cancelled where it awaits."""

    def __init__(self, work: AsyncWork, wake: Callable[[Call], None], *, batch: bool) -> None:
        super().__init__(wake, batch=batch)
        self._work: AsyncWork | None = work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None

    async def run(self) -> None:
        """Do the work on the running loop."""
        work, self._work = self._work, None
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        try:
            if work is not None and not self.should_stop():
                self.outcome = Success(await work(self.report))
        except asyncio.CancelledError:
            self.cancel()
        except Exception as error:  # noqa: BLE001  # the caller gets it, whatever it is
            self.outcome = Failure(error)
        del work
        self._end()

    @override
    def cancel(self) -> None:
        super().cancel()
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._cancel_task)

    def _cancel_task(self) -> None:
        if self._task is not None and not self.is_done:
            self._task.cancel()
