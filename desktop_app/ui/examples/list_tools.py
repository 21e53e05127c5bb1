"""What stands behind the filters: the order, filters under names, and how many were found."""

import dataclasses

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from desktop_app.state.examples.saved_filters import SavedFilters
from desktop_app.storage.project.rows import Filter, Sort
from desktop_app.ui.examples.name_dialog import NameDialog
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.button_text import in_button
from desktop_app.ui.widgets.parts import label


class ListTools(QObject):
    """Reports the order that is chosen, and the filter that is taken up again.

    `sort`, `saved` and `found` are for whoever has a place for them.
    """

    sort_chosen = Signal(object)
    filter_chosen = Signal(object)

    def __init__(self, saved: SavedFilters, parent: QObject) -> None:
        super().__init__(parent)
        self._saved = saved
        self._filter = Filter()
        self.found = label(kind="small")
        self.sort = self._menu_button("arrow-up-down", self.tr("Order of the list"))
        self._orders = QActionGroup(self)
        for order, text in self._order_texts().items():
            action = self.sort.menu().addAction(text)
            action.setCheckable(True)
            action.setData(order)
            self._orders.addAction(action)
        self._orders.triggered.connect(self._choose_order)
        self.saved = self._menu_button("bookmark", self.tr("Saved filters"))
        self.saved.menu().aboutToShow.connect(self._fill_saved)
        self.show_filter(Filter())

    def _order_texts(self) -> dict[Sort, str]:
        return {
            Sort.LIST: self.tr("As in the project"), Sort.EDITED: self.tr("Changed last"),
            Sort.TITLE: self.tr("By title"), Sort.LONGEST: self.tr("Longest first"),
            Sort.SHORTEST: self.tr("Shortest first"), Sort.BEST: self.tr("Best rated first"),
        }  # fmt: skip

    @staticmethod
    def _menu_button(icon_name: str, name: str) -> QToolButton:
        result = QToolButton()
        result.setIcon(icon(icon_name))
        result.setAccessibleName(name)
        result.setToolTip(name)
        result.setProperty("kind", "tiny")
        result.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        result.setMenu(QMenu(result))
        return result

    def show_filter(self, where: Filter) -> None:
        """Follow the filter in force."""
        self._filter = where
        for action in self._orders.actions():
            action.setChecked(action.data() == where.sort)
        said = self._order_texts()[where.sort]
        self.sort.setToolTip(self.tr("Order of the list: %1").replace("%1", said))

    def show_found(self, found: int, *, is_searching: bool) -> None:
        """Say how many there are; while it is searched, how many so far."""
        if is_searching and found:
            text = self.tr("%Ln found so far…", "", found)
        elif is_searching:
            text = self.tr("searching…")
        elif dataclasses.replace(self._filter, sort=Sort.LIST) == Filter():
            text = ""
        else:
            text = self.tr("%Ln found", "", found)
        self.found.setText(text)
        self.found.setVisible(bool(text))

    @Slot(QAction)
    def _choose_order(self, action: QAction) -> None:
        self.sort_chosen.emit(Sort(action.data()))

    @Slot()
    def _fill_saved(self) -> None:
        menu = self.saved.menu()
        menu.clear()
        for name in self._saved.names:
            action = menu.addAction(in_button(name))
            action.setData(name)
            action.triggered.connect(self._take_up)
        menu.addSeparator()
        save = menu.addAction(self.tr("Save this filter…"))
        save.setEnabled(self._filter != Filter())
        save.triggered.connect(self._ask_name)
        if self._saved.names:
            delete = menu.addMenu(self.tr("Delete a saved filter"))
            for name in self._saved.names:
                action = delete.addAction(in_button(name))
                action.setData(name)
                action.triggered.connect(self._delete)

    @Slot()
    def _take_up(self) -> None:
        self.filter_chosen.emit(self._saved.get(self._data_of_sender()))

    @Slot()
    def _delete(self) -> None:
        self._saved.delete(self._data_of_sender())

    def _data_of_sender(self) -> str:
        sender: QObject = self.sender()
        return str(sender.data()) if isinstance(sender, QAction) else ""

    @Slot()
    def _ask_name(self) -> None:
        dialog = NameDialog(
            self.tr("Save this filter"),
            self.tr("A name, by which it is chosen later. One of the same name is replaced."),
            self.saved.window(),
        )
        dialog.named.connect(self._save)
        dialog.open()

    @Slot(str)
    def _save(self, name: str) -> None:
        self._saved.save(name, self._filter)
