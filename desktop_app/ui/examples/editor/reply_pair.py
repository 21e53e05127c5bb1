"""Two replies to the same words, side by side: the one preferred and the other."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from desktop_app.core.examples.conversation import Conversation
from desktop_app.ui.examples.message_card import MessageCard
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.flow_layout import wrapping_row
from desktop_app.ui.widgets.parts import button, column, label

LEAST_SIDE_BY_SIDE = 560
"""Pixels of width below which the replies stand one under the other."""


class ReplyPair(QWidget):
    """Shows the cards it is given; one reply is one message, but files may hold more."""

    swap_wanted = Signal()
    keep_wanted = Signal()
    reply_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.swap = button(self.tr("Swap"), "small")
        self.swap.setIcon(icon("arrow-left-right"))
        self.swap.setToolTip(self.tr("Prefer the other reply"))
        self.swap.clicked.connect(self.swap_wanted)
        self.keep = button(self.tr("Keep the preferred reply only"), "quiet-small")
        self.keep.clicked.connect(self.keep_wanted)
        self.add_preferred = self._adder()
        self.add_preferred.clicked.connect(self._want_preferred)
        self.add_other = self._adder()
        self.add_other.clicked.connect(self._want_other)
        self._columns = (self._side(self.add_preferred), self._side(self.add_other))
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(12)
        for side in self._columns:
            self._sides.addLayout(side, 1)
        title = label(self.tr("TWO REPLIES TO COMPARE (PREFERENCE)"), "section")
        layout = column(spacing=8)
        layout.addWidget(wrapping_row(title, self.swap, self.keep))
        layout.addLayout(self._sides)
        self.setLayout(layout)

    def show_cards(
        self, conversation: Conversation, preferred: list[MessageCard], other: list[MessageCard]
    ) -> None:
        """Put the cards of both replies into their columns."""
        words = (self.tr("Preferred"), self.tr("Not preferred"))
        for side, cards, word, tone in zip(
            self._columns, (preferred, other), words, ("good", "bad"), strict=True
        ):
            for place, card in enumerate(cards):
                card.show_standing(word, tone)
                if side.indexOf(card) != place:
                    side.insertWidget(place, card)
                card.setVisible(True)
        self.add_preferred.setVisible(not conversation.preferred)
        self.add_other.setVisible(not conversation.non_preferred)

    def _side(self, adder: QPushButton) -> QVBoxLayout:
        side = column(spacing=8)
        side.addWidget(adder)
        side.addStretch(1)
        return side

    def _adder(self) -> QPushButton:
        return button(self.tr("Write this reply"), "small")

    @Slot()
    def _want_preferred(self) -> None:
        self.reply_wanted.emit(True)

    @Slot()
    def _want_other(self) -> None:
        self.reply_wanted.emit(False)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        is_wide = self.width() >= LEAST_SIDE_BY_SIDE
        wanted = directions.LeftToRight if is_wide else directions.TopToBottom
        if self._sides.direction() != wanted:
            self._sides.setDirection(wanted)
