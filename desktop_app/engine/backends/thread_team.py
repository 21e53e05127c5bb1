"""Threads that go through the same layers side by side, each with rows of its own.

NumPy and PyTorch let other threads run while they compute, and, told to use one thread, compute in
whichever thread asks. So elementwise work is shared out as well as matrix products, and nobody
waits in a busy loop for a thread that another program holds up.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from desktop_app.engine.backends.thread_settings import TEAM

Share = TypeVar("Share")
Found = TypeVar("Found")
Meet = Callable[[], object]
"""Waits until all members of the team have come as far."""


class ThreadTeam:
    """At most `size` threads, which last as long as the team; who asks is one of them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(max(1, size - 1), thread_name_prefix="team")

    def run(self, work: Callable[[Share, Meet], Found], shares: Sequence[Share]) -> list[Found]:
        """Do the work on every share at the same time; at most `size` of them.

        Raises what the first share to fail raises; nobody waits for it in vain.
        """
        barrier = threading.Barrier(len(shares))

        def one(share: Share) -> Found:
            try:
                return work(share, barrier.wait)
            except BaseException:
                barrier.abort()
                raise

        tasks = [self._pool.submit(one, share) for share in shares[1:]]
        own: Future[Found] = Future()
        try:
            own.set_result(one(shares[0]))
        except BaseException as mine:  # noqa: BLE001  # raised below, if it is the first
            own.set_exception(mine)
        tasks.insert(0, own)
        faults = [fault for task in tasks if (fault := task.exception()) is not None]
        # Those who were waiting for somebody who failed have nothing to tell.
        for fault in sorted(faults, key=lambda f: isinstance(f, threading.BrokenBarrierError)):
            raise fault
        return [task.result() for task in tasks]


def team_size() -> int:
    """How many threads a trainer in this process may have: see `thread_settings`."""
    told = os.environ.get(TEAM, "")
    return max(1, int(told)) if told.isdigit() else 1
