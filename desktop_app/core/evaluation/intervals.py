"""How far a figure measured on a few examples can be trusted."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def bootstrap_interval(
    items: Sequence[T],
    statistic: Callable[[Sequence[T]], float],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the percentile bootstrap interval of a statistic over items (Efron 1979).

    Conversations are drawn, not tokens, since the tokens of a reply hang together. The same seed
    gives the same interval. Raises ValueError for no items.
    """
    if not items:
        raise ValueError("an interval needs at least one item")
    draw = random.Random(seed)  # noqa: S311 - statistics, no secret
    values = sorted(statistic(draw.choices(items, k=len(items))) for _ in range(resamples))
    tail = (1 - confidence) / 2
    return Interval(_quantile(values, tail), _quantile(values, 1 - tail))


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return the interval of a proportion (Wilson 1927); it holds for few items and near 0 or 1.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n); from 0 to 1 for no items.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return Interval(low, high)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Interpolate linearly between the nearest ranks (Hyndman and Fan 1996, type 7)."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
