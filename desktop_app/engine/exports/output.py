"""Where an export writes: what is written is counted, and Cancel is heeded before every write."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 4 << 20


class ExportCancelledError(Exception):
    """The export is not wanted any more."""


class Output:
    """A folder in the making. `stopped` is asked before every write; `bytes_done` counts them."""

    def __init__(self, folder: Path, stopped: Callable[[], bool]) -> None:
        self.folder = folder
        self.bytes_done = 0
        self._stopped = stopped

    def check(self) -> None:
        """Raise ExportCancelledError if the end was asked for."""
        if self._stopped():
            raise ExportCancelledError

    def write(self, file: BinaryIO, data: bytes | memoryview) -> None:
        """Write a piece of the weights."""
        for start in range(0, len(data), CHUNK_BYTES):
            self.check()
            self.bytes_done += file.write(data[start : start + CHUNK_BYTES])

    def text(self, name: str, content: str) -> None:
        """Write a small file beside the weights."""
        self.check()
        with self.file(name) as file:
            file.write(content.encode())

    def copy(self, source: Path, name: str) -> None:
        """Copy a file of weights."""
        with source.open("rb") as read, self.file(name) as file:
            while chunk := read.read(CHUNK_BYTES):
                self.write(file, chunk)

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Open a file; when it is closed, what it holds is on disk."""
        with (self.folder / name).open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
