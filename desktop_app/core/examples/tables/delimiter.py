"""Which character stands between the cells of a text file."""

import csv
from collections import Counter
from itertools import dropwhile, islice

DELIMITERS = "\t;|,"
"""In the order in which they win when nothing else decides: the comma is the commonest in prose."""

NO_DELIMITER = "\x1f"
"""Stands in no text, so that all of a line is one cell."""

LOOKED_AT = 50
"""Rows that are compared; more say no more."""

ENOUGH = 0.6
"""Prose that has a comma in every other line scores less than this."""


def announced_delimiter(line: str) -> str:
    """Return what Excel's first line `sep=;` names, '' if it is no such line."""
    words = line.lstrip("\ufeff").rstrip("\r\n").strip('"')
    return words[4:] if words[:4].lower() == "sep=" and len(words) == 5 else ""


def find_delimiter(lines: list[str]) -> str:
    """Return the delimiter by which the first lines fall into equally many cells.

    `lines` keep their ends. The last record may be cut off; it counts little.
    """
    best = max(DELIMITERS, key=lambda delimiter: _score(lines, delimiter))
    return best if _score(lines, best) >= ENOUGH else NO_DELIMITER


def is_consistent(lines: list[str], delimiter: str) -> bool:
    """Whether most of the first lines fall into equally many cells, and into several."""
    rows = _rows(lines, delimiter)
    width, usual = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    return width > 1 and 2 * usual > len(rows)


def _score(lines: list[str], delimiter: str) -> float:
    """Share of rows of the usual width, and half a point if the first row has it.

    A quotation mark that is left inside a cell was cut from its other half: not this delimiter.
    A blank after it hints at prose.
    """
    rows = _rows(lines, delimiter)
    if not rows:
        return 0
    if len(rows) == 1 and any(cell.startswith(" ") for cell in rows[0]):
        # A sentence with a comma.
        return 0
    width, usual = Counter(map(len, rows)).most_common(1)[0]
    if width == 1:
        return 0
    has_title = len(rows[0]) != width
    if has_title:
        # A title above the table is narrower than the table.
        rows = list(dropwhile(lambda row: len(row) < width, rows))
    torn = sum(any(cell.count('"') % 2 for cell in row) for row in rows)
    prose = sum(cell.startswith(" ") for row in rows for cell in row) / sum(map(len, rows))
    return (usual - torn) / len(rows) + (not has_title) / 2 - prose / 4


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    return [row for row in islice(csv.reader(lines, delimiter=delimiter), LOOKED_AT) if row]
