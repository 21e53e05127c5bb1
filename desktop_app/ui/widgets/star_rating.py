"""Five stars to choose from, by mouse or keyboard."""

import math
from functools import cache

from PySide6.QtCore import QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy
from typing_extensions import override

from desktop_app.ui.theme import Theme

STARS = 5
INNER = 0.42
"""The radius of a star's inner corners, as a share of that of its points."""

GAP = 4


@cache
def star(size: float) -> QPainterPath:
    """The outline of a star in a square of that side, in pixels."""
    centre, outer = size / 2, size / 2
    points = []
    for corner in range(2 * STARS):
        radius = outer if corner % 2 == 0 else outer * INNER
        angle = math.pi * corner / STARS - math.pi / 2
        points.append(
            QPointF(centre + radius * math.cos(angle), centre * 1.05 + radius * math.sin(angle))
        )
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    path.closeSubpath()
    return path


class StarRating(QAbstractSlider):
    """0 to 5 stars, or `mixed`. `rated` carries what the user chose.

    The arrows and the digits choose, Backspace takes all stars off; so does a click on the last.
    """

    rated = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.is_mixed = False
        self.setRange(0, STARS)
        self.setSingleStep(1)
        self.setPageStep(1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Quality, in stars"))
        self.setToolTip(self.tr("0 to 5, or the arrow keys; Backspace takes the stars off"))
        theme.changed.connect(self._repaint)

    def show_rating(self, rating: int | None) -> None:
        """Show a rating, None for several that differ."""
        self.is_mixed = rating is None
        self.setValue(rating or 0)
        self.setAccessibleDescription(self.tr("mixed") if rating is None else "")
        self.update()

    @Slot()
    def _repaint(self) -> None:
        self.update()

    def _choose(self, rating: int) -> None:
        if self.is_mixed or rating != self.value():
            self.show_rating(rating)
            self.rated.emit(rating)

    @override
    def sizeHint(self) -> QSize:
        side = self._side()
        return QSize(STARS * side + (STARS - 1) * GAP + 6, side + 6)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _side(self) -> int:
        return QFontMetrics(self.font()).height()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colours, side = self._theme.colours, self._side()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        painter.translate(3, 3)
        for number in range(1, STARS + 1):
            is_lit = number <= self.value() and self.isEnabled()
            painter.setPen(QPen(QColor(colours.warning if is_lit else colours.faint), 1.2))
            painter.setBrush(QColor(colours.warning) if is_lit else Qt.BrushStyle.NoBrush)
            painter.drawPath(star(float(side)))
            painter.translate(side + GAP, 0)
        painter.end()

    @override
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton:
            number = 1 + int((ev.position().x() - 3) // (self._side() + GAP))
            number = max(1, min(STARS, number))
            self._choose(0 if number == self.value() and not self.is_mixed else number)

    @override
    def keyPressEvent(self, ev: QKeyEvent) -> None:
        keys = Qt.Key
        steps = {keys.Key_Right: 1, keys.Key_Up: 1, keys.Key_Left: -1, keys.Key_Down: -1}
        if ev.key() in steps:
            self._choose(max(0, min(STARS, self.value() + steps[keys(ev.key())])))
        elif ev.text() in [str(number) for number in range(STARS + 1)]:
            self._choose(int(ev.text()))
        elif ev.key() in (keys.Key_Backspace, keys.Key_Delete):
            self._choose(0)
        else:
            super().keyPressEvent(ev)

    @override
    def wheelEvent(self, e: QWheelEvent) -> None:
        """The page scrolls, and no rating changes on the way."""
        e.ignore()
