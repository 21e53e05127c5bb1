"""The loss curve, drawn by pyqtgraph. To be imported when first shown: that takes 250 ms.

Long lines are one pixel wide: 5,000 antialiased points take 1.5 ms so, 230 ms at two pixels.
"""

import pyqtgraph
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont

from desktop_app.core.jobs.curve import Curve, Kept, Point
from desktop_app.ui.jobs.loss_axes import is_below, pass_ticks, top_of
from desktop_app.ui.theme import Theme

HEADROOM = 1.06
MARGIN = 1.01
FEW = 120
"""Points up to which a line may be two pixels wide: drawing 100 then takes 2 ms."""

EDGE = 20
"""Pixels right of the plot, in which the last pass is written."""


class LossPlot(pyqtgraph.PlotWidget):  # type: ignore[misc]  # pyqtgraph is not typed
    """Training and held-out loss by step. `pointed` carries the step under the mouse, or None."""

    pointed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__(background=None, plotItem=pyqtgraph.PlotItem(enableMenu=False))
        self._theme = theme
        self._curve = Curve()
        self._texts: list[pyqtgraph.TextItem] = []
        plot = self.getPlotItem()
        # pyqtgraph makes it without an owner; as a child it goes when the plot goes.
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        plot.getViewBox().setDefaultPadding(0)
        plot.layout.setContentsMargins(0, 6, EDGE, 0)
        self.getAxis("left").setStyle(maxTickLevel=0)
        self.getAxis("bottom").setStyle(hideOverlappingLabels=False, tickLength=0)
        self.setFrameShape(pyqtgraph.PlotWidget.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setMinimumHeight(230)
        self.setAccessibleName(self.tr("Loss curve"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._now = pyqtgraph.InfiniteLine(angle=90, movable=False)
        self._training = pyqtgraph.PlotDataItem(antialias=True)
        self._test = pyqtgraph.PlotDataItem(antialias=True)
        self._kept = pyqtgraph.ScatterPlotItem(size=9, antialias=True)
        for item in (self._now, self._training, self._test, self._kept):
            self.addItem(item)
        self.scene().sigMouseMoved.connect(self._point)
        theme.changed.connect(self._colour)
        self._colour()

    def show_curve(self, curve: Curve) -> None:
        """Draw a curve; one that is drawn already costs nothing."""
        if curve != self._curve:
            self._curve = curve
            self._draw()

    def _draw(self) -> None:
        curve, colours = self._curve, self._theme.colours
        self._training.setPen(pyqtgraph.mkPen(colours.accent, width=self._width(curve.training)))
        self._test.setPen(pyqtgraph.mkPen(colours.second, width=self._width(curve.test)))
        self._training.setData(*_coordinates(curve.training))
        self._test.setData(*_coordinates(curve.test), symbol="o" if len(curve.test) == 1 else None)
        last = max(
            (points[-1].step for points in (curve.training, curve.test) if points), default=0
        )
        end = max(curve.total_steps or 0, last, 1)
        top = top_of([*curve.training, *curve.test])
        self.setXRange(0, end * MARGIN, padding=0)
        self.setYRange(0, top * HEADROOM, padding=0)
        self._now.setPos(last)
        self._now.setVisible(0 < last < end)
        self.getAxis("bottom").setTicks([pass_ticks(curve.total_steps, curve.epochs, end)])
        self._mark(curve.kept, top)

    def _width(self, points: tuple[Point, ...]) -> float:
        """The width of a line in pixels of the screen, which pyqtgraph does not scale."""
        return 2 * self.devicePixelRatioF() if len(points) <= FEW else 1

    def _mark(self, kept: tuple[Kept, ...], top: float) -> None:
        for text in self._texts:
            self.removeItem(text)
        marked = [(each, each.loss) for each in kept if each.loss is not None]
        self._texts = [self._note(each, loss, top) for each, loss in marked]
        self._kept.setData([each.step for each, _ in marked], [loss for _, loss in marked])

    def _note(self, kept: Kept, loss: float, top: float) -> pyqtgraph.TextItem:
        is_last = kept.step > 0.94 * max(self._curve.total_steps or 1, 1)
        below = is_below(loss, kept.step, self._curve.training, top)
        note = pyqtgraph.TextItem(
            self.tr("pass {n} kept").format(n=kept.number),
            color=self._theme.colours.muted,
            anchor=(1.0 if is_last else 0.5, -0.3 if below else 1.3),
        )
        note.setFont(_small(self.font()))
        note.setPos(kept.step, min(loss, top))
        self.addItem(note)
        return note

    @Slot()
    def _colour(self) -> None:
        colours = self._theme.colours
        self.setBackground(colours.surface)
        self._test.setSymbolPen(pyqtgraph.mkPen(colours.second))
        self._test.setSymbolBrush(QColor(colours.second))
        self._now.setPen(pyqtgraph.mkPen(colours.border_strong, style=Qt.PenStyle.DashLine))
        self._kept.setPen(pyqtgraph.mkPen(colours.second, width=1))
        self._kept.setBrush(QColor(colours.surface))
        grid = QColor(colours.border)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setTextPen(colours.muted)
            axis.setTickPen(pyqtgraph.mkPen(grid))
            axis.setPen(pyqtgraph.mkPen(colours.border_strong if name == "bottom" else None))
            axis.setTickFont(_small(self.font()))
        self.showGrid(x=False, y=True, alpha=1.0)
        self._draw()

    @Slot(object)
    def _point(self, where: QPointF) -> None:
        area = self.getPlotItem().sceneBoundingRect()
        inside = area.contains(where) and self._curve.training
        step = self.getPlotItem().getViewBox().mapSceneToView(where).x() if inside else None
        self.pointed.emit(step)


def _small(font: QFont) -> QFont:
    result = QFont(font)
    result.setPointSizeF(font.pointSizeF() * 0.88)
    return result


def _coordinates(points: tuple[Point, ...]) -> tuple[list[int], list[float]]:
    return [point.step for point in points], [point.loss for point in points]
