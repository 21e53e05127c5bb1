"""Rows that cannot be read, and why."""

import re

from desktop_app.core.examples.formats.pieces import SHOWN_LENGTH
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.tables.delimited import RECORD_LIMIT
from desktop_app.core.examples.tables.formulas import restored
from desktop_app.core.examples.tables.gathering import Gathering
from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.turns import Columns

ROW_LIMIT = RECORD_LIMIT // 2
"""Characters of one row. No model reads that much, and the end of such a row may be cut off."""

REASONS = {
    "no_text": "The row has no text in the columns of the user and the assistant.",
    "unknown_speaker": "The row does not say in a known word whether the user or the assistant "
    "speaks.",
    "extra_cells": "The row has text beyond the last column: a comma inside a text may have cut it "
    "in two, or something stands beside the table.",
    "too_long": f"The row has more than {ROW_LIMIT // 10**6} million characters.",
    "not_text": "The row has bytes that are no text in the encoding of the file.",
}

_BYTES = re.compile("[\udc80-\udcff]+")
_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")


def rejected(
    number: int, cells: tuple[str, ...], reason: str, mended: Imported | None = None
) -> Rejected:
    """Return the report on a row."""
    shown = _HALF_CHARACTERS.sub("\ufffd", "\t".join(cells)[:SHOWN_LENGTH])
    return Rejected(number, shown, reason, REASONS[reason], mended)


def whole_cells(
    number: int, cells: tuple[str, ...], columns: Columns
) -> tuple[str, ...] | Rejected:
    """Return one text for each column, or say what is wrong with the row."""
    width = len(columns.mapping.roles)
    if sum(map(len, cells)) > ROW_LIMIT:
        return rejected(number, cells, "too_long")
    if any(map(str.strip, cells[width:])):
        return rejected(number, cells, "extra_cells")
    if any(not cell.isascii() and _HALF_CHARACTERS.search(cell) for cell in cells):
        return rejected(number, cells, "not_text", _mended(number, cells, columns))
    if columns.mapping.is_own:
        cells = tuple(map(restored, cells))
    return cells[:width] + ("",) * (width - len(cells))


def _mended(number: int, cells: tuple[str, ...], columns: Columns) -> Imported | None:
    """Take stray bytes for Western European, as where two files were joined into one.

    Not where the row is one of several of a conversation, which it would be missing from.
    """
    if columns.by_role[Role.ID]:
        return None
    repaired = tuple(_BYTES.sub(_western, cell) for cell in cells)
    whole = whole_cells(number, repaired, columns)
    gathering = Gathering(number, columns)
    if isinstance(whole, Rejected) or not gathering.add(whole):
        return None
    return gathering.result()


def _western(match: re.Match[str]) -> str:
    return match[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")
