"""How a project file says no."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path


class ProjectErrorKind(StrEnum):
    """What went wrong, as far as it changes what the user can do about it."""

    NOT_A_PROJECT = "not_a_project"
    DAMAGED = "damaged"
    NEWER = "newer"
    READ_ONLY = "read_only"
    IN_USE = "in_use"
    NO_SPACE = "no_space"
    MISSING = "missing"
    EXISTS = "exists"
    BUSY = "busy"


class ProjectError(Exception):
    """A project file could not be read or written; what was in it is still there.

    `detail` is for a report and holds nothing that the user wrote.
    """

    def __init__(self, kind: ProjectErrorKind, path: Path, detail: str = "") -> None:
        super().__init__(f"{kind}: {path.name}" + (f" ({detail})" if detail else ""))
        self.kind = kind
        self.path = path
        self.detail = detail


_KINDS = {
    sqlite3.SQLITE_FULL: ProjectErrorKind.NO_SPACE,
    sqlite3.SQLITE_READONLY: ProjectErrorKind.READ_ONLY,
    sqlite3.SQLITE_PERM: ProjectErrorKind.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: ProjectErrorKind.READ_ONLY,
    sqlite3.SQLITE_BUSY: ProjectErrorKind.IN_USE,
    sqlite3.SQLITE_LOCKED: ProjectErrorKind.IN_USE,
    sqlite3.SQLITE_CORRUPT: ProjectErrorKind.DAMAGED,
    sqlite3.SQLITE_IOERR: ProjectErrorKind.DAMAGED,
    sqlite3.SQLITE_NOTADB: ProjectErrorKind.NOT_A_PROJECT,
}
# A full quota is reported as a failed write, not as a full disk.
_NO_SPACE_CODES = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


def _is_there(path: Path) -> bool:
    """Whether a file can be seen: on a disk that was pulled out, asking is itself an error."""
    try:
        return path.exists()
    except OSError:
        return False


@contextmanager
def as_project_error(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file into a ProjectError; errors of the program pass."""
    try:
        yield
    except OverflowError as error:
        # Of numbers counted on from those in the file, which no program of ours makes so large.
        raise ProjectError(ProjectErrorKind.DAMAGED, path, "number") from error
    except sqlite3.Error as error:
        if str(error).startswith("Could not decode to UTF-8"):
            # Raised by the module, with the text in it, which is to go no further.
            raise ProjectError(ProjectErrorKind.DAMAGED, path, "text") from None
        # The sqlite3 module's own errors, such as use from another thread, have no code.
        code = getattr(error, "sqlite_errorcode", 0)
        kind = _KINDS.get(code & 0xFF)
        if kind is None:
            raise
        if code in _NO_SPACE_CODES:
            kind = ProjectErrorKind.NO_SPACE
        elif not _is_there(path):
            kind = ProjectErrorKind.MISSING
        raise ProjectError(kind, path, error.sqlite_errorname) from error
