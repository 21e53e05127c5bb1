"""Paints a row of the list: title, what it is made of, and a chip for what stands out."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop_app.state.examples.conversation_list import PROBLEMS, ROW
from desktop_app.storage.project.rows import ConversationRow, Split
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import isolated
from desktop_app.ui.widgets.star_rating import star

MARGIN = 14
CHIP_SHARE = 0.42
"""Of a row's width, at most; tags may be long."""

GAP = 8


class ConversationDelegate(QStyledItemDelegate):
    """Two lines a row; total over any row, as an exception in `paint` surfaces far away.

    Where `in_bin` is set the chip offers to bring the conversation back, and `restore_wanted`
    carries which.
    """

    restore_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.in_bin = False
        self._bring_back = self.tr("Bring back")

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
            self._paint_row(painter, area, font, item, index.data(PROBLEMS))
        painter.restore()

    @override
    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        is_click = event.type() == QEvent.Type.MouseButtonRelease
        if self.in_bin and is_click and isinstance(event, QMouseEvent):
            item: ConversationRow | None = index.data(ROW)
            font: QFont = option.font
            area: QRect = option.rect
            place: QPoint = event.position().toPoint()
            chip = self._chip_area(_inner(area), font, self._bring_back)
            if item is not None and chip.contains(place):
                self.restore_wanted.emit(item.id)
                return True
        return super().editorEvent(event, model, option, index)

    def _paint_ground(self, painter: QPainter, area: QRect, selected: bool) -> None:
        colours = self._theme.colours
        painter.fillRect(area, QColor(colours.accent_soft if selected else colours.surface))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.border))
        if selected:
            painter.fillRect(
                QRect(area.left(), area.top(), 3, area.height()), QColor(colours.accent)
            )

    def _paint_row(
        self, painter: QPainter, area: QRect, font: QFont, item: ConversationRow, problems: int
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner, colours = _inner(area), self._theme.colours
        text, shows_tag = self._chip_text(item, problems)
        used = self._paint_chip(painter, inner, font, text, *self._chip_colours(item, problems))
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        title = item.title or self.tr("Empty conversation")
        _line(painter, inner.topLeft(), inner.width() - used, title)
        small = smaller(font)
        height = QFontMetrics(small).height()
        second = QRect(inner.left(), inner.bottom() - height + 1, inner.width(), height)
        painter.setFont(small)
        painter.setPen(QColor(colours.muted))
        second.setWidth(second.width() - self._paint_figures(painter, second, item))
        made_of = self.tr("%Ln message(s)", "", item.n_messages)
        tags = [isolated(tag) for tag in item.tags[1 if shows_tag else 0 :]]
        _line(painter, second.topLeft(), second.width(), " · ".join([made_of, *tags]))

    def _paint_figures(self, painter: QPainter, line: QRect, item: ConversationRow) -> int:
        """Paint tokens and rating at the right; return how wide they are."""
        metrics, right = painter.fontMetrics(), line.right() + 1
        colours = self._theme.colours
        if item.tokens is not None:
            tokens = self.tr("%Ln token(s)", "", item.tokens)
            right -= metrics.horizontalAdvance(tokens)
            painter.drawText(QPoint(right, line.top() + metrics.ascent()), tokens)
        if item.rating:
            side = metrics.ascent()
            number = f"{item.rating}"
            right -= (GAP if item.tokens is not None else 0) + metrics.horizontalAdvance(number)
            painter.drawText(QPoint(right, line.top() + metrics.ascent()), number)
            right -= side + 2
            painter.save()
            painter.translate(right, line.top() + (line.height() - side) / 2)
            painter.fillPath(star(float(side)), QColor(colours.warning))
            painter.restore()
        width = line.right() + 1 - right
        return width + GAP if width else 0

    # The chip

    def _chip_text(self, item: ConversationRow, problems: int) -> tuple[str, bool]:
        """What stands out, '' if nothing does, and whether it is the first tag."""
        if self.in_bin:
            return self._bring_back, False
        if problems:
            return self.tr("%n problem(s)", "", problems), False
        if item.n_advice:
            return self.tr("advice"), False
        if item.split == Split.TEST:
            return self.tr("test"), False
        return (item.tags[0], True) if item.tags else ("", False)

    def _chip_colours(self, item: ConversationRow, problems: int) -> tuple[str, str, str]:
        """Ink, ground and edge."""
        colours = self._theme.colours
        if self.in_bin:
            return colours.accent, colours.surface, colours.border_strong
        if problems:
            return colours.bad, colours.bad_soft, colours.bad_soft
        if item.n_advice:
            return colours.warning, colours.warning_soft, colours.warning_soft
        return colours.muted, colours.sunken, colours.border

    @staticmethod
    def _chip_area(inner: QRect, font: QFont, text: str) -> QRect:
        metrics = QFontMetrics(smaller(font))
        most = int(inner.width() * CHIP_SHARE)
        width, height = min(metrics.horizontalAdvance(text) + 16, most), metrics.height() + 4
        return QRect(inner.right() - width + 1, inner.top() - 1, width, height)

    def _paint_chip(
        self, painter: QPainter, inner: QRect, font: QFont, text: str,
        ink: str, ground: str, edge: str,
    ) -> int:  # fmt: skip
        """Paint the chip; return how much of the first line it takes."""
        if not text:
            return 0
        chip = self._chip_area(inner, font, text)
        painter.setPen(QColor(edge))
        painter.setBrush(QColor(ground))
        radius = chip.height() / 2
        painter.drawRoundedRect(chip.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.setFont(smaller(font))
        painter.setPen(QColor(ink))
        _line(painter, chip.topLeft() + QPoint(8, 2), chip.width() - 15, text)
        return chip.width() + GAP


def _line(painter: QPainter, corner: QPoint, width: int, text: str) -> None:
    """Write a user's text from its top left corner, cut off where there is no room.

    By the base line of the program's font: that of another script may be higher.
    """
    metrics = painter.fontMetrics()
    elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    painter.drawText(corner + QPoint(0, metrics.ascent()), isolated(elided))


def _inner(area: QRect) -> QRect:
    return area.adjusted(MARGIN, 9, -MARGIN, -9)


def smaller(font: QFont) -> QFont:
    """The font of second lines and chips."""
    result = QFont(font)
    result.setPointSizeF(font.pointSizeF() * 0.88)
    return result


def row_height(font: QFont) -> int:
    """The height of every row: two lines and the air around them."""
    return QFontMetrics(font).height() + QFontMetrics(smaller(font)).height() + 25
