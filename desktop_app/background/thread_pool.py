"""Worker threads for calls that block."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue


class ThreadPool:
    """Runs callables that raise nothing on a few daemon threads, first come, first served.

    Not `ThreadPoolExecutor`: the interpreter waits for its threads at exit for ever, and a keyring
    may be waiting for a password that nobody types.
    """

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, call: Callable[[], None]) -> None:
        """Run a call on a worker thread, starting one more if there are fewer than `size`."""
        self._queue.put(call)
        if len(self._threads) < self._size:
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Let the calls end, at most `timeout` seconds; return whether all threads have."""
        for _ in self._threads:
            self._queue.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (call := self._queue.get()) is not None:
            call()
            del call  # What it holds must not wait here for the next call.
