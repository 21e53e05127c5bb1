"""All models side by side: what the same examples cost to train, where, and how soon."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

PLACE = Qt.ItemDataRole.UserRole
MODEL, WHERE, TRAINING, REPLIES, READY_IN, NOTE = range(6)
Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


@dataclass(frozen=True)
class Place:
    """One model at one service, worded. `key` tells it from all others; `tone` is the note's."""

    key: str
    model: str
    where: str
    training: str
    replies: str
    ready_in: str
    note: str = ""
    tone: str = ""
    is_closed: bool = False
    can_be_chosen: bool = True


class PlacesToTrain(QAbstractTableModel):
    """One row a model; `PLACE` gives the whole Place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._places: list[Place] = []

    def show(self, places: Sequence[Place]) -> None:
        """Take new figures; rows stay selected as long as the same models are listed."""
        if [place.key for place in places] != [place.key for place in self._places]:
            self.beginResetModel()
            self._places = list(places)
            self.endResetModel()
            return
        for row, place in enumerate(places):
            if place != self._places[row]:
                self._places[row] = place
                self.dataChanged.emit(self.index(row, MODEL), self.index(row, NOTE))

    def place(self, row: int) -> Place | None:
        """What stands in a row, if there is one."""
        return self._places[row] if 0 <= row < len(self._places) else None

    def row_of(self, key: str) -> int | None:
        """Where a model stands, if it is listed."""
        return next((row for row, place in enumerate(self._places) if place.key == key), None)

    @override
    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._places)

    @override
    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else NOTE + 1

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        place = self.place(index.row()) if index.isValid() else None
        if place is None:
            return None
        if role == PLACE:
            return place
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._texts(place)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(index.column())
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        place = self.place(index.row()) if index.isValid() else None
        if place is None:
            return Qt.ItemFlag.NoItemFlags
        if not place.can_be_chosen:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= NOTE:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles()[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(section)
        return None

    def _texts(self, place: Place) -> tuple[str, ...]:
        return (
            place.model,
            place.where,
            place.training,
            place.replies,
            place.ready_in,
            place.note,
        )

    def _titles(self) -> tuple[str, ...]:
        return (
            self.tr("Model"),
            self.tr("Where"),
            self.tr("Training"),
            self.tr("1,000 replies"),
            self.tr("Ready in"),
            self.tr("Note"),
        )


def alignment(column: int) -> Qt.AlignmentFlag:
    """Figures to the right, words to the left."""
    side = Qt.AlignmentFlag.AlignLeft
    if column in (TRAINING, REPLIES, READY_IN):
        side = Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
