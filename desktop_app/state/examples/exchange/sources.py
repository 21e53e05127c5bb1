"""Where conversations come from: a file, or text that was pasted."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop_app.storage.import_file import (
    ImportFileError,
    ImportFileProblem,
    open_import_file,
    size_of,
)


@dataclass(frozen=True)
class Source:
    """A file at `path`, or the pasted `data`; `name` is what the user knows it by."""

    name: str
    path: Path | None = None
    data: bytes = b""

    @classmethod
    def of_file(cls, path: Path) -> "Source":
        return cls(path.name, path)

    @classmethod
    def of_text(cls, name: str, text: str) -> "Source":
        """Half characters, which no file could hold, become question marks."""
        return cls(name, data=text.encode(errors="replace"))

    def open(self) -> BinaryIO:
        """Open it for reading. Raises ImportFileError and OSError."""
        if self.path is not None:
            return open_import_file(self.path)
        if not self.data.strip():
            raise ImportFileError(ImportFileProblem.EMPTY)
        return io.BytesIO(self.data)

    def size(self, file: BinaryIO) -> int:
        """Return how many bytes it has now; `file` is what `open` gave."""
        return len(self.data) if self.path is None else size_of(file)

    def require_whole(self, file: BinaryIO, size: int) -> None:
        """Raise ImportFileError if it became shorter than it was when it was opened."""
        if self.size(file) < size:
            raise ImportFileError(ImportFileProblem.CHANGED)
