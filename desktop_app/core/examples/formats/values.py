"""Cutting out the objects of a JSON list, or objects that stand one after another.

They are found by their brackets and not decoded, so that a broken one costs only itself: texts end
with their line at the latest, and where a line begins just as the record did (indentation and first
key) a new record begins, whatever is still open.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from desktop_app.core.examples.formats.pieces import LIMIT, Piece

_CHUNK = 1 << 18
_MOST = 4 << 20

_AHEAD = 300
"""Bytes that have to follow a line end to see whether a record begins there."""

# JSON has no text in single quotes; Python's way of writing objects does.
_TOKEN = re.compile(
    rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
    rb"|'[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+'"
    rb"|[\"'][^\n]*+(?=\n)|[\"']|[\[\]{}]|\n[ \t]*+(?=\{)"
)
_IN_TEXT = {
    ord('"'): re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'),
    ord("'"): re.compile(rb"[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+"),
}
_BETWEEN = re.compile(rb"(?:[\s,]|\xef\xbb\xbf)*+")
_FIRST_KEY = re.compile(rb"\{\s*([\"'][^\"'\n]{1,100}[\"'])")
_STRAY = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"|[^\n,\[\]{}]++')

_OPENING, _CLOSING, _NEW_LINE, _BACKSLASH = b"[{", b"]}", ord("\n"), ord("\\")


def split_values(stream: BinaryIO, limit: int = LIMIT) -> Iterator[Piece]:
    """Yield the records of UTF-8 in a list, or in none; what is no object is a record as well."""
    return _Scanner(stream, limit).pieces()


def record_end(data: bytes) -> int | None:
    """Return where the object or list that `data` begins with ends, None if it does not."""
    depth = 0
    for token in _TOKEN.finditer(data):
        first = data[token.start()]
        depth += (first in _OPENING) - (first in _CLOSING)
        if first in _CLOSING and depth <= 0:
            return token.end()
    return None


class _Scanner:
    """`_start` is where the current record begins in `_buffer`, `_pos` how far it was looked at."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        # What comes first begins a line.
        self._buffer = b"\n"
        self._start = self._pos = 0
        self._ended = False
        self._in_list = False
        self._is_passed_over = False
        self._depth = 0
        self._quote = 0
        self._marker: re.Pattern[bytes] | None = None

    def pieces(self) -> Iterator[Piece]:
        number = 0
        while self._find_start():
            number += 1
            is_whole = self._find_end()
            end = self._pos if is_whole else self._start + self._limit + 1
            piece = self._buffer[self._start : end]
            yield number, piece.rstrip(b", \t\r\n") if is_whole else piece
            if not is_whole:
                self._is_passed_over = True
                self._find_end()
                self._is_passed_over = False

    def _find_start(self) -> bool:
        """Go to the next record, through commas and the brackets of the list around all."""
        while True:
            found = _BETWEEN.match(self._buffer, self._pos)
            self._pos = found.end() if found else self._pos
            if self._pos == len(self._buffer):
                self._start = self._pos
                if not self._read():
                    return False
                continue
            first = self._buffer[self._pos]
            if first == ord("[") and not self._in_list:
                self._in_list = True
            elif first in _CLOSING:
                self._in_list = self._in_list and first != ord("]")
            else:
                self._begin()
                return True
            self._pos += 1

    def _begin(self) -> None:
        line_end = self._buffer.rfind(b"\n", 0, self._pos)
        before = self._buffer[line_end + 1 : self._pos]
        self._start = self._pos
        # A key that is cut off by the end of what was read could not be compared.
        while len(self._buffer) - self._pos < _AHEAD and self._read():
            pass
        self._depth = self._quote = 0
        key = _FIRST_KEY.match(self._buffer, self._start)
        if key and line_end >= 0 and not before.strip(b" \t"):
            pattern = rb"\n" + before + rb"\{\s*" + re.escape(key[1])
            self._marker = re.compile(pattern)

    def _find_end(self) -> bool:
        """Go behind the record; stop, and return False, where it is longer than it may be."""
        is_stray = self._depth == 0 and self._buffer[self._start] not in _OPENING
        look = self._look_through_stray if is_stray else self._look_through
        while not look():
            if len(self._buffer) - self._start > self._limit and not self._is_passed_over:
                return False
            if self._ended:
                self._pos = len(self._buffer)
                break
            self._read()
        return True

    def _look_through_stray(self) -> bool:
        found = _STRAY.match(self._buffer, self._start)
        self._pos = found.end() if found else self._start + 1
        return self._pos < len(self._buffer)

    def _look_through(self) -> bool:
        """Look at all that was read; return whether the record ends in it."""
        if self._quote and not self._leave_text():
            return False
        buffer = self._buffer
        for token in _TOKEN.finditer(buffer, self._pos):
            first = buffer[token.start()]
            if first in _OPENING:
                self._depth += 1
            elif first in _CLOSING:
                self._depth -= 1
                if self._depth <= 0:
                    self._pos = token.end()
                    return True
            elif first == _NEW_LINE:
                self._pos = token.start()
                if len(buffer) - self._pos < _AHEAD and not self._ended:
                    return False
                if self._marker is not None and self._marker.match(buffer, self._pos):
                    return True
            elif (
                token.end() - token.start() == 1 and buffer[token.end() : token.end() + 1] != b"\n"
            ):
                self._quote = first
                self._pos = token.end()
                return False
            self._pos = token.end()
        cut = -1 if self._ended else buffer.rfind(b"\n", max(self._pos, len(buffer) - _AHEAD))
        self._pos = cut if cut >= 0 else len(buffer)
        return False

    def _leave_text(self) -> bool:
        """Go to the end of a text that began in what was read earlier, if that end was read."""
        found = _IN_TEXT[self._quote].match(self._buffer, self._pos)
        end = found.end() if found else self._pos
        self._pos = end
        if end == len(self._buffer) or self._buffer[end] == _BACKSLASH:
            is_cut_off = end >= len(self._buffer) - 1
            self._pos += not is_cut_off
            if is_cut_off:
                return False
        self._pos += self._buffer[self._pos] == self._quote
        self._quote = 0
        return True

    def _read(self) -> bool:
        """Read on; forget what lies before the record, or all of one that is passed over."""
        kept = self._pos if self._is_passed_over else self._start
        size = len(self._buffer) - kept
        data = self._stream.read(min(max(_CHUNK, size), _MOST))
        if not data:
            self._ended = True
            return False
        self._buffer = self._buffer[kept:] + data
        self._pos -= kept
        self._start = 0
        return True
