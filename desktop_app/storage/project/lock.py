"""A lock that keeps a second program off a project and vanishes with a program that crashes."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class ProjectLock:
    """Held on a hidden file beside the project.

    Not on the project itself: closing any descriptor of a file drops SQLite's own locks on it
    (sqlite.org/howtocorrupt.html, 2.2).
    """

    def __init__(self, project: Path) -> None:
        """Take the lock. Raises ProjectError IN_USE, READ_ONLY, MISSING."""
        resolved = project.resolve()
        self._path = resolved.with_name(f".{resolved.name}.lock")
        self._descriptor = self._take(project)
        while not self._is_current():
            os.close(self._descriptor)
            self._descriptor = self._take(project)

    def release(self) -> None:
        """Give the lock back and remove its file."""
        # Unlinked while held, so that nobody can have locked it and lose it; Windows, which
        # refuses that, also refuses to remove a file that another program has open.
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        if sys.platform == "win32":
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _take(self, project: Path) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise ProjectError(ProjectErrorKind.MISSING, project, "no such folder") from error
        except OSError as error:
            raise ProjectError(ProjectErrorKind.READ_ONLY, project, "lock file") from error
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise ProjectError(ProjectErrorKind.IN_USE, project) from error
        return descriptor

    def _is_current(self) -> bool:
        """Whether the file that is locked is still the one that others would find."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False
