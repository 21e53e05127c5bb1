"""A file that tells how much of it has been read."""

import io
from pathlib import Path

from typing_extensions import override

from desktop_app.provider.provider import UploadProgress


class UploadFile(io.FileIO):
    """Given to the SDK in place of a path, which it would read into memory whole.

    What has been read is all but sent: the socket's buffer holds less than a megabyte.
    """

    def __init__(self, path: Path, progress: UploadProgress) -> None:
        super().__init__(path)
        self._total = path.stat().st_size
        self._progress = progress

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        self._progress(min(self.tell(), self._total), self._total)
        return data
