"""One asyncio loop on a thread of its own, so that the GUI stays ordinary Qt."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class AsyncioThread:
    """Runs coroutines off the GUI thread. `start` once, `shut_down` once; both from one thread."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="asyncio", daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._closers: list[Callable[[], Awaitable[None]]] = []

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop. Raises RuntimeError before `start`."""
        if self._loop is None:
            raise RuntimeError("the asyncio thread has not been started")
        return self._loop

    def start(self) -> None:
        """Start the thread and wait until its loop runs."""
        self._thread.start()
        self._started.wait()

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine. Raises RuntimeError before `start` and after `shut_down`."""
        try:
            return asyncio.run_coroutine_threadsafe(coro, self.loop)
        except RuntimeError:
            coro.close()
            raise

    def close_at_the_end(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `shut_down` await this on the loop once nothing else runs there."""
        self._closers.append(close)

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Cancel all that runs, close what is open, and wait at most `timeout` seconds.

        Returns whether the thread has ended; one that has not dies with the program.
        """
        if self._stop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stop.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.gather(*(close() for close in self._closers), return_exceptions=True)
