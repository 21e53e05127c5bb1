"""Two lines: what a long prompt to the base model costs, and what a tuned model costs."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from desktop_app.state.cost.break_even import DAYS_A_MONTH, BreakEven
from desktop_app.state.cost.token_summary import round_width
from desktop_app.ui.theme import Theme

LEFT, TOP, RIGHT, BOTTOM = 56.0, 30.0, 10.0, 24.0


class BreakEvenChart(QWidget):
    """Costs over time and the point where the lines cross."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._break_even: BreakEven | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(130)
        self.setAccessibleName(self.tr("Cost over time, base model and tuned model"))
        theme.changed.connect(self._repaint)

    def show_break_even(self, break_even: BreakEven | None) -> None:
        if break_even != self._break_even:
            self._break_even = break_even
            self.update()

    @Slot()
    def _repaint(self) -> None:
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(600, 220)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._break_even is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(8.5)
        painter.setFont(font)
        Drawing(painter, self._theme, QRectF(self.rect()), self._break_even, self.tr).paint()
        painter.end()


class Drawing:
    """One painting of the chart."""

    def __init__(
        self,
        painter: QPainter,
        theme: Theme,
        rect: QRectF,
        break_even: BreakEven,
        tr: Callable[[str], str],
    ) -> None:
        self._painter = painter
        self._colours = theme.colours
        self._tr = tr
        self._costs = break_even
        self._ground = rect.adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        end = break_even.horizon
        self._top = max(break_even.base(end), break_even.tuned(end), 0.01)

    def paint(self) -> None:
        self._grid()
        self._times()
        self._line(self._costs.base, self._colours.second)
        self._line(self._costs.tuned, self._colours.accent)
        self._legend()
        self._crossing()

    def _at(self, days: float, cost: float) -> QPointF:
        return QPointF(
            self._ground.left() + self._ground.width() * days / self._costs.horizon,
            self._ground.bottom() - self._ground.height() * cost / self._top,
        )

    def _grid(self) -> None:
        step = round_width(self._top * 100 / 4) / 100
        cost = 0.0
        while cost <= self._top:
            y = self._at(0, cost).y()
            self._painter.setPen(QPen(QColor(self._colours.border), 1))
            self._painter.drawLine(
                QPointF(self._ground.left(), y), QPointF(self._ground.right(), y)
            )
            self._painter.setPen(QColor(self._colours.muted))
            text = f"${cost:,.2f}" if step < 1 else f"${cost:,.0f}"
            box = QRectF(0, y - 8, LEFT - 10, 16)
            self._painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)
            cost += step

    def _times(self) -> None:
        self._painter.setPen(QColor(self._colours.muted))
        months = self._costs.horizon / DAYS_A_MONTH
        unit, word = (
            (7.0, self._tr("week {n}")) if months <= 2 else (DAYS_A_MONTH, self._tr("month {n}"))
        )
        count = int(self._costs.horizon / unit)
        every = max(1, -(-count // 6))
        for n in range(0, count + 1, every):
            text = word.format(n=n) if n else self._tr("today")
            wide = QFontMetricsF(self._painter.font()).horizontalAdvance(text)
            x = self._at(n * unit, 0).x() - (wide / 2 if n else 0)
            x = min(x, self._ground.right() - wide)
            self._painter.drawText(QPointF(x, self._ground.bottom() + 18), text)

    def _line(self, cost: Callable[[float], float], colour: str) -> None:
        end = self._costs.horizon
        self._painter.setPen(QPen(QColor(colour), 2))
        self._painter.drawLine(self._at(0, cost(0)), self._at(end, cost(end)))

    def _legend(self) -> None:
        entries = (
            (self._colours.second, self._tr("long prompt, base model")),
            (self._colours.accent, self._tr("short prompt, tuned model")),
        )
        x = self._ground.left()
        for colour, text in entries:
            self._painter.setPen(QPen(QColor(colour), 2))
            self._painter.drawLine(QPointF(x, 8), QPointF(x + 16, 8))
            self._painter.setPen(QColor(self._colours.muted))
            self._painter.drawText(QPointF(x + 22, 12), text)
            x += 22 + QFontMetricsF(self._painter.font()).horizontalAdvance(text) + 20

    def _crossing(self) -> None:
        days = self._costs.days
        if days is None or days > self._costs.horizon:
            return
        point = self._at(days, self._costs.tuned(days))
        self._painter.setPen(QPen(QColor(self._colours.text), 2))
        self._painter.setBrush(QColor(self._colours.surface))
        self._painter.drawEllipse(point, 5, 5)
        # Under the lines, unless the words along the axis stand there.
        is_low = point.y() + 20 > self._ground.bottom()
        beside = QPointF(12, -20) if is_low else QPointF(8, 18)
        self._painter.drawText(point + beside, self._tr("break-even"))
