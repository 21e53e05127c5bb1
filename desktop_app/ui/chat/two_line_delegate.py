"""Paints a list's entries: a title, a line under it, and a coloured word at the right."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import isolated

PADDING = 14
BADGE_PADDING = 8


class TwoLineDelegate(QStyledItemDelegate):
    """`DisplayRole` is the title; the roles of the other texts are given, -1 for none.

    The badge's tone is one of the theme's: "", "good", "warning" or "bad".
    """

    def __init__(
        self, theme: Theme, parent: QObject, *, subtitle: int, badge: int = -1, tone: int = -1
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._subtitle = subtitle
        self._badge = badge
        self._tone = tone

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        title, small = self._fonts(option)
        height = QFontMetrics(title).height() + QFontMetrics(small).height() + 2 * 11 + 4
        return QSize(160, height)

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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(colours.accent_soft))
            painter.fillRect(QRect(area.topLeft(), QSize(3, area.height())), QColor(colours.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(colours.sunken))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.border))
        inner = area.adjusted(PADDING, 10, -PADDING, -11)
        free = inner.width() - self._paint_badge(painter, option, index, inner)
        title, small = self._fonts(option)
        self._line(painter, title, colours.text, inner, free, self._text(index, None))
        below = inner.adjusted(0, QFontMetrics(title).height() + 4, 0, 0)
        subtitle = self._text(index, self._subtitle)
        self._line(painter, small, colours.muted, below, below.width(), subtitle)
        painter.restore()

    def _line(
        self, painter: QPainter, font: QFont, colour: str, area: QRect, width: int, text: str
    ) -> None:
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        place = QRect(area.left(), area.top(), width, metrics.height())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, flags, isolated(elided))

    def _paint_badge(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        inner: QRect,
    ) -> int:
        """Return the width that it takes, in pixels."""
        text = self._text(index, self._badge)
        if not text:
            return 0
        _, small = self._fonts(option)
        metrics = QFontMetrics(small)
        width = metrics.horizontalAdvance(text) + 2 * BADGE_PADDING
        area = QRect(inner.right() - width, inner.top() - 1, width, metrics.height() + 4)
        colours = self._theme.colours
        ink, ground = {
            "good": (colours.good, colours.good_soft),
            "warning": (colours.warning, colours.warning_soft),
            "bad": (colours.bad, colours.bad_soft),
        }.get(self._text(index, self._tone), (colours.muted, colours.sunken))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(area), area.height() / 2, area.height() / 2)
        painter.setFont(small)
        painter.setPen(QColor(ink))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        return width + PADDING

    def _fonts(self, option: QStyleOptionViewItem) -> tuple[QFont, QFont]:
        small = QFont(option.font)
        small.setPointSizeF(option.font.pointSizeF() * 0.9)
        return QFont(option.font), small

    def _text(self, index: QModelIndex | QPersistentModelIndex, role: int | None) -> str:
        wanted = int(Qt.ItemDataRole.DisplayRole) if role is None else role
        value = index.data(wanted) if wanted >= 0 else None
        return value if isinstance(value, str) else ""
