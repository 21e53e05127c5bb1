"""Tables in text: CSV, TSV and their relatives, whatever stands between the cells.

The csv module alone loses or merges rows in files of strangers: a quotation mark that is never
closed swallows the rest of the file. Here the line with the mark is read as it stands, and the
reading goes on with the next one.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from itertools import count, islice
from typing import BinaryIO, TextIO

from desktop_app.core.examples.tables.delimiter import (
    LOOKED_AT,
    announced_delimiter,
    find_delimiter,
)
from desktop_app.core.examples.tables.table import Note, Row, TableError

RECORD_LIMIT = 8 * 2**20
"""Characters of one row. More is a file without line ends or with a stray quotation mark."""

CUT = RECORD_LIMIT + 1
"""Characters after which the rest of a line is not read."""

SAMPLE = 2**20
"""Characters by which the delimiter is found, or a little more."""

Lines = Generator[str, None, None]

NOTES = {
    "unclosed_quote": 'Row {row} has a quotation mark (") that is not closed. '
    "Its cells were read as they stand.",
    "cut_off": "The last row, {row}, ends inside a cell: the file may be cut off.",
    "nul": "Row {row} holds characters without meaning (NUL). They were left out, here and in "
    "later rows.",
    "too_long": "Row {row} is longer than {limit} million characters. The rest of it was not read.",
}


class _UnclosedError(Exception):
    """A quotation mark was opened and not closed within RECORD_LIMIT."""


class _Lines:
    """Hands lines to csv.reader, remembering those of the row that it is reading."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._size = 0
        self.row: list[str] = []
        self.has_ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._again.popleft() if self._again else next(self._lines)
        except StopIteration:
            self.has_ended = True
            raise
        self._size += len(line)
        self.row.append(line)
        if self._size > RECORD_LIMIT and len(self.row) > 1:
            raise _UnclosedError
        return line

    def start_row(self) -> None:
        """Forget the lines of the row before."""
        self.row = []
        self._size = 0

    def read_again(self) -> str:
        """Return the first line of this row, and hand out the others once more."""
        first, *others = self.row
        self._again.extendleft(reversed(others))
        self.has_ended = False
        return first


class DelimitedTable:
    """A table in text, in a file that can be read twice; without a delimiter it is found.

    Bytes that are no text in the encoding become lone surrogates (U+DC80 to U+DCFF), so that a
    row with them can be told from one that is whole; in UTF-16 and UTF-32 they become U+FFFD.
    """

    sheets: tuple[str, ...] = ()

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str = "") -> None:
        """Raises TableError for an unknown encoding."""
        try:
            name = codecs.lookup(encoding).name
        except LookupError:
            raise TableError("unknown_encoding", f"The encoding {encoding} is not known.") from None
        # A limit of the whole process, and by default below what a cell may hold.
        csv.field_size_limit(max(csv.field_size_limit(), 2 * RECORD_LIMIT))
        self._file = file
        self._encoding = encoding
        is_wide = name.startswith(("utf-16", "utf-32"))
        self._errors = "replace" if is_wide else "surrogateescape"
        self._notes: dict[str, Note] = {}
        with closing(self._lines()) as lines:
            first = _sample(lines)
        self._announced = announced_delimiter(first[0]) if first else ""
        self.delimiter = delimiter or self._announced or find_delimiter(first)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noticed while rows were read."""
        return tuple(self._notes.values())

    def rows(self, sheet: str | None = None) -> Iterator[Row]:
        """Yield the rows that hold text; see `Table.rows`. There is one sheet without a name."""
        if sheet:
            raise TableError("no_sheet", "A text file has no sheets.")
        with closing(self._lines()) as lines:
            if self._announced:
                next(lines)
            for number, cells in enumerate(self._records(lines), 1):
                if any(map(str.strip, cells)):
                    yield number, self._clean(number, cells)

    def _lines(self) -> Lines:
        """Begin to read the lines, with their ends, from the top."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self._encoding, self._errors, newline="")
        try:
            yield from _bounded(text)
        finally:
            # The file is the caller's, who may have closed it already.
            with suppress(ValueError):
                text.detach()

    def _records(self, lines: Iterator[str]) -> Iterator[list[str]]:
        feed = _Lines(_without_mark(lines))
        reader = csv.reader(feed, delimiter=self.delimiter)
        width = 0
        for number in count(1):
            feed.start_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except _UnclosedError:
                cells = []
            if (not cells and len(feed.row) > 1) or feed.has_ended:
                cells = self._mended(number, cells, feed, width)
                reader = csv.reader(feed, delimiter=self.delimiter)
            if len(feed.row[0]) == CUT:
                self._note("too_long", number)
            width = len(cells) or width
            yield cells

    def _mended(self, number: int, cells: list[str], feed: _Lines, width: int) -> list[str]:
        """Return the cells of a row with an open quotation mark; `cells` are [] past the limit."""
        if cells and not self._is_stray(feed.row[1:], width):
            self._note("cut_off", number)
            return cells
        self._note("unclosed_quote", number)
        bare = csv.reader([feed.read_again()], delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        return next(bare, [])

    def _is_stray(self, following: list[str], width: int) -> bool:
        """Whether lines inside an open quotation mark look like rows of their own."""
        rows = csv.reader(following, delimiter=self.delimiter)
        widths = [len(row) for row in islice(rows, LOOKED_AT)]
        return width > 1 and 2 * widths.count(width) > len(widths)

    def _clean(self, number: int, cells: list[str]) -> tuple[str, ...]:
        if any("\0" in cell for cell in cells):
            self._note("nul", number)
            return tuple(cell.replace("\0", "") for cell in cells)
        return tuple(cells)

    def _note(self, code: str, row: int) -> None:
        if code not in self._notes:
            self._notes[code] = Note(code, NOTES[code].format(row=row, limit=RECORD_LIMIT // 10**6))


def _bounded(text: TextIO) -> Iterator[str]:
    """Yield lines with their ends; of one that is too long, the first CUT characters."""
    while line := text.readline(CUT):
        yield line
        while len(line) == CUT and line[-1] not in "\r\n":
            line = text.readline(CUT)


def _sample(lines: Iterator[str]) -> list[str]:
    found, size = [], 0
    for line in islice(lines, 4 * LOOKED_AT):
        found.append(line)
        size += len(line)
        if size > SAMPLE:
            break
    return found


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    remaining = iter(lines)
    yield next(remaining, "").removeprefix("\ufeff")
    yield from remaining
