"""The columns of a table, one under the other, each with a menu of what it can be."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from desktop_app.core.examples.tables.mapping import Role
from desktop_app.state.examples.exchange.table_choice import TableChoice
from desktop_app.ui.examples.exchange.role_names import OFFERED, role_name
from desktop_app.ui.widgets.parts import isolated

NAME, ROLE, CELLS = range(3)
MOST_COLUMNS = 60
"""Columns with a menu; those beyond are listed only where something is seen in them."""

SAMPLES = 3
LONGEST = 60
ROLE_WIDTH = 236
ROW_HEIGHT = 44


class ColumnList(QTableWidget):
    """`role_chosen` carries the place of a column and its new Role."""

    role_chosen = Signal(int, object)

    def __init__(self) -> None:
        super().__init__(0, 3)
        self.setAccessibleName(self.tr("Columns of the table"))
        self.setHorizontalHeaderLabels(
            [self.tr("Column"), self.tr("Becomes"), self.tr("What stands in it")]
        )
        self._places: list[int] = []
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        header = self.horizontalHeader()
        modes = QHeaderView.ResizeMode
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(NAME, modes.Interactive)
        header.setSectionResizeMode(ROLE, modes.Fixed)
        header.setSectionResizeMode(CELLS, modes.Stretch)
        header.resizeSection(NAME, 150)
        header.resizeSection(ROLE, ROLE_WIDTH)

    def show_columns(self, choice: TableChoice) -> None:
        """Show a table's columns; menus that are there already stay, and so does the focus."""
        roles = choice.mapping.roles
        places = [n for n, role in enumerate(roles) if n < MOST_COLUMNS or role != Role.IGNORE]
        if places != self._places:
            self._places = places
            self._make_menus()
        for place_in_list, place in enumerate(places):
            name = choice.column_name(place) or self.tr("Column %1").replace("%1", str(place + 1))
            cells = [isolated(_one_line(text)) for text in choice.samples(place, SAMPLES)]
            self._fill(place_in_list, NAME, isolated(_one_line(name)))
            self._fill(place_in_list, CELLS, "   ·   ".join(cells))
            menu = self.menu(place)
            menu.setCurrentIndex(menu.findData(roles[place]))
            menu.setAccessibleName(self.tr("What %1 becomes").replace("%1", name))

    def menu(self, place: int) -> QComboBox:
        """The menu of a column."""
        found = self.cellWidget(self._places.index(place), ROLE)
        assert isinstance(found, QComboBox)
        return found

    def _make_menus(self) -> None:
        self.setRowCount(0)
        self.setRowCount(len(self._places))
        for place_in_list in range(len(self._places)):
            menu = QComboBox()
            for role in OFFERED:
                menu.addItem(role_name(role), role)
            menu.setMaxVisibleItems(len(OFFERED))
            menu.setProperty("kind", "cell")
            menu.activated.connect(self._choose)
            self.setCellWidget(place_in_list, ROLE, menu)

    @Slot()
    def _choose(self) -> None:
        for place in self._places:
            menu = self.menu(place)
            if menu is self.sender():
                # Qt gives back the bare text of what it was given.
                self.role_chosen.emit(place, Role(menu.currentData()))
                return

    def _fill(self, place: int, column: int, text: str) -> None:
        item = QTableWidgetItem(text)
        item.setToolTip(text)
        self.setItem(place, column, item)


def _one_line(text: str) -> str:
    """The first characters of a cell, its line ends shown as spaces."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return " ".join(short.split())
