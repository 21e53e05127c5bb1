"""Paints a row of the list: title, what it is made of, and a chip for what stands out."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop_app.state.examples.conversation_list import ROW
from desktop_app.storage.project.rows import ConversationRow, Split
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import isolated

MARGIN = 14


class ConversationDelegate(QStyledItemDelegate):
    """Two lines a row; total over any row, as an exception in `paint` surfaces far away."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(200, row_height(option.font))

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        painter.save()
        item: ConversationRow | None = index.data(ROW)
        state: QStyle.StateFlag = option.state
        area: QRect = option.rect
        self._paint_ground(painter, area, bool(state & QStyle.StateFlag.State_Selected))
        if item is not None:
            font: QFont = option.font
            self._paint_row(painter, area, font, item)
        painter.restore()

    def _paint_ground(self, painter: QPainter, area: QRect, selected: bool) -> None:
        colours = self._theme.colours
        painter.fillRect(area, QColor(colours.accent_soft if selected else colours.surface))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.border))
        if selected:
            painter.fillRect(
                QRect(area.left(), area.top(), 3, area.height()), QColor(colours.accent)
            )

    def _paint_row(
        self, painter: QPainter, area: QRect, font: QFont, item: ConversationRow
    ) -> None:
        inner = area.adjusted(MARGIN, 9, -MARGIN, -9)
        used = self._paint_chip(painter, inner, font, item)
        colours = self._theme.colours
        painter.setFont(font)
        painter.setPen(QColor(colours.text if item.title else colours.faint))
        metrics = QFontMetrics(font)
        title = item.title or self.tr("Empty conversation")
        elided = metrics.elidedText(title, Qt.TextElideMode.ElideRight, inner.width() - used)
        top = Qt.AlignmentFlag.AlignTop
        painter.drawText(
            inner.adjusted(0, 0, -used, 0), top | Qt.AlignmentFlag.AlignLeft, isolated(elided)
        )
        painter.setFont(smaller(font))
        painter.setPen(QColor(colours.muted))
        bottom = Qt.AlignmentFlag.AlignBottom
        turns = self.tr("%Ln message(s)", "", item.n_messages)
        painter.drawText(inner, bottom | Qt.AlignmentFlag.AlignLeft, turns)
        if item.tokens is not None:
            tokens = self.tr("%Ln token(s)", "", item.tokens)
            painter.drawText(inner, bottom | Qt.AlignmentFlag.AlignRight, tokens)

    def _paint_chip(
        self, painter: QPainter, inner: QRect, font: QFont, item: ConversationRow
    ) -> int:
        colours = self._theme.colours
        if item.n_blocking:
            text, ink, ground = (
                self.tr("%n problem(s)", "", item.n_blocking), colours.bad, colours.bad_soft,
            )  # fmt: skip
        elif item.split == Split.TEST:
            text, ink, ground = self.tr("test"), colours.muted, colours.sunken
        else:
            return 0
        small = smaller(font)
        metrics = QFontMetrics(small)
        width, height = metrics.horizontalAdvance(text) + 16, metrics.height() + 4
        chip = QRect(inner.right() - width + 1, inner.top() - 1, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(chip, height / 2, height / 2)
        painter.setFont(small)
        painter.setPen(QColor(ink))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
        return width + 8


def smaller(font: QFont) -> QFont:
    """The font of second lines and chips."""
    result = QFont(font)
    result.setPointSizeF(font.pointSizeF() * 0.88)
    return result


def row_height(font: QFont) -> int:
    """The height of every row: two lines and the air around them."""
    return QFontMetrics(font).height() + QFontMetrics(smaller(font)).height() + 25
