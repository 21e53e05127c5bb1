"""Reading the conversations of a file, one after another, whatever it is written in."""

from collections.abc import Iterator
from typing import BinaryIO

from desktop_app.core.examples.chat_jsonl import parse_exactly
from desktop_app.core.examples.formats.chat_text import read_chat_text
from desktop_app.core.examples.formats.format import TABLES, Container, Detected, Format
from desktop_app.core.examples.formats.mojibake import repaired
from desktop_app.core.examples.formats.pieces import LIMIT, SHOWN_LENGTH, Piece, lines
from desktop_app.core.examples.formats.record import read_record
from desktop_app.core.examples.formats.relaxed import relaxed
from desktop_app.core.examples.formats.straightened import straightened
from desktop_app.core.examples.formats.utf8_stream import utf8_stream
from desktop_app.core.examples.formats.values import split_values
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.project_jsonl import HEADER_KEY, parse_header

MENDED_LENGTH = 1 << 20
"""Bytes; a longer record is not searched for slips."""

_BLANK = b" \t\r\n\v\f"
_MARK = b"\xef\xbb\xbf"
_HEADER_KEY = HEADER_KEY.encode()


def read_examples(
    file: BinaryIO, detected: Detected, *, repair_mojibake: bool = False
) -> Iterator[Imported | Rejected]:
    """Yield every record of a file that is open at its beginning: read, or rejected with a reason.

    All formats but tables, for which it raises ValueError. Whatever the format, each record is read
    by its own shape; the format decides where it could be several. `number` is the line, or the
    record's number where records do not stand on lines of their own. Blank lines and the header of
    a project export are no records. OSError of the file passes through.
    """
    if detected.format in TABLES:
        raise ValueError("a table is read by core.examples.tables")
    items = _read(utf8_stream(file, detected.encoding, detected.line_end), detected)
    return map(repaired, items) if repair_mojibake else items


def _read(stream: BinaryIO, detected: Detected) -> Iterator[Imported | Rejected]:
    if detected.format is Format.CHAT_TEXT:
        return read_chat_text(lines(stream), detected.speakers)
    is_by_line = detected.container in (Container.LINES, Container.NONE)
    pieces = lines(stream) if is_by_line else split_values(stream)
    return _read_records(pieces, detected.format)


def _read_records(pieces: Iterator[Piece], first: Format) -> Iterator[Imported | Rejected]:
    """Read records, those that are most likely in the chat format at full speed."""
    is_chat = first in (Format.CHAT, Format.UNKNOWN)
    for number, data in pieces:
        conversation = parse_exactly(data) if is_chat and len(data) <= LIMIT else None
        if conversation is not None:
            yield Imported(conversation, number)
        elif (item := _examined(data, number, first)) is not None:
            yield item


def _examined(data: bytes, number: int, first: Format) -> Imported | Rejected | None:
    """Read a record; None if there is none on the line."""
    if len(data) > LIMIT:
        detail = f"It is longer than {LIMIT >> 20} MiB, which no service takes for one example."
        return Rejected(number, _shown(data), "too_long", detail)
    data = data.strip(_BLANK)
    if number == 1:
        data = data.removeprefix(_MARK).lstrip(_BLANK)
    if not data or (_HEADER_KEY in data[:100] and parse_header(data) is not None):
        return None
    try:
        return read_record(data, number, first)
    except LineError as error:
        return _rejected(data, number, first, error)


def _rejected(data: bytes, number: int, first: Format, error: LineError) -> Rejected:
    reason, detail = error.reason, error.detail
    mended: Imported | None = None
    if len(data) <= MENDED_LENGTH:
        slip = _without_slips(data)
        tidy = data if slip is None else slip[0]
        mended = _read_if_whole(tidy, number, first)
        if mended is None and (straight := straightened(tidy)) is not None:
            mended = _read_if_whole(straight, number, first)
        if mended is not None and slip is not None:
            reason, detail = slip[1:]
    return Rejected(number, _shown(data), reason, detail, mended)


def _without_slips(data: bytes) -> tuple[bytes, str, str] | None:
    try:
        found = relaxed(data.decode())
        return None if found is None else (found[0].encode(), *found[1])
    except UnicodeError:
        return None


def _read_if_whole(data: bytes, number: int, first: Format) -> Imported | None:
    try:
        return read_record(data, number, first)
    except LineError:
        return None


def _shown(data: bytes) -> str:
    # A character has at most four bytes.
    return data[: SHOWN_LENGTH * 4].decode(errors="replace").strip()[:SHOWN_LENGTH]
