"""A line of text that gives way: shortened where there is no room for it."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel
from typing_extensions import override

from desktop_app.ui.widgets.parts import isolated

LEAST = 80


class ElidedLabel(QLabel):
    """Shows `full_text`, or as much as fits; all of it is in the tool tip then."""

    def __init__(
        self, kind: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self.full_text = ""
        self._mode = mode
        self._words = "%1"
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("kind", kind)

    def show_text(self, text: str, words: str = "%1") -> None:
        """Show a user's text; `words` of the program stand around its %1 and are never cut."""
        if (text, words) != (self.full_text, self._words):
            self.full_text, self._words = text, words
            self.setAccessibleName(words.replace("%1", text))
            self.updateGeometry()
            self._elide()

    @override
    def sizeHint(self) -> QSize:
        wanted = self.fontMetrics().horizontalAdvance(self.accessibleName()) + 2
        return QSize(max(wanted, LEAST), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()

    def _elide(self) -> None:
        metrics = self.fontMetrics()
        around = metrics.horizontalAdvance(self._words.replace("%1", ""))
        shown = metrics.elidedText(self.full_text, self._mode, self.width() - around)
        self.setText(self._words.replace("%1", isolated(shown)))
        self.setToolTip(self.full_text if shown != self.full_text else "")
