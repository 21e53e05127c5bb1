"""Where the loss curve's axes end and what is written along them."""

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil, floor, log10

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.curve import Point

MOST_TICKS = 12
SPIKE_SHARE = 0.99
BOTTOM = 0.15
"""Of the height, where there is no room under a point."""


def top_of(points: Sequence[Point]) -> float:
    """Return the round number where the axis ends; the worst of 100 losses or more stand out."""
    if not points:
        return 1.0
    losses = sorted(point.loss for point in points)
    high = max(losses[ceil((len(losses) - 1) * SPIKE_SHARE)], losses[-1] / 2, 1e-6)
    unit = 10.0 ** floor(log10(high))
    return next(step * unit for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * unit >= high)


def is_below(loss: float, step: int, training: Sequence[Point], top: float) -> bool:
    """Whether a word at a point is better written under it: where the training loss is above.

    A point of that line itself is above it or below by the points to its left and right.
    """
    place = bisect_right(training, step, key=lambda point: point.step)
    if not place or loss <= top * BOTTOM:
        return False
    if training[place - 1].loss != loss:
        return training[place - 1].loss > loss
    around = training[max(0, place - 2) : place + 1]
    return sum(point.loss for point in around) > loss * len(around)


def pass_ticks(total_steps: int | None, epochs: int | None, end: int) -> list[tuple[float, str]]:
    """Return positions and texts along the steps: passes where they are known, else steps."""
    if total_steps and epochs:
        every = ceil(epochs / MOST_TICKS)
        ends = range(every, epochs + 1, every)
        return [
            (0.0, "0"),
            *((total_steps * n / epochs, _tr("pass {n}").format(n=n)) for n in ends),
        ]
    every = max(1, 10 ** floor(log10(max(end, 1))))
    return [(float(step), str(step)) for step in range(0, end + 1, every)]


def _tr(text: str) -> str:
    return QCoreApplication.translate("loss_axes", text)
