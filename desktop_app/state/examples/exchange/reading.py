"""How a source is read: in which format and encoding, and for a table what its columns are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from desktop_app.background.call import ShouldStop
from desktop_app.core.examples.conversation import Message
from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.core.examples.formats.mojibake import repaired
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.tables.conversations import conversations, read_table
from desktop_app.core.examples.tables.guess import LOOKED_AT, guess_mapping
from desktop_app.core.examples.tables.mapping import Mapping
from desktop_app.core.examples.tables.open_table import open_table
from desktop_app.core.examples.tables.table import Note, Row, Table

TABLES = frozenset((Format.TABLE, Format.XLSX))
STOP_EVERY = 1000
"""Rows between looks at the stop flag: a table may be read once before anything comes of it."""


@dataclass(frozen=True)
class Reading:
    """All that decides what comes of a source. `mapping` None is guessed by the first rows."""

    detected: Detected
    repair_mojibake: bool = False
    sheet: str | None = None
    mapping: Mapping | None = None

    @property
    def is_table(self) -> bool:
        return self.detected.format in TABLES

    @property
    def is_in_order(self) -> bool:
        """Whether the place in the file says how far it is; a workbook is read here and there."""
        return self.detected.format != Format.XLSX


def read_items(
    file: BinaryIO,
    reading: Reading,
    should_stop: ShouldStop = lambda: False,
    take_notes: Callable[[Sequence[Note]], None] | None = None,
) -> Iterator[Imported | Rejected]:
    """Yield everything that is in a source, in its order.

    `take_notes` is called at the end with what is to be known of a table. Raises TableError and
    OSError; told to stop, a table raises InterruptedError.
    """
    repair = reading.repair_mojibake
    if not reading.is_table:
        yield from read_examples(file, reading.detected, repair_mojibake=repair)
        return
    table = _Watched(open_table(file, reading.detected), should_stop)
    mapping = reading.mapping or guess_mapping(list(islice(table.rows(reading.sheet), LOOKED_AT)))
    yield from _repaired(read_table(table, mapping, reading.sheet), repair=repair)
    if take_notes is not None:
        take_notes(table.notes)


def items_of_rows(rows: Iterable[Row], reading: Reading) -> Iterator[Imported | Rejected]:
    """Yield what some rows become, by a mapping that is known."""
    mapping = reading.mapping or Mapping(())
    return _repaired(conversations(rows, mapping), repair=reading.repair_mojibake)


def repairs_in(items: Iterable[Imported | Rejected]) -> tuple[tuple[str, str], ...]:
    """Return the texts that a repair of their letters changes, each with what it becomes."""
    texts = {
        old.text: new.text
        for item in items
        for old, new in zip(_messages(item), _messages(repaired(item)), strict=True)
    }
    return tuple((old, new) for old, new in texts.items() if old != new)


def _messages(item: Imported | Rejected) -> tuple[Message, ...]:
    return item.conversation.all_messages if isinstance(item, Imported) else ()


def _repaired(
    items: Iterator[Imported | Rejected], *, repair: bool
) -> Iterator[Imported | Rejected]:
    return map(repaired, items) if repair else items


class _Watched:
    """A table that stops when it is told to, also while nothing comes of its rows yet."""

    def __init__(self, table: Table, should_stop: ShouldStop) -> None:
        self.sheets = table.sheets
        self._table = table
        self._should_stop = should_stop

    @property
    def notes(self) -> tuple[Note, ...]:
        return self._table.notes

    def rows(self, sheet: str | None = None) -> Iterator[Row]:
        for n, row in enumerate(self._table.rows(sheet)):
            if n % STOP_EVERY == 0 and self._should_stop():
                raise InterruptedError
            yield row
