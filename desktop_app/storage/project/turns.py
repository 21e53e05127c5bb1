"""Whose turn it is to write to a file, among the connections of this program."""

import os
import threading
from weakref import WeakValueDictionary

_turns: "WeakValueDictionary[tuple[int, int], Turn]" = WeakValueDictionary()
_guard = threading.Lock()


class Turn:
    """A lock that goes to whoever has waited for it.

    SQLite lets those who wait sleep for longer and longer, and one that writes again and again, as
    an import does, would hardly ever be found between two transactions.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Held by the one that waits: the one that writes must pass it to write again.
        self._next = threading.Lock()

    def take(self, timeout: float) -> bool:
        """Wait for the turn, at most twice so many seconds; whether it came."""
        if not self._next.acquire(timeout=timeout):
            return False
        try:
            return self._lock.acquire(timeout=timeout)
        finally:
            self._next.release()

    def give_up(self) -> None:
        """Let the next one write."""
        self._lock.release()


def turn_of(file: os.stat_result) -> Turn:
    """Return what all connections to a file have in common."""
    with _guard:
        return _turns.setdefault((file.st_dev, file.st_ino), Turn())
