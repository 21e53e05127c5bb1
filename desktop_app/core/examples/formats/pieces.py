"""Cutting a file into its records, whatever is in them.

A piece is its number, from 1, and its bytes. One longer than the limit is cut off behind it: it is
told by its length, and what follows of it in the file is passed over unread.
"""

from collections.abc import Iterator
from typing import BinaryIO

LIMIT = 32 << 20
"""Bytes of one record. The longest training example that a service takes is some 300 KB of text."""

SHOWN_LENGTH = 500
"""How many characters of what was rejected are kept, to show it."""

Piece = tuple[int, bytes]

_SKIPPED = 1 << 20


def lines(stream: BinaryIO, limit: int = LIMIT) -> Iterator[Piece]:
    """Yield the lines of UTF-8, with their ends; also blank ones."""
    number = 0
    while data := stream.readline(limit + 1):
        number += 1
        yield number, data
        if len(data) > limit:
            while data and not data.endswith(b"\n"):
                data = stream.readline(_SKIPPED)
