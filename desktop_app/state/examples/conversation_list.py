"""The list of conversations as an item model: ids in memory, rows fetched when painted."""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

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
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import ConversationRow, Filter, Touched

ROW = Qt.ItemDataRole.UserRole
PAGE = 128
CACHED_ROWS = 4096
ENCODING = "o200k_base"
Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


class ConversationList(QAbstractTableModel):
    """One column; `ROW` gives the ConversationRow. A new filter is looked up by a worker."""

    filtered = Signal()

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._ids: array[int] = array("Q")
        self._positions: dict[int, int] | None = None
        self._rows: dict[int, ConversationRow] = {}
        self._lookup: Task | None = None
        self.filter = Filter()
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
        if role in (Qt.ItemDataRole.DisplayRole, ROW, Qt.ItemDataRole.AccessibleTextRole):
            row = self._row(index.row())
            if role == ROW or row is None:
                return row
            return row.title
        return None

    # What others ask

    def id_at(self, position: int) -> int | None:
        """The conversation at a position in the list, if there is one."""
        return self._ids[position] if 0 <= position < len(self._ids) else None

    def position_of(self, id: int) -> int | None:
        """Where a conversation stands in the list, if it is in it."""
        if self._positions is None:
            self._positions = {value: place for place, value in enumerate(self._ids)}
        return self._positions.get(id)

    @property
    def ids(self) -> Sequence[int]:
        return self._ids

    def set_filter(self, where: Filter) -> None:
        """Show only what matches; the rows change once a worker has looked."""
        if where != self.filter:
            self.filter = where
            self._look_up()

    # Following the project

    @Slot()
    def _start_over(self) -> None:
        self.filter = Filter()
        self._show(self._open_project.project.ids())

    @Slot()
    def _clear(self) -> None:
        self._stop_looking()
        self.filter = Filter()
        self._show(array("Q"))

    @Slot(object)
    def _follow(self, touched: Touched) -> None:
        if touched.order_changed or not touched.ids:
            self._rows.clear()
            self._look_up()
            return
        for id in touched.ids:
            self._rows.pop(id, None)
            position = self.position_of(id)
            if position is not None:
                index = self.index(position, 0)
                self.dataChanged.emit(index, index)

    @Slot(str)
    def take_counts(self, encoding: str) -> None:
        """Tokens were counted: fetch the rows anew."""
        if encoding == ENCODING and self._ids:
            self._rows.clear()
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, 0))

    def _look_up(self) -> None:
        self._stop_looking()
        if not self._open_project.is_open:
            return
        if self.filter == Filter():
            self._show(self._open_project.project.ids())
            return
        self._lookup = self._runner.run_blocking(_finder(self._open_project.path, self.filter))
        self._lookup.succeeded.connect(self._show)

    def _stop_looking(self) -> None:
        if self._lookup is not None:
            self._lookup.succeeded.disconnect(self._show)
            self._lookup.cancel()
            self._lookup = None

    @Slot(object)
    def _show(self, ids: "array[int]") -> None:
        self.beginResetModel()
        self._ids = ids
        self._positions = None
        self._rows.clear()
        self.endResetModel()
        self.filtered.emit()

    def _row(self, position: int) -> ConversationRow | None:
        id = self._ids[position]
        if id not in self._rows:
            if len(self._rows) > CACHED_ROWS:
                self._rows.clear()
            start = position - position % PAGE
            wanted = self._ids[start : start + PAGE]
            for row in self._open_project.project.rows(wanted, ENCODING):
                self._rows[row.id] = row
        return self._rows.get(id)


def _finder(
    path: Path, where: Filter
) -> Callable[[Callable[[object], None], Callable[[], bool]], "array[int]"]:
    def find(_report: Callable[[object], None], should_stop: Callable[[], bool]) -> "array[int]":
        project = Project.open(path, shared=True)
        try:
            return array("Q", project.search(where, limit=None, stop=should_stop))
        finally:
            project.close()

    return find
