"""A first look at what is to be imported: what it is, and what comes of its beginning."""

import dataclasses
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.formats.chat_text import speakers
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.encodings import decoded
from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.tables.guess import LOOKED_AT, guess_mapping
from desktop_app.core.examples.tables.open_table import open_table
from desktop_app.state.examples.exchange.reading import (
    Reading,
    items_of_rows,
    read_items,
    repairs_in,
)
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.latest_task import LatestTask

HEAD = 1 << 18
"""Bytes by which a format is told."""

SHOWN = 3
"""Conversations that are previewed."""


@dataclass(frozen=True)
class Look:
    """What was seen. `items` are the first that are read like this, none of a table in a file.

    `repairs` are some broken texts with what a repair would make of them.
    """

    source: Source
    reading: Reading
    items: tuple[Imported | Rejected, ...] = ()
    repairs: tuple[tuple[str, str], ...] = ()

    @property
    def detected(self) -> Detected:
        return self.reading.detected


def looker(
    source: Source, overruled: Detected | None = None, *, repair_mojibake: bool = False
) -> BlockingWork:
    """Return the work that looks and returns a Look. Raises ImportFileError and OSError."""

    def work(_report: Report, should_stop: ShouldStop) -> Look:
        with source.open() as file:
            head = file.read(HEAD)
            detected = _completed(overruled, head) if overruled else detect(head, source.name)
            reading = Reading(detected, repair_mojibake=repair_mojibake)
            if reading.is_table and source.path is None:
                return Look(source, reading, _first_rows(file, reading))
            if reading.is_table or detected.format == Format.UNKNOWN:
                return Look(source, reading)
            items = _first(file, reading, should_stop)
            repairs: tuple[tuple[str, str], ...] = ()
            if detected.has_mojibake:
                repairs = repairs_in(_first(file, Reading(detected), should_stop))
            return Look(source, reading, items[:SHOWN], repairs)

    return work


def _completed(overruled: Detected, head: bytes) -> Detected:
    """What is said to be a chat has somebody in it."""
    if overruled.format != Format.CHAT_TEXT or overruled.speakers:
        return overruled
    lines = decoded(head, overruled.encoding).split("\n")
    return dataclasses.replace(overruled, speakers=speakers(lines))


def _first_rows(file: BinaryIO, reading: Reading) -> tuple[Imported | Rejected, ...]:
    """Return what the first rows become if their columns are what they seem to be."""
    rows = list(islice(open_table(file, reading.detected).rows(), LOOKED_AT))
    guessed = dataclasses.replace(reading, mapping=guess_mapping(rows))
    if guessed.mapping is None or not guessed.mapping.is_complete:
        return ()
    return tuple(islice(items_of_rows(rows, guessed), SHOWN))


def _first(
    file: BinaryIO, reading: Reading, should_stop: ShouldStop
) -> tuple[Imported | Rejected, ...]:
    file.seek(0)
    return tuple(islice(read_items(file, reading, should_stop), 10 * SHOWN))


class Looking(QObject):
    """Takes one look at a time, the latest. `looked` carries a Look."""

    looked = Signal(object)
    failed = Signal(object)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task = LatestTask(runner, self)
        self._task.done.connect(self.looked)
        self._task.failed.connect(self.failed)

    @property
    def is_running(self) -> bool:
        return self._task.is_running

    def look(
        self, source: Source, overruled: Detected | None = None, *, repair_mojibake: bool = False
    ) -> None:
        """Look at a source, read as its content says or as it is overruled."""
        self._task.run(looker(source, overruled, repair_mojibake=repair_mojibake))

    @Slot()
    def stop(self) -> None:
        self._task.stop()
