"""Receives one file as multipart/form-data straight onto the disk, in no more memory than a chunk.

The order of the parts and their content types say nothing: clients differ in both.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from desktop_app.engine.api import limits
from desktop_app.engine.errors import ApiError
from desktop_app.engine.requests import declared_bytes

MAX_FIELD_BYTES = 64 * 1024
MAX_FIELDS = 20
CHUNK_BYTES = 1024 * 1024


@dataclass
class _Part:
    name: str
    file_name: str | None
    data: bytearray = field(default_factory=bytearray)


class ReceivedForm:
    """What has come of a form. `fields` are its texts, `path` holds the file's bytes.

    The file is the part named `file_field` and has at most `limit` bytes.
    """

    def __init__(self, path: Path, file_field: str, limit: int) -> None:
        self.path = path
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.bytes = 0
        self._file_field = file_field
        self._limit = limit
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
        if name == self._file_field:
            if self._file is not None:
                raise ApiError(400, "More than one file was sent.", param=name)
            self._file = self.path.open("wb")
        elif len(self.fields) >= MAX_FIELDS:
            raise ApiError(400, "The form has too many fields.")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == self._file_field and self._file is not None:
            self.bytes += end - start
            if self.bytes > self._limit:
                raise too_large(self._limit, self._file_field)
            self._file.write(data[start:end])
            return
        self._part.data += data[start:end]
        if len(self._part.data) > MAX_FIELD_BYTES:
            raise ApiError(400, "The form has a field that is too long.")

    def _on_part_end(self) -> None:
        if self._part.name == self._file_field:
            self.file_name = self._part.file_name or "file"
        else:
            self.fields[self._part.name] = self._part.data.decode(errors="replace")


def too_large(limit: int, param: str) -> ApiError:
    """Return the answer to a file that is too large."""
    size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit} bytes"
    hint = " Larger files are taken in parts, by /v1/uploads." if param == "file" else ""
    message = f"What was sent is larger than {size}, the most that is taken here.{hint}"
    return ApiError(413, message, param=param)


async def receive(request: Request, path: Path, file_field: str, limit: int) -> ReceivedForm:
    """Receive the form of a request, its file at `path`. Raises ApiError, leaving no file then."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        message = "The request must be multipart/form-data."
        raise ApiError(400, message, code="unsupported_content_type")
    most = limit + limits.MAX_FORM_BYTES
    if declared_bytes(request) > most:
        raise too_large(limit, file_field)
    form = ReceivedForm(path, file_field, limit)
    try:
        parser = form.parser(options[b"boundary"])
        await _feed(request, parser, most, too_large(limit, file_field))
        parser.finalize()
        await run_in_threadpool(form.finish)
        if form.file_name is None:
            raise ApiError(400, f"Missing required parameter: '{file_field}'.", param=file_field)
    except (FormParserError, ClientDisconnect) as error:
        form.discard()
        raise ApiError(400, "The form of the request is damaged or was broken off.") from error
    except BaseException:
        form.discard()
        raise
    return form


async def _feed(request: Request, parser: MultipartParser, most: int, too_much: ApiError) -> None:
    """Parse off the event loop, a chunk at a time."""
    received = 0
    pending = bytearray()
    async for chunk in request.stream():
        received += len(chunk)
        if received > most:
            raise too_much
        pending += chunk
        if len(pending) >= CHUNK_BYTES:
            await run_in_threadpool(parser.write, bytes(pending))
            pending.clear()
    await run_in_threadpool(parser.write, bytes(pending))
