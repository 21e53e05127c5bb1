"""What the first conversations of a file or table will be: cards to look at, not to edit."""

import unicodedata
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, TOOL, USER, Message
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.ui.widgets.parts import (
    Card,
    Page,
    chip,
    column,
    isolated,
    label,
    row,
    rule,
    scrolling,
)

MOST_MESSAGES = 6
LONGEST = 280
"""Characters of a message that are shown."""

TONES = {SYSTEM: "dashed", ASSISTANT: "reply"}


class PreviewCards(Page):
    """Scrolls; `show_items` puts new cards in the place of the old ones."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("What the first conversations will be"))
        self._cards: QWidget | None = None
        self._area = scrolling(QWidget())
        self.setLayout(column(self._area))

    def show_items(self, items: Sequence[Imported | Rejected], nothing: str = "") -> None:
        """Show these, or why there is nothing to show."""
        inside = QWidget()
        layout = column(margin=12, spacing=8)
        for number, item in enumerate(items):
            if number:
                layout.addWidget(rule())
            for part in self._parts(item):
                layout.addWidget(part)
        if not items:
            layout.addWidget(label(nothing, "muted", wrap=True))
        layout.addStretch(1)
        inside.setLayout(layout)
        self._area.setWidget(inside)
        inside.setAutoFillBackground(False)

    def _parts(self, item: Imported | Rejected) -> list[QWidget]:
        if isinstance(item, Rejected):
            card = Card(tone="bad", margin=10, spacing=3)
            text = self.tr("Row %1 is no conversation").replace("%1", f"{item.number:,}")
            card.body.addWidget(label(text, "strong", wrap=True))
            card.body.addWidget(label(item.detail, "muted", wrap=True))
            return [card]
        messages = item.conversation.all_messages
        parts = [self._head(item), *map(_message, messages[:MOST_MESSAGES])]
        if len(messages) > MOST_MESSAGES:
            rest = len(messages) - MOST_MESSAGES
            parts.append(label(self.tr("%Ln more message(s)", "", rest), "small"))
        return parts

    def _head(self, item: Imported) -> QWidget:
        head = QWidget()
        words = label(self.tr("From row %1").replace("%1", f"{item.number:,}"), "small")
        chips = [chip(isolated(_short(tag, 24)), "accent") for tag in item.tags[:3]]
        stars = [label("★" * item.rating, "small")] if item.rating else []
        head.setLayout(row(words, *chips, *stars, None, spacing=6))
        return head


def _message(message: Message) -> Card:
    card = Card(tone=TONES.get(message.role, "quiet"), margin=8, spacing=2)
    card.body.addWidget(label(_speaker(message.role), "section"))
    card.body.addWidget(_text(message))
    card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
    return card


def _text(message: Message) -> QLabel:
    text = _short(message.text.strip(), LONGEST)
    if not text:
        return label(_no_text(message), "muted", wrap=True)
    result = label(isolated(text), wrap=True)
    if begins_rtl(text):
        result.setAlignment(Qt.AlignmentFlag.AlignRight)
    return result


def begins_rtl(text: str) -> bool:
    """Whether the first letter that has a direction goes from right to left (UAX #9, rule P2)."""
    strong = (unicodedata.bidirectional(letter) for letter in text[:LONGEST])
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"


def _no_text(message: Message) -> str:
    if message.tool_calls:
        return _tr("calls %1").replace("%1", message.tool_calls[0].function.name)
    if isinstance(message.content, tuple):
        return _tr("an image")
    return _tr("empty: to be written")


def _speaker(role: str) -> str:
    names = {
        SYSTEM: _tr("SYSTEM INSTRUCTIONS"),
        USER: _tr("USER"),
        ASSISTANT: _tr("ASSISTANT"),
        TOOL: _tr("TOOL"),
    }
    return names.get(role, role)


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _tr(text: str) -> str:
    return QCoreApplication.translate("PreviewCards", text)
