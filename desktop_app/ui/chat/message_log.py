"""A scrolling column of rows of any height, of which only those in sight exist as widgets."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget
from typing_extensions import override

GAP = 14
MARGIN = 22
AT_END = 6
"""Nearer to the end than this, in pixels, the log follows what is added."""


class LogRow(QWidget):
    """A row that can be filled again with another entry; `reshaped` when its height may differ."""

    reshaped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.index = -1

    @property
    def is_pinned(self) -> bool:
        """Whether it must not be given to another entry, though out of sight."""
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def fill(self, index: int) -> None:
        """Show an entry, or the same one as it is now."""
        self.index = index

    def stops(self) -> list[QWidget]:
        """Where Tab stops within the row."""
        tab = Qt.FocusPolicy.TabFocus
        return [
            child
            for child in self.findChildren(QWidget)
            if child.isVisible() and child.isEnabled() and tab in child.focusPolicy()
        ]

    @override
    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.reshaped.emit()
        return handled


class MessageLog(QAbstractScrollArea):
    """Rows are made by `make_row` as needed and reused.

    The height of an entry that was never in sight is `estimate(index, width)`; the place that the
    user reads stays where it is when estimates turn out wrong.
    """

    def __init__(
        self, make_row: Callable[[QWidget], LogRow], estimate: Callable[[int, int], int]
    ) -> None:
        super().__init__()
        self._make_row = make_row
        self._estimate = estimate
        self._heights: list[int] = []
        self._offsets: list[int] = [0]
        self._rows: dict[int, LogRow] = {}
        self._spare: list[LogRow] = []
        self._follows_end = True
        self._anchor = (0, 0)
        self._is_placing = False
        self._relayout = QTimer(self)
        self._relayout.setSingleShot(True)
        self._relayout.setInterval(0)
        self._relayout.timeout.connect(self._lay_out)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(24)
        self.verticalScrollBar().valueChanged.connect(self._take_scroll)
        self.viewport().setAutoFillBackground(False)

    @property
    def count(self) -> int:
        return len(self._heights)

    @property
    def rows(self) -> list[LogRow]:
        """The rows that exist at present, in order."""
        return [self._rows[index] for index in sorted(self._rows)]

    def reset(self, count: int) -> None:
        """Show other entries, from their end."""
        for index in list(self._rows):
            self._put_away(index)
        self._heights = [0] * count
        self._estimate_all()
        self._follows_end = True
        self._lay_out()

    def append(self) -> None:
        """One more entry at the end, which comes into sight."""
        self._heights.append(self._estimate(self.count, self._width))
        self._follows_end = True
        self._lay_out()

    def refill(self, index: int) -> None:
        """An entry has changed."""
        if index in self._rows:
            self._rows[index].fill(index)
            self._relayout.start()

    def refill_all(self) -> None:
        """Every entry may have changed."""
        for index in self._rows:
            self.refill(index)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._estimate_all()
        self._lay_out()

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        # Rows are reused: Qt's own order is that in which they were made.
        chain = [widget for row in self.rows for widget in row.stops()]
        focus = QApplication.focusWidget()
        before = chain.index(focus) if focus in chain else (-1 if next else len(chain))
        place = before + (1 if next else -1)
        if 0 <= place < len(chain):
            reason = Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason
            chain[place].setFocus(reason)
            top = chain[place].mapTo(self.viewport(), QPoint(0, 0)).y()
            self._bring_into_sight(top, top + chain[place].height())
            return True
        moved = super().focusNextPrevChild(next)
        for _ in chain:
            if not moved or QApplication.focusWidget() not in chain:
                break
            moved = super().focusNextPrevChild(next)
        return moved

    def _bring_into_sight(self, top: int, bottom: int) -> None:
        bar = self.verticalScrollBar()
        if top < 0:
            bar.setValue(bar.value() + top - GAP)
        elif bottom > self.viewport().height():
            bar.setValue(bar.value() + min(top, bottom - self.viewport().height()) + GAP)

    # Placing

    @Slot()
    def _take_scroll(self) -> None:
        if self._is_placing:
            return
        bar = self.verticalScrollBar()
        self._follows_end = bar.value() >= bar.maximum() - AT_END
        index = max(0, min(self.count - 1, bisect_right(self._offsets, bar.value()) - 1))
        self._anchor = (index, bar.value() - self._offsets[index])
        self._lay_out()

    @Slot()
    def _lay_out(self) -> None:
        self._relayout.stop()
        if self._is_placing or self.width() < 2 * MARGIN:
            return
        self._is_placing = True
        # Each round puts right the estimates of what has come into sight.
        for _ in range(5):
            self._take_offsets()
            if not self._measure_sight():
                break
        self._place()
        self._is_placing = False

    @property
    def _width(self) -> int:
        return self.viewport().width() - 2 * MARGIN

    def _estimate_all(self) -> None:
        width = self._width
        self._heights = [self._estimate(index, width) for index in range(self.count)]

    def _take_offsets(self) -> None:
        heights = (height + GAP for height in self._heights)
        self._offsets = list(accumulate(heights, initial=MARGIN))
        end = self._offsets[-1] - GAP + MARGIN if self._heights else 0
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, end - page))
        bar.setPageStep(page)
        if self._follows_end:
            bar.setValue(bar.maximum())
        else:
            index, within = self._anchor
            bar.setValue(self._offsets[min(index, len(self._offsets) - 1)] + within)

    def _sight(self) -> range:
        """What is in sight, and one more on either side so that Tab can reach it."""
        top = self.verticalScrollBar().value()
        first = bisect_right(self._offsets, top) - 2
        last = bisect_right(self._offsets, top + self.viewport().height())
        return range(max(0, first), min(self.count, last + 1))

    def _measure_sight(self) -> bool:
        """Make and measure the rows in sight; return whether a height was not as assumed."""
        changed = False
        sight = self._sight()
        for index in [index for index in self._rows if index not in sight]:
            if not self._rows[index].is_pinned:
                self._put_away(index)
        for index in sight:
            row = self._rows.get(index) or self._take_row(index)
            height = row.heightForWidth(self._width)
            if height != self._heights[index]:
                self._heights[index] = height
                changed = True
        return changed

    def _place(self) -> None:
        top = self.verticalScrollBar().value()
        for index, row in self._rows.items():
            row.setGeometry(MARGIN, self._offsets[index] - top, self._width, self._heights[index])
            row.show()
        for row in self._spare:
            row.hide()

    def _take_row(self, index: int) -> LogRow:
        row = self._spare.pop() if self._spare else self._new_row()
        self._rows[index] = row
        row.fill(index)
        return row

    def _new_row(self) -> LogRow:
        row = self._make_row(self.viewport())
        row.reshaped.connect(self._relayout.start)
        return row

    def _put_away(self, index: int) -> None:
        row = self._rows.pop(index)
        row.index = -1
        self._spare.append(row)
