"""How wrong the model still is: the loss curve with its title and legend."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedLayout, QWidget
from typing_extensions import override

from desktop_app.core.jobs.curve import Curve, Point
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.parts import Card, label, row

if TYPE_CHECKING:
    from desktop_app.ui.jobs.loss_plot import LossPlot


class LossCard(Card):
    """The plot is made when there is a first thing to draw."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(spacing=8)
        self._theme = theme
        self._curve = Curve()
        self.plot: LossPlot | None = None
        self.reading = label(kind="small")
        self.reading.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # What is read off comes and goes; the card is as wide without it.
        self.reading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._test_legend = _legend(self.tr("held-out test"), "second")
        meaning = ElidedLabel("muted")
        meaning.show_text(self.tr("loss, lower is better"))
        head = row(
            label(self.tr("How wrong it still is"), "heading"),
            meaning,
            self.reading,
            _legend(self.tr("training"), ""),
            self._test_legend,
            spacing=10,
        )
        head.setStretchFactor(self.reading, 1)
        self._waiting = label(kind="muted")
        waiting = QWidget()
        waiting.setLayout(row(None, self._waiting, None))
        self._stack = QStackedLayout()
        self._stack.addWidget(waiting)
        holder = QWidget()
        holder.setLayout(self._stack)
        holder.setMinimumHeight(240)
        self.body.addLayout(head)
        self.body.addWidget(holder, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_curve(self, curve: Curve, waiting: str) -> None:
        """Show a curve, or while there is none what is being waited for."""
        self._curve = curve
        self._waiting.setText(waiting)
        self._test_legend.setVisible(bool(curve.test))
        self.setAccessibleDescription(self._summary())
        if curve.is_empty:
            self._stack.setCurrentIndex(0)
            return
        self._drawn().show_curve(curve)
        self._stack.setCurrentIndex(1)

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), 330)

    def _drawn(self) -> "LossPlot":
        if self.plot is None:
            # Not before it is needed: pyqtgraph and NumPy take a quarter of a second.
            from desktop_app.ui.jobs.loss_plot import LossPlot  # noqa: PLC0415

            self.plot = LossPlot(self._theme)
            self.plot.pointed.connect(self._read)
            self._stack.addWidget(self.plot)
        return self.plot

    def _summary(self) -> str:
        training = self._curve.training
        if not training:
            return ""
        steps = training[-1].step
        text = self.tr("Training loss went from {first} to {last} in %Ln step(s).", "", steps)
        text = text.format(first=f"{training[0].loss:.2f}", last=f"{training[-1].loss:.2f}")
        if self._curve.test:
            more = self.tr("Held-out loss is {last}.")
            text += " " + more.format(last=f"{self._curve.test[-1].loss:.2f}")
        return text

    @Slot(object)
    def _read(self, step: float | None) -> None:
        """Say what was measured at the step under the mouse, or just before it."""
        training = _at(self._curve.training, step)
        if training is None:
            self.reading.clear()
            return
        text = self.tr("step {n}: training {loss}").format(
            n=training.step, loss=f"{training.loss:.2f}"
        )
        test = _at(self._curve.test, step)
        if test is not None:
            text += self.tr(", test {loss}").format(loss=f"{test.loss:.2f}")
        self.reading.setText(text)


def _at(points: Sequence[Point], step: float | None) -> Point | None:
    if step is None or not points:
        return None
    place = bisect_right(points, step + 0.5, key=lambda point: point.step)
    return points[place - 1] if place else None


def _legend(text: str, tone: str) -> QWidget:
    swatch = QFrame()
    swatch.setProperty("kind", "swatch")
    swatch.setProperty("tone", tone)
    result = QWidget()
    result.setLayout(row(swatch, label(text), spacing=7))
    return result
