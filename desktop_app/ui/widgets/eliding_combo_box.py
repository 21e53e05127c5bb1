"""A choice whose text is shortened where the box has no room for it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter
from typing_extensions import override


class ElidingComboBox(QComboBox):
    """Qt cuts such a text in the middle of a letter. Names often differ at both ends."""

    def shown_text(self) -> str:
        """What the box has room for."""
        option = self._option()
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        mode = Qt.TextElideMode.ElideMiddle
        # The style draws the text one pixel from either side of its field.
        return self.fontMetrics().elidedText(option.currentText, mode, room.width() - 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), self._option()
        option.currentText = self.shown_text()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _option(self) -> QStyleOptionComboBox:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0:
            palette = option.palette
            palette.setBrush(QPalette.ColorRole.ButtonText, palette.placeholderText())
            option.palette, option.currentText = palette, self.placeholderText()
        return option
