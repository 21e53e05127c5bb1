"""Starts work off the GUI thread and brings its results back."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.background.asyncio_thread import AsyncioThread
from desktop_app.background.call import AsyncCall, AsyncWork, BlockingCall, BlockingWork, Call
from desktop_app.background.task import Task
from desktop_app.background.thread_pool import ThreadPool


class TaskRunner(QObject):
    """Owns every task until it has finished. To be used on the GUI thread only."""

    # One signal for all: a queued one, or work that ends early would report before the caller
    # has connected. It lives here, as a signal's owner must not die on a worker thread.
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asyncio = AsyncioThread()
        self._asyncio.start()
        self._pool = ThreadPool()
        self._tasks: dict[Call, Task] = {}
        self._is_shut_down = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> int:
        """How many tasks have not finished."""
        return len(self._tasks)

    def run(self, work: AsyncWork, *, batch: bool = False) -> Task:
        """Run a coroutine function that takes `report(progress)` on the asyncio thread.

        With `batch`, every report arrives, as a list 30 times a second; else the latest only.
        """
        call = AsyncCall(work, self._wake, batch=batch)
        task = Task(call, work, batch=batch)
        if not self._is_shut_down:
            self._tasks[call] = task
            self._asyncio.submit(call.run())
        return task

    def run_blocking(self, work: BlockingWork, *, batch: bool = False) -> Task:
        """Run a function that takes `report(progress)` and `should_stop()` on a worker thread."""
        call = BlockingCall(work, self._wake, batch=batch)
        task = Task(call, work, batch=batch)
        if not self._is_shut_down:
            self._tasks[call] = task
            self._pool.submit(call.run)
        return task

    def close_at_the_end(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `shut_down` await this on the asyncio thread once nothing else runs there."""
        self._asyncio.close_at_the_end(close)

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Cancel everything and wait, at most `timeout` seconds for each kind of thread.

        Nothing is delivered from then on, and a new task never starts. Returns whether all
        threads have ended; those that have not die with the program.
        """
        if self._is_shut_down:
            return True
        self._is_shut_down = True
        self._arrived.disconnect(self._deliver)
        for call in self._tasks:
            call.cancel()
        pool_ended = self._pool.shut_down(timeout)
        asyncio_ended = self._asyncio.shut_down(timeout)
        self._tasks.clear()
        return pool_ended and asyncio_ended

    def _wake(self, call: Call) -> None:
        # On a worker thread. A runner that is gone raises: nobody is left to tell.
        with suppress(RuntimeError):
            self._arrived.emit(call)

    def _deliver(self, call: Call) -> None:
        task = self._tasks.get(call)
        if task is None:
            return
        if call.is_done:
            del self._tasks[call]
        task.fetch()
