"""The words of a message: plain text as tall as it is, to be selected, and edited if asked."""

import math

from PySide6.QtCore import QMimeData, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget
from typing_extensions import override

EDIT_HEIGHT = 400
"""Past this an edited text scrolls within itself."""
EDIT_MARGIN = 7
LINE_SPACING = 118.0
"""In per cent of the font's own."""


class MessageText(QTextEdit):
    """Grows with a streamed text at the cost of what is new.

    Not QPlainTextEdit, which knows its height only once it is shown. Each paragraph runs in the
    direction of its own script.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "message")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setReadOnly(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._text = ""

    def show_text(self, text: str) -> None:
        """Show a text; one that begins with what is shown is only added to."""
        if text == self._text:
            return
        if self._text and text.startswith(self._text):
            self._append(text[len(self._text) :])
        else:
            self._set(text)
        self._text = text
        self.updateGeometry()

    def set_editing(self, editing: bool) -> None:
        """Let the words be changed, or put back those that were shown."""
        if editing == (not self.isReadOnly()):
            return
        self.setReadOnly(not editing)
        self.setProperty("kind", "message-edited" if editing else "message")
        self.document().setDocumentMargin(EDIT_MARGIN if editing else 0)
        self.style().unpolish(self)
        self.style().polish(self)
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if editing else policy.ScrollBarAlwaysOff
        )
        if editing:
            self.document().contentsChanged.connect(self.updateGeometry)
            self.moveCursor(QTextCursor.MoveOperation.End)
            self.setFocus()
        else:
            self.document().contentsChanged.disconnect(self.updateGeometry)
            self._set(self._text)
        self.updateGeometry()

    def _append(self, text: str) -> None:
        selected = self.textCursor()
        selected.setKeepPositionOnInsert(True)
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        selected.setKeepPositionOnInsert(False)
        self.setTextCursor(selected)

    def _set(self, text: str) -> None:
        self.setPlainText(text)
        spacing = QTextBlockFormat()
        kind = QTextBlockFormat.LineHeightTypes.ProportionalHeight
        spacing.setLineHeight(LINE_SPACING, kind.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spacing)
        self.document().clearUndoRedoStacks()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        document = self.document()
        inner = float(max(1, width - self._chrome().width()))
        shown = document.textWidth()
        if shown == inner:
            height = document.size().height()
        else:
            # Unheard, or the view would set the width back at once.
            with QSignalBlocker(document.documentLayout()):
                document.setTextWidth(inner)
                height = document.size().height()
                document.setTextWidth(shown)
        wanted = math.ceil(height) + self._chrome().height()
        return wanted if self.isReadOnly() else min(wanted, EDIT_HEIGHT)

    @override
    def sizeHint(self) -> QSize:
        # The height follows from the width, which layouts ask for separately.
        return QSize(self.ideal_width(), self.fontMetrics().lineSpacing())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.fontMetrics().lineSpacing())

    def ideal_width(self) -> int:
        """The width at which no line is broken that need not be, in pixels."""
        metrics = self.fontMetrics()
        lines = self._text.split("\n", 50)
        longest = max((metrics.horizontalAdvance(line[:400]) for line in lines), default=0)
        return longest + self._chrome().width() + 4

    def _chrome(self) -> QSize:
        margins = self.contentsMargins()
        return QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    @override
    def wheelEvent(self, e: QWheelEvent) -> None:
        # A text as tall as itself leaves the wheel to the log around it.
        if self.verticalScrollBar().maximum() > 0:
            super().wheelEvent(e)
        else:
            e.ignore()

    @override
    def insertFromMimeData(self, source: QMimeData) -> None:
        self.insertPlainText(source.text())
