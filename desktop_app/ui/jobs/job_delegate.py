"""Paints a row of the list of jobs: name and state, place and time left."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop_app.state.jobs.job_list import ROW, JobRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import isolated

MARGIN = 14
CHIP_PADDING = 8


class JobDelegate(QStyledItemDelegate):
    """Two lines a row; total over any row, as an exception in `paint` surfaces far away."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        body, small = _fonts(option)
        return QSize(200, QFontMetrics(body).height() + QFontMetrics(small).height() + 29)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        if isinstance(row, JobRow):
            self._paint_row(painter, option, row)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        colours, area = self._theme.colours, QRect(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(area, QColor(colours.accent_soft if selected else colours.surface))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.border))
        if selected:
            mark = QRect(area.left(), area.top(), 3, area.height())
            painter.fillRect(mark, QColor(colours.accent))

    def _paint_row(self, painter: QPainter, option: QStyleOptionViewItem, row: JobRow) -> None:
        colours = self._theme.colours
        body, small = _fonts(option)
        inner = QRect(option.rect).adjusted(MARGIN, 11, -MARGIN, -12)
        mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        body_height = QFontMetrics(body).height()
        top = QRect(inner.left(), inner.top(), inner.width(), body_height)
        below = inner.adjusted(0, body_height + 6, 0, 0)
        used = self._paint_chip(painter, top, small, row, mirrored=mirrored)
        _line(painter, body, colours.text, _start(top, used, mirrored=mirrored), row.name)
        trailing = QFontMetrics(small).horizontalAdvance(row.trailing) + 2
        _line(painter, small, colours.muted, _end(below, trailing, mirrored=mirrored), row.trailing)
        place = _start(below, trailing + 10, mirrored=mirrored)
        _line(painter, small, colours.muted, place, row.place)

    def _paint_chip(
        self, painter: QPainter, line: QRect, font: QFont, row: JobRow, *, mirrored: bool
    ) -> int:
        """Return the width that it takes."""
        metrics = QFontMetrics(font)
        most = int(line.width() * 0.6)
        text = metrics.elidedText(row.status, Qt.TextElideMode.ElideRight, most)
        width = metrics.horizontalAdvance(text) + 2 * CHIP_PADDING
        height = metrics.height() + 4
        area = _end(line, width, mirrored=mirrored)
        area.setTop(line.center().y() - height // 2)
        area.setHeight(height)
        ink, ground = self._tones(row.tone)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(area), height / 2, height / 2)
        painter.setFont(font)
        painter.setPen(QColor(ink))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        return width + 8

    def _tones(self, tone: str) -> tuple[str, str]:
        colours = self._theme.colours
        named = {
            "accent": (colours.accent, colours.accent_soft),
            "good": (colours.good, colours.good_soft),
            "warning": (colours.warning, colours.warning_soft),
            "bad": (colours.bad, colours.bad_soft),
        }
        return named.get(tone, (colours.muted, colours.sunken))


def _fonts(option: QStyleOptionViewItem) -> tuple[QFont, QFont]:
    body, small = QFont(option.font), QFont(option.font)
    small.setPointSizeF(body.pointSizeF() * 0.88)
    return body, small


def _start(area: QRect, used: int, *, mirrored: bool) -> QRect:
    """What is left of a line beside something at its end."""
    return area.adjusted(used, 0, 0, 0) if mirrored else area.adjusted(0, 0, -used, 0)


def _end(area: QRect, width: int, *, mirrored: bool) -> QRect:
    """The last part of a line."""
    left = area.left() if mirrored else area.right() - width + 1
    return QRect(left, area.top(), width, area.height())


def _line(painter: QPainter, font: QFont, colour: str, area: QRect, text: str) -> None:
    metrics = QFontMetrics(font)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    flags = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop
    painter.drawText(area, flags, isolated(elided))
