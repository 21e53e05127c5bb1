"""Making the lines of a file ready to be written, in pieces that any process may work on."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, NamedTuple

import msgspec

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.pieces import LIMIT
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.formats.utf8_stream import utf8_stream
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.split import place
from desktop_app.storage.project.bodies import Stored, stored

PIECE = 1 << 18
"""Bytes; a piece is longer where a line is."""

_SKIPPED = 1 << 20
_NOTHING = Conversation(())

Row = tuple[int, float, Stored, Imported | None]
"""A conversation that is ready: its number, where it falls (`place`), what is stored of it, and
what its file says of it, without the conversation; None for nothing."""


class Piece(NamedTuple):
    """Whole lines in UTF-8, the number of the first, and how far the file was read for them."""

    data: bytes
    first: int
    end: int


class Prepared(NamedTuple):
    """What became of a piece: conversations, and lines that hold none; each in their order."""

    rows: list[Row]
    rejected: list[Rejected]
    end: int


def may_be_cut(detected: Detected) -> bool:
    """Whether each line of a file stands for itself."""
    stands_alone = detected.format not in (Format.TABLE, Format.XLSX, Format.CHAT_TEXT)
    return stands_alone and detected.container is Container.LINES


def pieces(file: BinaryIO, detected: Detected) -> Iterator[Piece]:
    """Cut a file that is open at its beginning. OSError of the file passes through."""
    stream = utf8_stream(file, detected.encoding, detected.line_end)
    number = 1
    while data := _whole_lines(stream):
        yield Piece(data, number, file.tell())
        number += data.count(b"\n") + (not data.endswith(b"\n"))


def prepared(piece: Piece, detected: Detected, *, repair_mojibake: bool) -> Prepared:
    """Read, check and derive all that an import writes of a piece."""
    # A line before it: what looks like the mark at the start of a file is none in the middle.
    lead = b"\n" if piece.first > 1 else b""
    offset = piece.first - 1 - len(lead)
    plain = replace(detected, encoding="utf-8", line_end="\n")
    rows: list[Row] = []
    rejected: list[Rejected] = []
    stream = io.BytesIO(lead + piece.data)
    for item in read_examples(stream, plain, repair_mojibake=repair_mojibake):
        if isinstance(item, Imported):
            rows.append(row_of(item, item.number + offset))
        else:
            rejected.append(_renumbered(item, offset))
    return Prepared(rows, rejected, piece.end)


def row_of(item: Imported, number: int) -> Row:
    """Make one conversation ready."""
    conversation, _, *rest = msgspec.structs.astuple(item)
    text = stored(conversation)
    said = msgspec.structs.replace(item, conversation=_NOTHING) if any(rest) else None
    return number, place(text[1][-1]), text, said


def _whole_lines(stream: BinaryIO) -> bytes:
    """Read some lines; of one that is over the limit only so much that this can be seen."""
    data = stream.read(PIECE)
    if not data or data.endswith(b"\n"):
        return data
    begun = len(data) - 1 - data.rfind(b"\n")
    rest = stream.readline(LIMIT + 1 - begun)
    data += rest
    if begun + len(rest) > LIMIT:
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_SKIPPED)
    return data


def _renumbered(item: Rejected, offset: int) -> Rejected:
    mended = item.mended
    if mended is not None:
        mended = msgspec.structs.replace(mended, number=mended.number + offset)
    return replace(item, number=item.number + offset, mended=mended)
