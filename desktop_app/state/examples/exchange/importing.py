"""The work of an import: one pass over the source, a question if rows were rejected, one step."""

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.core.examples.formats.format import Format
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.project_jsonl import read_header
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.core.examples.tables.table import Note
from desktop_app.state.examples.exchange.import_workers import ImportWorkers
from desktop_app.state.examples.exchange.reading import Reading, read_items
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.preparing import Prepared, may_be_cut
from desktop_app.storage.project.project import Project

KEPT_REJECTIONS = 1000
"""How many unreadable rows are kept word for word; all are counted."""

TOLD_EVERY = 500
"""Rejected rows between two words about progress; rows that are read are told by the batch."""

LOST_INSTRUCTIONS = "The shared instructions of the file could not be written into the project."
KEPT_INSTRUCTIONS = (
    "The file has shared instructions of its own. Those of this project were kept; compare them "
    "under Examples › Shared instructions."
)

LARGE = 4 << 20
"""Bytes from which on processes of their own read the lines; to start them takes some 0.2 s."""

LOOKS_FOR_STOP = 0.1
"""Seconds between looks at the stop flag while an answer is awaited."""


@dataclass(frozen=True)
class ImportPlan:
    """What is brought in, how it is read, and which share of it is held out for the test."""

    source: Source
    reading: Reading
    test_share: float


@dataclass(frozen=True)
class ImportProgress:
    """How far an import or export is. `share` of the whole, 0 to 1; None where it is unknown.

    `seconds_left` and `per_second` (conversations) are None at first.
    """

    conversations: int
    share: float | None
    seconds_left: float | None
    per_second: float | None = None


def progress(conversations: int, share: float | None, spent: float) -> ImportProgress:
    """How far it is after `spent` seconds; the first second says nothing about those to come."""
    if spent < 1:
        return ImportProgress(conversations, share, None)
    left = spent / share * (1 - share) if share else None
    return ImportProgress(conversations, share, left, conversations / spent)


@dataclass(frozen=True)
class Mending:
    """Which rejected rows are taken in mended: all that can be, or these places in the report."""

    everything: bool = False
    places: frozenset[int] = frozenset()

    def takes(self, place: int, item: Rejected) -> bool:
        """Whether the rejected row at a place, counted from 0, is taken in mended."""
        return item.mended is not None and (self.everything or place in self.places)


@dataclass
class ImportReport:
    """What an import brought, and every row that it could not read.

    `rejected` holds the first 1,000 of `n_rejected`; `n_mendable` counts those among all for which
    a mend is evident, `mended` those that were taken in mended; `notes` say what else is to be
    known.
    """

    plan: ImportPlan
    imported: int = 0
    n_rejected: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    n_mendable: int = 0
    mended: int = 0
    mending: Mending = Mending()
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.plan.source.name

    @property
    def left_out(self) -> int:
        """How many rows are in the source and not in the project."""
        return self.n_rejected - self.mended

    def note(self, item: Rejected) -> None:
        self.n_rejected += 1
        self.n_mendable += item.mended is not None
        if len(self.rejected) < KEPT_REJECTIONS:
            self.rejected.append(item)

    def drop_mended(self, mending: Mending) -> None:
        """From now on `rejected` holds only what is left out."""
        self.mending = mending
        self.rejected = [
            item for place, item in enumerate(self.rejected) if not mending.takes(place, item)
        ]


@dataclass(frozen=True)
class ImportQuestion:
    """What is to become of the rejected rows, asked when all was read and nothing is visible yet.

    `report.imported` is how many could be read.
    """

    report: ImportReport


class Answer:
    """The answer to the question, from the window to the worker that waits for it."""

    def __init__(self) -> None:
        self._given = threading.Event()
        self._mending = Mending()

    def give(self, mending: Mending) -> None:
        self._mending = mending
        self._given.set()

    def wait(self, should_stop: ShouldStop) -> Mending:
        """Return the answer, or to mend nothing when told to stop."""
        while not should_stop() and not self._given.wait(LOOKS_FOR_STOP):
            pass
        return self._mending


