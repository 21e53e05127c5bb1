"""What the columns of a table are: its first rows, the roles guessed and chosen, what comes out."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.formats.format import Detected
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.tables.guess import LOOKED_AT, guess_mapping
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.open_table import open_table
from desktop_app.core.examples.tables.table import Note, Row
from desktop_app.state.examples.exchange.reading import Reading, items_of_rows, repairs_in
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.latest_task import LatestTask

PREVIEWED = 3
"""Conversations that are previewed."""

TOLD_EVERY = 10_000
NO_COLUMNS = Mapping(())


@dataclass(frozen=True)
class TableHead:
    """The first rows of one sheet. `guess` is what its columns seem to be."""

    sheets: tuple[str, ...] = ()
    sheet: str | None = None
    rows: tuple[Row, ...] = ()
    notes: tuple[Note, ...] = ()
    guess: Mapping = NO_COLUMNS


@dataclass(frozen=True)
class RowCount:
    """How many rows hold text; more than that as long as `is_all` is not so."""

    rows: int
    is_all: bool


class TableChoice(QObject):
    """`changed` tells that anything below is other than before; `failed` carries why not."""

    changed = Signal()
    counted = Signal()
    failed = Signal(object)

    def __init__(
        self, runner: TaskRunner, source: Source, detected: Detected, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.source = source
        self.detected = detected
        self.head = TableHead()
        self.count: RowCount | None = None
        self.mapping = NO_COLUMNS
        self.repair_mojibake = False
        self._heads = LatestTask(runner, self)
        self._counts = LatestTask(runner, self)
        self._heads.done.connect(self._take_head)
        self._heads.failed.connect(self.failed)
        self._counts.progressed.connect(self._take_count)
        self._counts.done.connect(self._take_count)

    def load(self, sheet: str | None = None) -> None:
        """Read the first rows of a sheet; `changed` or `failed` follows."""
        self._counts.stop()
        self.count = None
        self._heads.run(_head_reader(self.source, self.detected, sheet))

    def read_as(self, detected: Detected) -> None:
        """Read the file once more, in another encoding or with another delimiter."""
        self.detected = detected
        self.load()

    @Slot()
    def stop(self) -> None:
        """End what is going on, when nobody wants to know any more."""
        self._heads.stop()
        self._counts.stop()

    @property
    def reading(self) -> Reading:
        """How the table is to be read as things stand."""
        return Reading(
            self.detected,
            repair_mojibake=self.repair_mojibake,
            sheet=self.head.sheet,
            mapping=self.mapping,
        )

    @property
    def can_import(self) -> bool:
        return self.mapping.is_complete

    def column_name(self, place: int) -> str:
        """What the header calls a column, '' if there is no header or nothing in it."""
        rows = self.head.rows[self.mapping.skipped :]
        if not self.mapping.has_header or not rows:
            return ""
        return _cell(rows[0], place)

    def samples(self, place: int, n: int) -> list[str]:
        """The first cells of a column that hold text."""
        cells = (_cell(row, place).strip() for row in self._body())
        return list(islice(filter(None, cells), n))

    def preview(self) -> Sequence[Imported | Rejected]:
        """What the first rows become."""
        if not self.can_import:
            return []
        found = items_of_rows(self.head.rows, self.reading)
        return list(islice(found, PREVIEWED))

    def set_role(self, place: int, role: Role) -> None:
        roles = list(self.mapping.roles)
        roles[place] = role
        self.mapping = dataclasses.replace(self.mapping, roles=tuple(roles))
        self.changed.emit()

    def set_header(self, *, on: bool) -> None:
        self.mapping = dataclasses.replace(self.mapping, has_header=on)
        self.changed.emit()

    def set_repair(self, *, on: bool) -> None:
        """Repair letters that were read in the wrong encoding once, or leave them."""
        self.repair_mojibake = on
        self.changed.emit()

    def repairs(self) -> tuple[tuple[str, str], ...]:
        """Some broken texts of the first rows, with what a repair makes of them."""
        if not (self.can_import and self.detected.has_mojibake):
            return ()
        reading = dataclasses.replace(self.reading, repair_mojibake=False)
        return repairs_in(items_of_rows(self.head.rows, reading))

    def _body(self) -> Sequence[Row]:
        return self.head.rows[self.mapping.skipped + self.mapping.has_header :]

    @Slot(object)
    def _take_head(self, head: TableHead) -> None:
        self.head = head
        self.mapping = head.guess
        self.changed.emit()
        self._counts.run(_row_counter(self.source, self.detected, head.sheet))

    @Slot(object)
    def _take_count(self, count: RowCount) -> None:
        self.count = count
        self.counted.emit()


def _cell(row: Row, place: int) -> str:
    cells = row[1]
    return cells[place] if place < len(cells) else ""


def _head_reader(source: Source, detected: Detected, sheet: str | None) -> BlockingWork:
    def work(_report: Report, _should_stop: ShouldStop) -> TableHead:
        with source.open() as file:
            table = open_table(file, detected)
            chosen = sheet if sheet is not None else next(iter(table.sheets), None)
            rows = tuple(islice(table.rows(chosen), LOOKED_AT))
            return TableHead(table.sheets, chosen, rows, table.notes, guess_mapping(rows))

    return work


def _row_counter(source: Source, detected: Detected, sheet: str | None) -> BlockingWork:
    def work(report: Report, should_stop: ShouldStop) -> RowCount:
        n = 0
        with source.open() as file:
            for _row in open_table(file, detected).rows(sheet):
                n += 1
                if n % TOLD_EVERY == 0:
                    if should_stop():
                        break
                    report(RowCount(n, is_all=False))
        return RowCount(n, is_all=True)

    return work
