"""A project file that is open: what all of `Project`'s methods stand on."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from desktop_app.storage.project.database import (
    Database,
    create_database,
    open_database,
    remove_database,
)
from desktop_app.storage.project.lock import ProjectLock
from desktop_app.storage.project.reviews import Reviews
from desktop_app.storage.project.token_counts import TokenCounts

Clock = Callable[[], float]


class ProjectFile:
    """One open project file, of the thread that opened it."""

    def __init__(self, database: Database, lock: ProjectLock | None, clock: Clock) -> None:
        self.path = database.path
        self._database = database
        self._lock = lock
        self._clock = clock
        self._token_counts = TokenCounts(database)
        self._reviews = Reviews(database)

    @classmethod
    def create(cls, path: Path, *, replace: bool = False, clock: Clock = time.time) -> Self:
        """Make a new project file and open it; `replace` does away with one that is there.

        One that is open, here or in another window, is never replaced.
        """
        lock = ProjectLock(path)
        try:
            if replace:
                remove_database(path)
            return cls(create_database(path), lock, clock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open(cls, path: Path, *, shared: bool = False, clock: Clock = time.time) -> Self:
        """Open a project; `shared` for a further connection of the program that has it open."""
        if shared:
            return cls(open_database(path, shared=True), None, clock)
        lock = ProjectLock(path)
        try:
            return cls(open_database(path, shared=False), lock, clock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Close the file; may be called again."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
