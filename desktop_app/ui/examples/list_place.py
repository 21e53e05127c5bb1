"""Where a user is in the list: the current row, what is selected, what is at the top of the view.

All of it is found again by the conversations' ids when rows come and go.
"""

from array import array

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject, Signal, Slot
from PySide6.QtWidgets import QTableView

from desktop_app.state.examples.conversation_list import ConversationList

MOST_SELECTED = 1000
"""Of more, those are selected still whose rows stayed."""

Flag = QItemSelectionModel.SelectionFlag


class ListPlace(QObject):
    """`changed`: another conversation is the current one, or others are selected."""

    changed = Signal()

    def __init__(self, conversations: ConversationList, view: QTableView) -> None:
        super().__init__(view)
        self._list = conversations
        self._view = view
        self._wanted: int | None = None
        self._is_asked_for = False
        self._is_changing = False
        self._row = self._n_selected = 0
        self._selected = array("Q")
        self._top: tuple[int | None, int] = (None, 0)
        self._filter = conversations.filter
        conversations.about_to_change.connect(self._remember)
        conversations.settled.connect(self._restore)
        view.selectionModel().currentRowChanged.connect(self._take_current)
        view.selectionModel().selectionChanged.connect(self._take_selection)

    @property
    def current(self) -> int | None:
        """The conversation that is the current one."""
        return self._list.id_at(self._view.currentIndex().row())

    def selected(self) -> "array[int]":
        """The selected conversations, from the top. By ranges: an index a row takes too long."""
        selection = self._view.selectionModel().selection()
        parts = [selection.at(number) for number in range(selection.count())]
        found = array("Q")
        for top, end in sorted((part.top(), part.bottom() + 1) for part in parts):
            found.extend(self._list.ids[top:end])
        return found

    def go_to(self, id: int) -> None:
        """Make a conversation the current one, now or once the list holds it."""
        self._wanted = id
        self._is_asked_for = True
        place = self._list.position_of(id)
        if place is not None:
            self._choose(place)
            self._found_wanted()

    # Around an exchange of rows

    @Slot()
    def _remember(self) -> None:
        self._is_changing = True
        if self._wanted is None:
            self._wanted = self.current
        self._row = max(0, self._view.currentIndex().row())
        selected = self.selected()
        self._n_selected = len(selected)
        self._selected = selected if len(selected) <= MOST_SELECTED else array("Q")
        top = self._view.rowAt(0)
        self._top = (self._list.id_at(top), -self._view.rowViewportPosition(max(0, top)))

    @Slot()
    def _restore(self) -> None:
        try:
            self._find_again()
        finally:
            self._is_changing = False
        if self._wanted is None:
            self.changed.emit()

    def _find_again(self) -> None:
        is_new = self._list.filter != self._filter
        place = None if self._wanted is None else self._list.position_of(self._wanted)
        if place is None and self._list.is_searching:
            # It may still be found; what is in the editor stays there until then.
            self._view.selectionModel().clear()
            return
        is_asked_for = self._is_asked_for
        self._found_wanted()
        self._filter = self._list.filter
        if place is None:
            place = 0 if is_new else min(self._row, self._list.rowCount() - 1)
        if not self._is_untouched(place):
            selected = self._list.positions_of(self._selected) if len(self._selected) > 1 else []
            self._choose(place, selected)
        if not is_new and not is_asked_for:
            self._scroll_back()

    def _is_untouched(self, place: int) -> bool:
        """Whether the view itself kept all that was selected."""
        is_there = 0 <= place == self._view.currentIndex().row()
        return is_there and len(self.selected()) == self._n_selected > 0

    def _found_wanted(self) -> None:
        self._wanted = None
        self._is_asked_for = False

    def _choose(self, place: int, selected: list[int] | None = None) -> None:
        index = self._list.index(place, 0)
        model = self._view.selectionModel()
        if not index.isValid():
            model.clear()
            return
        if selected and place in selected:
            rows = QItemSelection()
            for row in selected:
                rows.select(self._list.index(row, 0), self._list.index(row, 0))
            model.select(rows, Flag.ClearAndSelect | Flag.Rows)
            model.setCurrentIndex(index, Flag.NoUpdate)
        else:
            model.setCurrentIndex(index, Flag.ClearAndSelect | Flag.Rows)
        self._view.scrollTo(index)

    def _scroll_back(self) -> None:
        id, offset = self._top
        place = None if id is None else self._list.position_of(id)
        if place is not None:
            height = self._view.verticalHeader().defaultSectionSize()
            self._view.verticalScrollBar().setValue(place * height + offset)

    # What its user does

    @Slot()
    def _take_current(self) -> None:
        if not self._is_changing:
            self._found_wanted()
            self.changed.emit()

    @Slot()
    def _take_selection(self) -> None:
        if not self._is_changing:
            self.changed.emit()
