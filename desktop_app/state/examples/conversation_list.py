"""The list of conversations as an item model: ids in memory, rows fetched when painted."""

import dataclasses
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from typing_extensions import override

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.examples.facets import ProjectFacets
from desktop_app.state.examples.id_lookup import difference, finder, runs_from_the_end, without
from desktop_app.state.examples.saved_filters import SavedFilters
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import ConversationRow, Filter, Touched

ROW = Qt.ItemDataRole.UserRole
PROBLEMS = Qt.ItemDataRole.UserRole + 1
PAGE = 64
CACHED_ROWS = 4096
ENCODING = "o200k_base"

SMALL = 5000
"""Conversations in a project of which every filter without a text is answered at once."""

MOST_RUNS = 20
"""Places at which rows are taken out one by one; of more, the whole stretch is."""

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


class ConversationList(QAbstractTableModel):
    """One column; what it can be narrowed by is in `facets`, and under names in `saved_filters`.

    `ROW` gives the ConversationRow, `PROBLEMS` how many there are in it.

    The hits of a new text come in while they are found. After an edit the list stays as it is until
    all is known, and then only what is new changes place. `about_to_change` and `settled` stand
    around each exchange of rows; `filtered` says that all is there that the filter shows.
    """

    about_to_change = Signal()
    settled = Signal()
    filtered = Signal()
    searching_changed = Signal(bool)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._ids: array[int] = array("Q")
        self._places: dict[int, int] = {}
        self._rows: dict[int, ConversationRow] = {}
        self._lookup: Task | None = None
        self._has_hits = self._is_new = False
        self._refused_traits = 0
        self.filter = Filter()
        self.facets = ProjectFacets(open_project, runner, self)
        self.saved_filters = SavedFilters(open_project, self)
        open_project.opened.connect(self._start_over)
        open_project.closed.connect(self._clear)
        open_project.changed.connect(self._follow)

    # What the view asks

    @override
    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    @override
    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else 1

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._ids):
            return None
        if role in (
            Qt.ItemDataRole.DisplayRole, ROW, PROBLEMS, Qt.ItemDataRole.AccessibleTextRole
        ):  # fmt: skip
            row = self._row(index.row())
            if role == ROW or row is None:
                return row
            return self._problems(row) if role == PROBLEMS else row.title
        return None

    def _problems(self, row: ConversationRow) -> int:
        return row.n_blocking + (row.traits & self._refused_traits).bit_count()

    # What others ask

    def id_at(self, position: int) -> int | None:
        """The conversation at a position in the list, if there is one."""
        return self._ids[position] if 0 <= position < len(self._ids) else None

    def position_of(self, id: int) -> int | None:
        """Where a conversation stands in the list, if it is in it."""
        for place in (self._places.get(id, -1), bisect_left(self._ids, id)):
            if 0 <= place < len(self._ids) and self._ids[place] == id:
                return place
        with suppress(ValueError):
            # Where the ids do not ascend: 13 ms for a million.
            return self._ids.index(id)
        return None

    @property
    def ids(self) -> Sequence[int]:
        return self._ids

    def positions_of(self, ids: Sequence[int]) -> list[int]:
        """Where those of some conversations stand that are in the list, from the top."""
        found, sought = [], set()
        for id in ids:
            place = bisect_left(self._ids, id)
            if place < len(self._ids) and self._ids[place] == id:
                found.append(place)
            else:
                sought.add(id)
        if sought:
            found += [place for place, id in enumerate(self._ids) if id in sought]
        return sorted(found)

    @property
    def is_searching(self) -> bool:
        """Whether more may be found."""
        return self._lookup is not None

    def set_filter(self, where: Filter) -> None:
        """Show only what matches; the hits of a text come in while a worker finds them."""
        where = self._with_refused(where)
        if where != self.filter:
            self.filter = where
            self._look_up(is_new=True)

    def set_refused_traits(self, traits: int) -> None:
        """Take what the chosen service refuses (`core.examples.rules.Trait`) for a problem too."""
        if traits != self._refused_traits:
            self._refused_traits = traits
            self.set_filter(self.filter)
            self.read_rows_again()

    def _with_refused(self, where: Filter) -> Filter:
        traits = self._refused_traits if where.problems_only else 0
        return dataclasses.replace(where, refused_traits=traits)

    # Following the project

    @Slot()
    def _start_over(self) -> None:
        self.filter = Filter()
        self._look_up(is_new=True)

    @Slot()
    def _clear(self) -> None:
        self._stop_looking()
        self.filter = Filter()
        self._show(array("Q"))

    @Slot(object)
    def _follow(self, touched: Touched) -> None:
        if not touched.ids:
            self.read_rows_again()
            self._look_up()
            return
        for id in touched.ids:
            self._rows.pop(id, None)
        if touched.order_changed:
            self._take_out_gone(touched.ids)
            self._look_up()
        if len(touched.ids) > 1:
            # Each of them would have to be looked for in the whole list.
            self._repaint_all()
        elif (position := self.position_of(touched.ids[0])) is not None:
            index = self.index(position, 0)
            self.dataChanged.emit(index, index)

    @Slot(str)
    def take_counts(self, encoding: str) -> None:
        """Tokens were counted: fetch the rows anew."""
        if encoding == ENCODING:
            self.read_rows_again()

    def read_rows_again(self) -> None:
        """Fetch what is painted anew: something beside the words has changed."""
        self._rows.clear()
        self._repaint_all()

    def _repaint_all(self) -> None:
        if self._ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, 0))

    def _take_out_gone(self, ids: Sequence[int]) -> None:
        """Have what was deleted leave the list now: looking it all up may take a moment."""
        project = self._open_project.project
        live = {id for id in ids if project.is_live(id)}
        gone = (id for id in ids if (id in live) == self.filter.in_bin)
        places = self.positions_of(list(gone))
        if not places:
            return
        self.about_to_change.emit()
        runs = runs_from_the_end(places)
        if len(runs) > MOST_RUNS:
            self._put(without(self._ids, places))
        else:
            for first, last in runs:
                self._remove(first, last - first + 1)
        self.settled.emit()

    # Looking up

    def _look_up(self, *, is_new: bool = False) -> None:
        was_searching = self._stop_looking()
        if self._open_project.is_open:
            counts = self._open_project.counts
            if counts.conversations + counts.binned <= SMALL and not self.filter.text:
                self._show(self._open_project.project.ids(self.filter))
            else:
                self._look_up_elsewhere(is_new=is_new)
        if self.is_searching != was_searching:
            self.searching_changed.emit(self.is_searching)

    def _look_up_elsewhere(self, *, is_new: bool) -> None:
        if is_new and self.filter == Filter():
            self.about_to_change.emit()
            project = self._open_project.project
            self._put(array("Q", project.search(self.filter, limit=PAGE, stop=_never)))
            self.settled.emit()
        work = finder(self._open_project.path, self.filter)
        self._lookup = self._runner.run_blocking(work, batch=True)
        self._has_hits = False
        self._is_new = is_new
        self._lookup.progressed.connect(self._take_hits)
        self._lookup.succeeded.connect(self._finish)
        self._lookup.failed.connect(self._fail)

    def _stop_looking(self) -> bool:
        """Have nothing more come in; return whether something might have."""
        if self._lookup is None:
            return False
        self._lookup.progressed.disconnect(self._take_hits)
        self._lookup.succeeded.disconnect(self._finish)
        self._lookup.failed.disconnect(self._fail)
        self._lookup.cancel()
        self._lookup = None
        return True

    @Slot(object)
    def _take_hits(self, batches: "list[array[int]]") -> None:
        if not self._is_new:
            return
        hits = array("Q")
        for batch in batches:
            hits.extend(batch)
        if self._has_hits:
            self._insert(len(self._ids), hits)
            return
        self._has_hits = True
        self.about_to_change.emit()
        self._put(hits)
        self.settled.emit()

    @Slot(object)
    def _finish(self, ids: "array[int]") -> None:
        self._lookup = None
        self._show(ids)
        self.searching_changed.emit(False)

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        """Leave the list as it is; the error is told as one that nobody expected."""
        self._lookup = None
        self.searching_changed.emit(False)
        raise error

    # Changing rows

    def _show(self, ids: "array[int]") -> None:
        self.about_to_change.emit()
        self._put(ids)
        self.settled.emit()
        self.filtered.emit()

    def _put(self, ids: "array[int]") -> None:
        """Change no row that stays: the view keeps its place, and what is selected there."""
        change = difference(self._ids, ids)
        if change.removed == len(self._ids):
            self.beginResetModel()
            self._ids = ids
            self._places.clear()
            self.endResetModel()
            return
        self._remove(change.start, change.removed)
        self._insert(change.start, ids[change.start : change.start + change.inserted])

    def _remove(self, start: int, n: int) -> None:
        if n:
            self.beginRemoveRows(NO_PARENT, start, start + n - 1)
            del self._ids[start : start + n]
            self._places.clear()
            self.endRemoveRows()

    def _insert(self, start: int, ids: "array[int]") -> None:
        if ids:
            self.beginInsertRows(NO_PARENT, start, start + len(ids) - 1)
            self._ids[start:start] = ids
            self._places.clear()
            self.endInsertRows()

    def _row(self, position: int) -> ConversationRow | None:
        id = self._ids[position]
        if id not in self._rows:
            if len(self._rows) > CACHED_ROWS:
                self._rows.clear()
                self._places.clear()
            start = position - position % PAGE
            wanted = self._ids[start : start + PAGE]
            self._places.update(zip(wanted, range(start, start + PAGE), strict=False))
            for row in self._open_project.project.rows(wanted, ENCODING):
                self._rows[row.id] = row
        return self._rows.get(id)


def _never() -> bool:
    return False
