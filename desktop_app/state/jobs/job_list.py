"""The list of jobs: name, where it trains, how it stands, how long it still takes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Slot,
)
from typing_extensions import override

from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.facts import cost, place
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.texts import silence, status, time_left
from desktop_app.storage.project.jobs import JobRecord

ROW = Qt.ItemDataRole.UserRole
TICK_MS = 1000
Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


@dataclass(frozen=True)
class JobRow:
    """One job, worded. `trailing` is the time left, or what it cost."""

    submission: str
    name: str
    place: str
    status: str
    tone: str
    trailing: str


class JobList(QAbstractListModel):
    """One row a job, newest first; `ROW` gives the whole JobRow. Times are kept up to date."""

    def __init__(self, jobs: Jobs, connections: Connections, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._connections = connections
        self._rows: list[JobRow] = []
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.refresh)
        jobs.changed.connect(self.refresh)
        jobs.job_changed.connect(self._refresh_one)
        connections.changed.connect(self.refresh)
        self.refresh()

    def row_of(self, submission: str) -> int | None:
        """Where a job stands, if it is listed."""
        for number, row in enumerate(self._rows):
            if row.submission == submission:
                return number
        return None

    def submission_at(self, row: int) -> str:
        """The job in a row, "" if there is none."""
        return self._rows[row].submission if 0 <= row < len(self._rows) else ""

    @override
    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name[:200]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (row.name, row.status, row.trailing, row.place)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.name}\n{row.place}"
        return None

    @Slot()
    def refresh(self) -> None:
        """Word every job anew, and keep ticking while one is not over."""
        now = time.time()
        self._show([self._row(record, now) for record in self._jobs.records()])
        ticking = self._jobs.active_count > 0
        if ticking != self._timer.isActive():
            (self._timer.start if ticking else self._timer.stop)()

    @Slot(str)
    def _refresh_one(self, submission: str) -> None:
        number, record = self.row_of(submission), self._jobs.record(submission)
        if number is not None and record is not None:
            self._replace(number, self._row(record, time.time()))

    def _show(self, rows: Sequence[JobRow]) -> None:
        old, new = self._ids(self._rows), self._ids(rows)
        added = len(new) - len(old)
        if added > 0 and new[added:] == old:
            self.beginInsertRows(NO_PARENT, 0, added - 1)
            self._rows[:0] = rows[:added]
            self.endInsertRows()
        elif added == -1 and (gone := _only_gone(old, new)) is not None:
            self.beginRemoveRows(NO_PARENT, gone, gone)
            del self._rows[gone]
            self.endRemoveRows()
        elif new != old:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
        for number, row in enumerate(rows):
            self._replace(number, row)

    def _replace(self, number: int, row: JobRow) -> None:
        if self._rows[number] != row:
            self._rows[number] = row
            self.dataChanged.emit(self.index(number), self.index(number))

    def _ids(self, rows: Sequence[JobRow]) -> list[str]:
        return [row.submission for row in rows]

    def _row(self, record: JobRecord, now: float) -> JobRow:
        text, tone = status(self._jobs, record)
        quiet = silence(record, now)
        left = time_left(self._jobs, record, now)
        return JobRow(
            record.submission,
            record.name,
            place(self._connections, record),
            text,
            "warning" if quiet else tone,
            quiet or left or cost(self._jobs, self._connections, record),
        )


def _only_gone(old: list[str], new: list[str]) -> int | None:
    """Return which one of the old is missing, if nothing else has changed."""
    for number in range(len(old)):
        if old[:number] + old[number + 1 :] == new:
            return number
    return None
