"""A histogram of tokens per conversation with the limit of what the model reads."""

from PySide6.QtCore import QEvent, QLineF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from desktop_app.state.cost.token_summary import Histogram
from desktop_app.ui.theme import Theme

GAP = 3.0
TOP = 22.0
LABELS = 20.0


class TokenHistogram(QWidget):
    """Bars, the longest ones in red where the model would cut them off."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._histogram = Histogram()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120)
        self.setAccessibleName(self.tr("Tokens per conversation"))
        theme.changed.connect(self._repaint)

    def show_histogram(self, histogram: Histogram) -> None:
        if histogram != self._histogram:
            self._histogram = histogram
            self.setAccessibleDescription(
                self.tr("{n} bars of {width} tokens each").format(
                    n=len(histogram.bars), width=histogram.width
                )
            )
            self.update()

    @Slot()
    def _repaint(self) -> None:
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._small_font())
        ground = QRectF(0, TOP, self.width(), self.height() - TOP - LABELS)
        self._paint_bars(painter, ground)
        painter.setPen(QPen(QColor(self._theme.colours.border_strong), 1))
        painter.drawLine(ground.bottomLeft(), ground.bottomRight())
        self._paint_labels(painter, ground)
        if self._histogram.too_long:
            self._paint_limit(painter, ground)
        painter.end()

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(8.5)
        return font

    def _bar(self, ground: QRectF, place: int) -> QRectF:
        step = ground.width() / len(self._histogram.bars)
        share = self._histogram.bars[place] / max(self._histogram.bars)
        height = max(ground.height() * share, 2.0) if share else 0.0
        return QRectF(ground.left() + place * step, ground.bottom() - height, step - GAP, height)

    def _paint_bars(self, painter: QPainter, ground: QRectF) -> None:
        colours = self._theme.colours
        painter.setPen(Qt.PenStyle.NoPen)
        for place in range(len(self._histogram.bars)):
            cut = place * self._histogram.width >= self._histogram.limit
            painter.setBrush(QColor(colours.bad if cut else colours.accent))
            painter.drawRoundedRect(self._bar(ground, place), 2, 2)

    def _paint_labels(self, painter: QPainter, ground: QRectF) -> None:
        painter.setPen(QColor(self._theme.colours.muted))
        bars, width = len(self._histogram.bars), self._histogram.width
        baseline = self.height() - 4.0
        metrics = QFontMetricsF(painter.font())
        every = max(1, -(-bars // 4))
        for place in range(0, bars, every):
            text = f"{place * width:,}"
            left = ground.left() + place * ground.width() / bars
            left = max(0.0, left - (metrics.horizontalAdvance(text) / 2 if place else 0.0))
            painter.drawText(QRectF(left, baseline - 14, 80, 16), 0, text)

    def _paint_limit(self, painter: QPainter, ground: QRectF) -> None:
        histogram = self._histogram
        x = ground.width() * histogram.limit / (histogram.width * len(histogram.bars))
        colour = QColor(self._theme.colours.bad)
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(x, 4, x, ground.bottom()))
        text = self.tr("cut off past {limit}").format(limit=f"{histogram.limit:,}")
        needed = QFontMetricsF(painter.font()).horizontalAdvance(text) + 6
        left = x + 6 if x + needed < self.width() else x - needed
        painter.drawText(QRectF(left, 2, needed, 16), 0, text)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.describe_bar(event.pos().x()), self)
            return True
        return super().event(event)

    def describe_bar(self, x: int) -> str:
        """What the bar at a horizontal position stands for, '' where there is none."""
        histogram = self._histogram
        if not histogram.bars or not 0 <= x < self.width():
            return ""
        place = x * len(histogram.bars) // self.width()
        first = place * histogram.width
        last = first + histogram.width - 1
        if place == len(histogram.bars) - 1:
            last = max(last, histogram.longest)
        return self.tr("Conversations of {first} to {last} tokens: {n}").format(
            first=f"{first:,}", last=f"{last:,}", n=f"{histogram.bars[place]:,}"
        )
