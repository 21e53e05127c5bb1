"""Opening a file that somebody wants to bring in: whatever the name leads to, nothing hangs."""

import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO


class ImportFileProblem(StrEnum):
    """Why a file cannot be brought in, as far as its user can do something about it."""

    FOLDER = "folder"
    NOT_A_FILE = "not_a_file"
    EMPTY = "empty"
    CHANGED = "changed"


class ImportFileError(Exception):
    """The file is no file, holds nothing, or became shorter while it was read."""

    def __init__(self, problem: ImportFileProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def open_import_file(path: Path) -> BinaryIO:
    """Open a file for reading. Raises ImportFileError and OSError.

    A pipe or a device is refused before it is opened, as that could wait for ever, and is looked
    at once more afterwards: the name may lead elsewhere by then.
    """
    _require_file(path.stat())
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    try:
        _require_file(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb", buffering=_BUFFER)
    except BaseException:
        os.close(descriptor)
        raise


def size_of(file: BinaryIO) -> int:
    """Return how many bytes an open file has at this moment."""
    return os.fstat(file.fileno()).st_size


def _require_file(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ImportFileError(ImportFileProblem.FOLDER)
    if not stat.S_ISREG(found.st_mode):
        raise ImportFileError(ImportFileProblem.NOT_A_FILE)
    if found.st_size == 0:
        raise ImportFileError(ImportFileProblem.EMPTY)


_BINARY = getattr(os, "O_BINARY", 0)
_BUFFER = 1 << 18
