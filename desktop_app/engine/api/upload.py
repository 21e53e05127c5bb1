"""Receives one file as multipart/form-data straight onto the disk, in no more memory than a chunk.

The order of the parts and their content types say nothing: clients differ in both.
"""

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from desktop_app.engine.errors import ApiError

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_FIELD_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024


@dataclass
class _Part:
    name: str
    file_name: str | None
    data: bytearray = field(default_factory=bytearray)


class Upload:
    """What has come of a form. `fields` are its texts, `path` holds the file's bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.bytes = 0
        self._file: BinaryIO | None = None
        self._part = _Part("", None)
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[str, bytes] = {}

    def parser(self, boundary: bytes) -> MultipartParser:
        """Return a parser that hands everything to this object."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
            },
        )

    def finish(self) -> None:
        """Put the file on disk for good."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
        self.path.unlink(missing_ok=True)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        name = options.get(b"name", b"").decode(errors="replace")
        file_name = options.get(b"filename")
        self._part = _Part(name, None if file_name is None else file_name.decode(errors="replace"))
        if name == "file":
            if self._file is not None:
                raise ApiError(400, "More than one file was sent.", param="file")
            self._file = self.path.open("wb")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == "file" and self._file is not None:
            self.bytes += end - start
            if self.bytes > MAX_FILE_BYTES:
                raise too_large()
            self._file.write(data[start:end])
            return
        self._part.data += data[start:end]
        if len(self._part.data) > MAX_FIELD_BYTES or len(self.fields) > 20:
            raise ApiError(400, "The form has a field that is too long, or too many fields.")

    def _on_part_end(self) -> None:
        if self._part.name == "file":
            self.file_name = self._part.file_name or "file"
        else:
            self.fields[self._part.name] = self._part.data.decode(errors="replace")


def too_large() -> ApiError:
    """Return the answer to a file that is too large."""
    return ApiError(413, "The file is larger than 512 MB, the most that is taken.", param="file")


async def receive(request: Request, path: Path) -> Upload:
    """Receive the form of a request, its file at `path`. Raises ApiError, leaving no file then."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise ApiError(400, "The request must be multipart/form-data.")
    upload = Upload(path)
    chunks = request.stream()
    try:
        parser = upload.parser(options[b"boundary"])
        pending = bytearray()
        async for chunk in chunks:
            pending += chunk
            if len(pending) >= CHUNK_BYTES:
                await run_in_threadpool(parser.write, bytes(pending))
                pending.clear()
        await run_in_threadpool(parser.write, bytes(pending))
        parser.finalize()
        await run_in_threadpool(upload.finish)
    except (FormParserError, ClientDisconnect) as error:
        upload.discard()
        raise ApiError(400, "The form of the request is damaged or was broken off.") from error
    except ApiError:
        upload.discard()
        await _read_on(chunks)
        raise
    except BaseException:
        upload.discard()
        raise
    if upload.file_name is None:
        upload.discard()
        raise ApiError(400, "Missing required parameter: 'file'.", param="file")
    return upload


async def _read_on(chunks: AsyncIterator[bytes]) -> None:
    """Drop the rest of a refused upload: who is still sending does not read the refusal."""
    rest = 0
    with suppress(ClientDisconnect):
        async for chunk in chunks:
            rest += len(chunk)
            if rest > 8 * MAX_FILE_BYTES:
                return
