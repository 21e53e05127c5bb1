"""Paints a figure with its interval beside it in grey."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop_app.state.evaluation.tables import FiguresTable
from desktop_app.ui.theme import Theme

PADDING = 8
GAP = 7


class FigureDelegate(QStyledItemDelegate):
    """For a FiguresTable; the first row, that of the tuned model, is in bold on a tint."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        colours = self._theme.colours
        area: QRect = option.rect
        painter.save()
        if index.row() == 0:
            painter.fillRect(area, QColor(colours.accent_soft))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.border))
        inner = area.adjusted(PADDING, 0, -PADDING, 0)
        text, beside = index.data(), index.data(FiguresTable.INTERVAL)
        strong, small = QFont(option.font), QFont(option.font)
        strong.setBold(index.row() == 0)
        small.setPointSizeF(option.font.pointSizeF() * 0.9)
        parts = [(strong, colours.text, text), (small, colours.muted, beside)]
        widths = [QFontMetrics(font).horizontalAdvance(words) for font, _, words in parts]
        left = inner.left()
        if index.column():
            left = inner.right() - widths[0] - (widths[1] + GAP if beside else 0)
        for (font, colour, words), width in zip(parts, widths, strict=True):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            place = QRect(left, inner.top(), width + 1, inner.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
            left += width + GAP
        painter.restore()
