"""Dragging a card to another place, the conversation scrolling along at its edges."""

from PySide6.QtCore import QObject, QPoint, QTimer, Slot
from PySide6.QtWidgets import QScrollArea

from desktop_app.ui.examples.editor.card_column import CardColumn

EDGE = 36
"""Pixels at the top and bottom of what is seen within which it scrolls."""

STEP = 12
TICK_MS = 16


class CardDrag(QObject):
    """Marks where the card would go; `end` says where it went."""

    def __init__(self, column: CardColumn, scroll: QScrollArea) -> None:
        super().__init__(scroll)
        self._column = column
        self._scroll = scroll
        self._at = QPoint()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._scroll_along)

    @Slot(int, QPoint)
    def move(self, _index: int, place: QPoint) -> None:
        """Follow the mouse, in places of the screen."""
        self._at = place
        self._column.mark(self._column.place_at(place))
        self._timer.start()

    def end(self, index: int) -> int:
        """Return where the card at `index` is to stand among the messages."""
        self._timer.stop()
        self._column.unmark()
        place = self._column.place_at(self._at)
        return place - 1 if place > index else place

    @Slot()
    def _scroll_along(self) -> None:
        y = self._scroll.viewport().mapFromGlobal(self._at).y()
        bar = self._scroll.verticalScrollBar()
        if y < EDGE:
            bar.setValue(bar.value() - STEP)
        elif y > self._scroll.viewport().height() - EDGE:
            bar.setValue(bar.value() + STEP)
        self._column.mark(self._column.place_at(self._at))
