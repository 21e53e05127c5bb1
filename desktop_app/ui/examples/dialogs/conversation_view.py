"""A conversation to read, with what differs from another state of it marked."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from desktop_app.core.examples.differences import MarkedMessage
from desktop_app.ui.theme import Theme

LONGEST = 100_000
"""Characters that are shown at most: laying out a megabyte takes seconds."""


class ConversationView(QPlainTextEdit):
    """Messages one under the other, each under the name of its speaker.

    `tone` is that of the marks: "good" for what is new, "bad" for what is gone.
    """

    def __init__(self, theme: Theme, name: str, tone: str = "good") -> None:
        super().__init__()
        self._theme = theme
        self._tone = tone
        self._messages: Sequence[MarkedMessage] = ()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        theme.changed.connect(self._draw)

    def show_messages(self, messages: Sequence[MarkedMessage]) -> None:
        """Show these messages in place of what was shown."""
        self._messages = messages
        self._draw()

    @Slot()
    def _draw(self) -> None:
        self.clear()
        cursor = self.textCursor()
        plain, heading, mark = self._formats()
        room = LONGEST
        for number, message in enumerate(self._messages):
            if number:
                cursor.insertBlock()
                cursor.insertBlock()
            cursor.insertText(self._speaker(message.role), heading)
            cursor.insertBlock(QTextBlockFormat(), plain)
            for piece in message.pieces:
                cursor.insertText(piece.text[:room], mark if piece.is_new else plain)
                room = max(0, room - len(piece.text))
        if room == 0:
            cursor.insertBlock()
            cursor.insertText(self.tr("The rest is not shown."), heading)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _formats(self) -> tuple[QTextCharFormat, QTextCharFormat, QTextCharFormat]:
        colours = self._theme.colours
        plain, heading, mark = QTextCharFormat(), QTextCharFormat(), QTextCharFormat()
        plain.setForeground(QColor(colours.text))
        heading.setForeground(QColor(colours.muted))
        heading.setFontWeight(QFont.Weight.DemiBold)
        heading.setFontPointSize(self.font().pointSizeF() * 0.85)
        is_good = self._tone == "good"
        mark.setForeground(QColor(colours.good if is_good else colours.bad))
        mark.setBackground(QColor(colours.good_soft if is_good else colours.bad_soft))
        mark.setFontUnderline(is_good)
        mark.setFontStrikeOut(not is_good)
        return plain, heading, mark

    def _speaker(self, role: str) -> str:
        names = {
            "system": self.tr("SYSTEM INSTRUCTIONS"),
            "user": self.tr("USER"),
            "assistant": self.tr("ASSISTANT"),
            "tool": self.tr("TOOL"),
        }
        return names.get(role, role)
