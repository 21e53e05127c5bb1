"""The conversations that are selected in the list: what they have in common, and edits of them."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.examples.conversation_list import ENCODING
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import ConversationRow, Split, Touched

AT_ONCE = 200
"""Conversations whose rows are read on the window's thread."""

MOST_READ = 20_000
"""Of more, what they have in common is not found out: it would take seconds after each edit."""

PAGE = 2000
Value = TypeVar("Value")


@dataclass(frozen=True)
class Summary:
    """What several conversations are; None stands for values that differ.

    `tokens` is the sum over those counted, `uncounted` how many are not; `tags` come with in how
    many they are.
    """

    conversations: int
    split: Split | None
    rating: int | None
    language: str | None
    source: str | None
    source_row: int
    tokens: int
    uncounted: int
    tags: tuple[tuple[str, int], ...]


class Selection(QObject):
    """`summary` is None while nothing is selected, while it is read, and of very many.

    `ids_changed`: others are selected; `summary_changed`: also when they were edited.
    """

    ids_changed = Signal()
    summary_changed = Signal()

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._reading = LatestTask(runner, self)
        self._reading.done.connect(self._take)
        self._reading.failed.connect(self._fail)
        self.ids: Sequence[int] = ()
        self.summary: Summary | None = None
        open_project.changed.connect(self._follow)
        open_project.closed.connect(self._clear)

    def set_ids(self, ids: Sequence[int]) -> None:
        """Take what is selected now; a further call may not change `ids`."""
        if len(ids) != len(self.ids) or ids != self.ids:
            self.ids = ids
            self.summary = None
            self.ids_changed.emit()
            self.refresh()

    @property
    def is_reading(self) -> bool:
        """Whether a summary is still to come."""
        return self._reading.is_running

    @Slot()
    def refresh(self) -> None:
        """Read anew, as after tokens were counted."""
        self._reading.stop()
        if 0 < len(self.ids) <= AT_ONCE:
            self._take(summarise(self._open_project.project.rows(self.ids, ENCODING)))
        elif AT_ONCE < len(self.ids) <= MOST_READ:
            self._reading.run(_reader(self._open_project.path, self.ids))
            if self.summary is None:
                self.summary_changed.emit()
        else:
            self._take(None)

    @Slot(object)
    def _take(self, summary: Summary | None) -> None:
        self.summary = summary
        self.summary_changed.emit()

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        """Say nothing of what is selected; the error is told as one that nobody expected."""
        self._take(None)
        raise error

    @Slot(object)
    def _follow(self, touched: Touched) -> None:
        is_told = not touched.ids or len(self.ids) > AT_ONCE
        if self.ids and (is_told or not set(touched.ids).isdisjoint(self.ids)):
            self.refresh()

    @Slot()
    def _clear(self) -> None:
        self.set_ids(())


def summarise(rows: Iterable[ConversationRow]) -> Summary | None:
    """Return what conversations have in common; None of none."""
    counting = _Counting()
    for row in rows:
        counting.add(row)
    return counting.summary()


class _Counting:
    def __init__(self) -> None:
        self._n = self._tokens = self._uncounted = self._row = 0
        self._splits: set[Split] = set()
        self._ratings: set[int] = set()
        self._languages: set[str] = set()
        self._sources: set[str] = set()
        self._tags: Counter[str] = Counter()

    def add(self, row: ConversationRow) -> None:
        self._n += 1
        self._tokens += row.tokens or 0
        self._uncounted += row.tokens is None
        self._row = row.source_row
        self._splits.add(row.split)
        self._ratings.add(row.rating)
        self._languages.add(row.language)
        self._sources.add(row.source)
        self._tags.update(row.tags)

    def summary(self) -> Summary | None:
        if self._n == 0:
            return None
        return Summary(
            self._n,
            _only(self._splits),
            _only(self._ratings),
            _only(self._languages),
            _only(self._sources),
            self._row if self._n == 1 else 0,
            self._tokens,
            self._uncounted,
            tuple(sorted(self._tags.items(), key=_most_first)),
        )


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _only(values: set[Value]) -> Value | None:
    return next(iter(values)) if len(values) == 1 else None


def _reader(
    path: Path, ids: Sequence[int]
) -> Callable[[object, Callable[[], bool]], Summary | None]:
    wanted = array("Q", ids)

    def read(_report: object, should_stop: Callable[[], bool]) -> Summary | None:
        counting = _Counting()
        with closing(Project.open(path, shared=True)) as project:
            for start in range(0, len(wanted), PAGE):
                if should_stop():
                    break
                for row in project.rows(wanted[start : start + PAGE], ENCODING):
                    counting.add(row)
        return counting.summary()

    return read
