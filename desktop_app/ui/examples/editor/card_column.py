"""The cards of a conversation, one under the other, and the mark that shows where one is let go."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFrame, QWidget

from desktop_app.ui.examples.message_card import MessageCard
from desktop_app.ui.widgets.parts import column

SPACING = 9


class CardColumn(QWidget):
    """Holds cards in the order they are given; `place_at` says where a dragged one would go."""

    def __init__(self) -> None:
        super().__init__()
        self._cards: list[MessageCard] = []
        self._column = column(spacing=SPACING)
        self.setLayout(self._column)
        self.marker = QFrame(self)
        self.marker.setProperty("kind", "drop-marker")
        self.marker.hide()

    def arrange(self, cards: list[MessageCard]) -> None:
        """Put the cards into this order; those that are missing here are hidden."""
        for place, card in enumerate(cards):
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            card.show()
        self._cards = list(cards)

    def place_at(self, place: QPoint) -> int:
        """Return the number of cards that lie above a place on the screen."""
        y = self.mapFromGlobal(place).y()
        return sum(card.geometry().center().y() < y for card in self._cards)

    def mark(self, place: int) -> None:
        """Draw a line where a card would come to lie."""
        if place < len(self._cards):
            y = self._cards[place].y() - SPACING // 2 - 1
        else:
            y = self._cards[-1].geometry().bottom() + SPACING // 2
        self.marker.setGeometry(0, max(0, y), self.width(), 3)
        self.marker.show()
        self.marker.raise_()

    def unmark(self) -> None:
        self.marker.hide()