def importer(project_path: Path, plan: ImportPlan, answer: Answer) -> BlockingWork:
    """Return the work that imports and returns an ImportReport.

    It reports ImportProgress, and at most one ImportQuestion. Raises ImportFileError, TableError,
    ProjectError and OSError, and then the project is as it was.
    """

    def work(report: Report, should_stop: ShouldStop) -> ImportReport:
        source = plan.source
        with source.open() as file, closing(Project.open(project_path, shared=True)) as project:
            rows = _Rows(plan, file, report, should_stop, answer)
            # Closed at once, whatever happens: there may be processes behind it.
            with closing(rows.all()) as items:
                rows.report.imported = project.import_conversations(
                    items,
                    source=source.name,
                    test_share=plan.test_share,
                    progress=rows.tell,
                    stop=should_stop,
                )
            if rows.report.imported and plan.reading.detected.format == Format.PROJECT:
                file.seek(0)
                rows.report.notes += _take_instructions(project, file)
        return rows.report

    return work


def _take_instructions(project: Project, file: BinaryIO) -> list[str]:
    """Take over the shared instructions of an export, unless the project has its own."""
    header = read_header(file)
    nothing, own = SharedInstructions(), project.instructions()
    if header is None or header.instructions in (nothing, own):
        return []
    if own == nothing:
        try:
            project.set_instructions(header.instructions)
        except ProjectError:
            # The conversations are there by now, and are not to be told as lost.
            return [LOST_INSTRUCTIONS]
        return []
    return [KEPT_INSTRUCTIONS]


class _Rows:
    """What goes into the project; notes on the way what does not."""

    def __init__(
        self,
        plan: ImportPlan,
        file: BinaryIO,
        say: Report,
        should_stop: ShouldStop,
        answer: Answer,
    ) -> None:
        self.report = ImportReport(plan)
        self._plan = plan
        self._file = file
        self._size = max(1, plan.source.size(file))
        self._say = say
        self._should_stop = should_stop
        self._answer = answer
        self._began = time.monotonic()
        self._prepared_to: int | None = None

    def all(self) -> Generator[Imported | Prepared, None, None]:
        """Yield what could be read, then what is to be mended of the rest."""
        for item in self._items():
            rejected: Sequence[Rejected] = ()
            if isinstance(item, Imported):
                self.report.imported += 1
                yield item
            elif isinstance(item, Prepared):
                self._prepared_to = item.end
                self.report.imported += len(item.rows)
                yield item
                rejected = item.rejected
            else:
                rejected = (item,)
            for bad in rejected:
                self.report.note(bad)
                if self._should_stop():
                    return
                if self.report.n_rejected % TOLD_EVERY == 0:
                    self.tell(self.report.imported)
        self._plan.source.require_whole(self._file, self._size)
        if self.report.n_rejected and (self.report.imported or self.report.n_mendable):
            self._say(ImportQuestion(self.report))
            mending = self._answer.wait(self._should_stop)
            for item in self._mended(mending):
                self.report.mended += 1
                yield item
            self.report.drop_mended(mending)

    def _items(self) -> Iterator[Imported | Rejected | Prepared]:
        reading = self._plan.reading
        if self._size < LARGE or not may_be_cut(reading.detected):
            yield from read_items(self._file, reading, self._should_stop, self._note)
            return
        with ImportWorkers(reading.detected, repair_mojibake=reading.repair_mojibake) as workers:
            yield from workers.prepared(self._file, self._should_stop)

    def tell(self, n_conversations: int) -> None:
        share = None
        if self._plan.reading.is_in_order:
            place = self._file.tell() if self._prepared_to is None else self._prepared_to
            share = min(1.0, place / self._size)
        self._say(progress(n_conversations, share, time.monotonic() - self._began))

    def _note(self, notes: Sequence[Note]) -> None:
        self.report.notes += [note.detail for note in notes]

    def _mended(self, mending: Mending) -> Iterator[Imported]:
        kept = self.report.rejected
        for place, item in enumerate(kept):
            if item.mended is not None and mending.takes(place, item):
                yield item.mended
        if mending.everything and self.report.n_rejected > len(kept):
            with self._plan.source.open() as file:
                items = read_items(file, self._plan.reading, self._should_stop)
                yield from _mendable(items, len(kept))


def _mendable(items: Iterator[Imported | Rejected], skip: int) -> Iterator[Imported]:
    """Yield what rejected rows become by a mend, but for the first `skip` rejected rows."""
    n_rejected = 0
    for item in items:
        if isinstance(item, Rejected):
            n_rejected += 1
            if n_rejected > skip and item.mended is not None:
                yield item.mended
