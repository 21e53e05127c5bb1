"""A lock on a file that vanishes with the process holding it."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class LockedError(Exception):
    """Another process holds the lock."""


@contextmanager
def file_lock(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock, waiting at most `wait` seconds for it. Raises LockedError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                _lock(descriptor)
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise LockedError(path.name) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)
