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
        self._sides = _Sides()
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
        self._sides.take(area, option)
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
            self._sides.take(area, option)
            chip = self._sides.seen(self._chip_area(_inner(area), font, self._bring_back))
            if item is not None and chip.contains(place):
                self.restore_wanted.emit(item.id)
                return True
        return super().editorEvent(event, model, option, index)

    def _paint_ground(self, painter: QPainter, area: QRect, selected: bool) -> None:
        colours = self._theme.colours
        painter.fillRect(area, QColor(colours.accent_soft if selected else colours.surface))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.border))
        if selected:
            edge = QRect(area.left(), area.top(), 3, area.height())
            painter.fillRect(self._sides.seen(edge), QColor(colours.accent))

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
        first = QRect(inner.left(), inner.top(), inner.width() - used, inner.height())
        self._line(painter, first, title)
        small = smaller(font)
        height = QFontMetrics(small).height()
        second = QRect(inner.left(), inner.bottom() - height + 1, inner.width(), height)
        painter.setFont(small)
        painter.setPen(QColor(colours.muted))
        second.setWidth(second.width() - self._paint_figures(painter, second, item))
        made_of = self.tr("%Ln message(s)", "", item.n_messages)
        tags = [isolated(tag) for tag in item.tags[1 if shows_tag else 0 :]]
        self._line(painter, second, " · ".join([made_of, *tags]))

    def _paint_figures(self, painter: QPainter, line: QRect, item: ConversationRow) -> int:
        """Paint tokens and rating at the end; return how wide they are."""
        metrics, right = painter.fontMetrics(), line.right() + 1
        colours = self._theme.colours
        if item.tokens is not None:
            tokens = self.tr("%Ln token(s)", "", item.tokens)
            right = self._figure(painter, line, right, tokens)
        if item.rating:
            side = metrics.ascent()
            right -= GAP if item.tokens is not None else 0
            right = self._figure(painter, line, right, f"{item.rating}") - side - 2
            place = self._sides.seen(QRect(right, line.top(), side, line.height()))
            painter.save()
            painter.translate(place.left(), line.top() + (line.height() - side) / 2)
            painter.fillPath(star(float(side)), QColor(colours.warning))
            painter.restore()
        width = line.right() + 1 - right
        return width + GAP if width else 0

    def _figure(self, painter: QPainter, line: QRect, right: int, text: str) -> int:
        """Write a figure that ends before `right`; return where it begins."""
        width = painter.fontMetrics().horizontalAdvance(text)
        place = QRect(right - width, line.top(), width, line.height())
        self._line(painter, place.adjusted(0, 0, 1, 0), text)
        return right - width

    def _line(self, painter: QPainter, area: QRect, text: str) -> None:
        """Write a text from where lines begin, cut off where there is no room.

        By the base line of the program's font: that of another script may be higher.
        """
        metrics, seen = painter.fontMetrics(), self._sides.seen(area)
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        left = seen.left()
        if self._sides.are_swapped:
            left += seen.width() - metrics.horizontalAdvance(elided)
        painter.drawText(QPoint(left, area.top() + metrics.ascent()), isolated(elided))

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
        seen = self._sides.seen(chip).toRectF()
        painter.drawRoundedRect(seen.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.setFont(smaller(font))
        painter.setPen(QColor(ink))
        self._line(painter, chip.adjusted(8, 2, -7, 0), text)
        return chip.width() + GAP


class _Sides:
    """Where things of a row are seen: the other way round in a window from right to left."""

    def __init__(self) -> None:
        self.are_swapped = False
        self._area = QRect()

    def take(self, area: QRect, option: QStyleOptionViewItem) -> None:
        """Be about a row."""
        direction: Qt.LayoutDirection = option.direction
        self.are_swapped = direction == Qt.LayoutDirection.RightToLeft
        self._area = area

    def seen(self, rect: QRect) -> QRect:
        """Return the place of what stands at `rect` where lines begin at the left."""
        if not self.are_swapped:
            return rect
        return QStyle.visualRect(Qt.LayoutDirection.RightToLeft, self._area, rect)


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
