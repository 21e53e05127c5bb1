"""A plain text box as tall as what is in it, up to a limit past which it scrolls."""

from math import ceil

from PySide6.QtCore import QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget
from typing_extensions import override

MAX_HEIGHT = 460


class GrowingTextEdit(QPlainTextEdit):
    """Plain text, whatever is pasted. `typed` carries what the user, not the program, wrote."""

    typed = Signal(str)
    focused = Signal()

    def __init__(
        self, parent: QWidget | None = None, *, min_lines: int = 1, max_height: int = MAX_HEIGHT
    ) -> None:
        super().__init__(parent)
        self._min_lines = min_lines
        self._max_height = max_height
        self._is_filling = False
        self.setTabChangesFocus(True)
        self.setProperty("kind", "bare")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self._take_change)

    def fill(self, text: str) -> None:
        """Show a text without reporting it as typed; the cursor stays where it can."""
        if text == self.toPlainText():
            return
        self._is_filling = True
        place = self.textCursor().position() if self.hasFocus() else 0
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.setPosition(min(place, self.document().characterCount() - 1))
        self.setTextCursor(cursor)
        self._is_filling = False
        self._fit()

    @Slot()
    def _take_change(self) -> None:
        self._align()
        self._fit()
        if not self._is_filling:
            self.typed.emit(self.toPlainText())

    def _align(self) -> None:
        """Begin the lines where the script of the first one begins; Qt aligns all to one side."""
        option = self.document().defaultTextOption()
        is_rtl = self.document().firstBlock().textDirection() == Qt.LayoutDirection.RightToLeft
        side = Qt.AlignmentFlag.AlignRight if is_rtl else Qt.AlignmentFlag.AlignLeft
        if option.alignment() != side:
            option.setAlignment(side)
            self.document().setDefaultTextOption(option)

    def _fit(self) -> None:
        least = self._min_lines * self.fontMetrics().lineSpacing()
        margins = self.contentsMargins()
        frame = margins.top() + margins.bottom()
        wanted = max(least, self._height_of_text()) + frame + 6
        self.setFixedHeight(min(wanted, self._max_height))
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if wanted > self._max_height else policy.ScrollBarAlwaysOff
        )

    def _height_of_text(self) -> int:
        """In pixels, as far as it can be shown at once.

        By what is laid out: lines of another script may be higher than those of the font, and a
        paragraph counts as one line of the document until somebody asks about it.
        """
        height = 0.0
        block = self.document().firstBlock()
        while block.isValid() and height <= self._max_height:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        return ceil(height)

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, self.height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    @override
    def insertFromMimeData(self, source: QMimeData) -> None:
        self.insertPlainText(source.text())
