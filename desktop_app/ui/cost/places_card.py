"""All models side by side."""

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop_app.state.cost.cost import CostState
from desktop_app.state.cost.places_to_train import MODEL, NOTE, READY_IN, REPLIES, TRAINING, WHERE
from desktop_app.ui.cost.place_delegate import PlaceDelegate
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Card, label, row

ROW_HEIGHT = 34
WIDTHS = {WHERE: 124, TRAINING: 98, REPLIES: 100, READY_IN: 136, NOTE: 202}


class PlacesCard(Card):
    """The table; choosing a row chooses the model that the other cards are about."""

    def __init__(self, cost: CostState, theme: Theme) -> None:
        super().__init__()
        self._cost = cost
        self.same = label(kind="muted")
        self.table = QTableView()
        self.table.setModel(cost.places)
        self.table.setItemDelegate(PlaceDelegate(theme, self.table))
        self.table.setAccessibleName(self.tr("Where to train"))
        self._set_up_table()
        title = label(self.tr("Where to train"), "heading")
        self.body.addLayout(row(title, None, self.same))
        self.body.addWidget(self.table, 1)
        cost.changed.connect(self._refresh)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self._refresh()

    def _set_up_table(self) -> None:
        table = self.table
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setProperty("kind", "figures")
        for column, width in WIDTHS.items():
            table.setColumnWidth(column, width)
        header.setSectionResizeMode(MODEL, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(90)
        table.setMinimumHeight(ROW_HEIGHT * 5)

    @Slot(QModelIndex)
    def _choose(self, current: QModelIndex) -> None:
        place = self._cost.places.place(current.row())
        if place is not None:
            self._cost.choose(place.key)

    @Slot()
    def _refresh(self) -> None:
        estimate = self._cost.estimate
        self.same.setText(
            self.tr("the same conversations to train on: {n}").format(
                n=f"{estimate.conversations:,}"
            )
            if estimate
            else ""
        )
        row_number = self._cost.places.row_of(self._cost.choice.key)
        if row_number is not None and self.table.currentIndex().row() != row_number:
            self.table.selectRow(row_number)
