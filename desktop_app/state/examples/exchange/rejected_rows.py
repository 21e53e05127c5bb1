"""The rows that an import could not read, as a table in which those to be mended are ticked."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from desktop_app.core.examples.imported import Rejected
from desktop_app.state.examples.exchange.importing import Mending

NUMBER, MEND, WHY, TEXT = range(4)
SHOWN = 200
"""Characters of a row that a table can paint quickly."""

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole


class RejectedRows(QAbstractTableModel):
    """`can_mend` False shows what was left out in the end, with nothing to choose."""

    def __init__(
        self, rejected: Sequence[Rejected], *, can_mend: bool, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._rows = rejected
        self._can_mend = can_mend
        self._everything = False
        self._ticked: set[int] = set()

    @property
    def mending(self) -> Mending:
        """What is to be mended."""
        return Mending(self._everything, frozenset(self._ticked))

    def row(self, place: int) -> Rejected:
        return self._rows[place]

    def can_mend(self, place: int) -> bool:
        return self._can_mend and self._rows[place].mended is not None

    def is_ticked(self, place: int) -> bool:
        return self.can_mend(place) and (self._everything or place in self._ticked)

    def tick(self, place: int, *, on: bool) -> None:
        """Mend a row, or leave it out; one that is left out ends "everything"."""
        if not self.can_mend(place):
            return
        if self._everything and not on:
            self._everything = False
            self._ticked = {other for other in range(len(self._rows)) if self.can_mend(other)}
        (self._ticked.add if on else self._ticked.discard)(place)
        self._tell()

    def tick_all(self) -> None:
        """Mend whatever can be mended, those that are not listed too."""
        self._everything = True
        self._tell()

    def _tell(self) -> None:
        if self._rows:
            last = self.index(len(self._rows) - 1, MEND)
            self.dataChanged.emit(self.index(0, MEND), last)

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt has it
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt has it
        return 0 if parent.isValid() else 4

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() == MEND and self.can_mend(index.row()):
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags

    @override
    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        if not index.isValid():
            return None
        rejected = self._rows[index.row()]
        if role == Role.CheckStateRole and index.column() == MEND:
            return self._check_state(index.row())
        if role == Role.ToolTipRole and index.column() == WHY:
            return rejected.detail
        if role == Role.DisplayRole:
            mend = self.tr("Mend") if self.can_mend(index.row()) else ""
            shown = rejected.text[:SHOWN].replace("\n", " ")
            return (f"{rejected.number:,}", mend, rejected.detail, shown)[index.column()]
        return None

    @override
    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        if role != Role.CheckStateRole or not self.can_mend(index.row()):
            return False
        self.tick(index.row(), on=value == Qt.CheckState.Checked.value)
        return True

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> object:
        if role != Role.DisplayRole or orientation == Qt.Orientation.Vertical:
            return None
        return (self.tr("Row"), self.tr("Mend"), self.tr("Why it cannot be read"),
                self.tr("What stands there"))[section]  # fmt: skip

    def _check_state(self, place: int) -> Qt.CheckState | None:
        if not self.can_mend(place):
            return None
        states = Qt.CheckState
        return states.Checked if self.is_ticked(place) else states.Unchecked
