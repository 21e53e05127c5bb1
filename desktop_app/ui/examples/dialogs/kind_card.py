"""Kinds of findings in the whole set, with the way to the conversations and a mend for all."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QPushButton

from desktop_app.storage.project.rows import Filter
from desktop_app.ui.widgets.parts import Card, button, chip, column, label, row


@dataclass(frozen=True)
class Kind:
    """What a card says. '' leaves a line or a button out, and so does no `where`.

    `way` is what the button says that shows them, `mend` the one that mends all findings of `code`.
    """

    title: str
    code: str
    blocks: bool
    reason: str = ""
    count: str = ""
    way: str = ""
    where: Filter | None = None
    mend: str = ""


class KindCard(Card):
    """`show_wanted` carries the filter and the title, `mend_wanted` the code."""

    show_wanted = Signal(object, str)
    mend_wanted = Signal(str)

    def __init__(self, kind: Kind) -> None:
        super().__init__(tone="bad" if kind.blocks else "", margin=12, spacing=6)
        self.kind = kind
        self.body.addWidget(label(kind.title, "strong", wrap=True))
        if kind.reason:
            self.body.addWidget(label(kind.reason, "small", wrap=True))
        self.show_button = self._button(kind.way if kind.where is not None else "")
        self.show_button.clicked.connect(self._show_them)
        self.mend_button = self._button(kind.mend)
        self.mend_button.clicked.connect(self._mend)
        parts = [chip(kind.count)] if kind.count else []
        buttons = [each for each in (self.show_button, self.mend_button) if each.text()]
        if parts or buttons:
            self.body.addLayout(row(*parts, *buttons, None, spacing=6))

    def _button(self, text: str) -> QPushButton:
        result = button(text, "small")
        result.setParent(self)
        result.setVisible(bool(text))
        result.setAccessibleDescription(self.kind.title)
        return result

    @Slot()
    def _show_them(self) -> None:
        self.show_wanted.emit(self.kind.where, self.kind.title)

    @Slot()
    def _mend(self) -> None:
        self.mend_wanted.emit(self.kind.code)


class KindList(QFrame):
    """The cards of some kinds, or a line that there are none; passes on what its cards want."""

    show_wanted = Signal(object, str)
    mend_wanted = Signal(str)

    def __init__(self, nothing: str) -> None:
        super().__init__()
        self._kinds: Sequence[Kind] = ()
        self.cards: list[KindCard] = []
        self._nothing = label(nothing, "muted", wrap=True)
        self._column = column(self._nothing, spacing=9)
        self.setLayout(self._column)

    def show_kinds(self, kinds: Sequence[Kind]) -> None:
        """Show these; a card that is the same stays, and with it the place of the keyboard."""
        if kinds == self._kinds:
            return
        kept = {card.kind: card for card in self.cards if card.kind in kinds}
        for card in self.cards:
            if card.kind not in kept:
                card.hide()
                card.deleteLater()
        self.cards = [kept.get(kind) or self._card(kind) for kind in kinds]
        for card in self.cards:
            self._column.addWidget(card)
        self._nothing.setVisible(not kinds)
        self._kinds = kinds

    def _card(self, kind: Kind) -> KindCard:
        card = KindCard(kind)
        card.show_wanted.connect(self.show_wanted)
        card.mend_wanted.connect(self.mend_wanted)
        return card
