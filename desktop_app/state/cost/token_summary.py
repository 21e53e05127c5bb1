"""How long the training conversations are: in all, cut at a model's limit, and as a histogram."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BARS = 14
SLICE = 20_000
SHOWN_SHARE = 0.99
"""The last bar gathers the longest 1 %, lest one giant squeeze all others into the first."""


@dataclass(frozen=True)
class Histogram:
    """`bars[i]` conversations have from i * width to (i + 1) * width - 1 tokens.

    The last bar holds all that are longer, too. `limit` is what the model reads of one.
    """

    width: int = 1
    bars: tuple[int, ...] = ()
    limit: int = 0
    too_long: int = 0
    longest: int = 0


class TokenSummary:
    """How many conversations have how many tokens, in one encoding."""

    def __init__(self, counts: Sequence[int]) -> None:
        """Count in slices: one call over a million of them would hold up every other thread."""
        found: Counter[int] = Counter()
        for start in range(0, len(counts), SLICE):
            found.update(counts[start : start + SLICE])
        self._lengths = sorted(found)
        self._numbers = [found[length] for length in self._lengths]
        self.conversations = len(counts)
        self.tokens = sum(length * n for length, n in found.items())

    @property
    def longest(self) -> int:
        """The tokens of the longest conversation, 0 if there is none."""
        return self._lengths[-1] if self._lengths else 0

    def too_long(self, limit: int) -> int:
        """How many conversations have more tokens than the limit."""
        return sum(self._numbers[bisect_right(self._lengths, limit) :])

    def billed(self, limit: int) -> int:
        """Tokens of one pass, each conversation cut at the limit."""
        first = bisect_right(self._lengths, limit)
        cut = zip(self._lengths[first:], self._numbers[first:], strict=True)
        return self.tokens - sum((length - limit) * n for length, n in cut)

    def histogram(self, limit: int) -> Histogram:
        """About a dozen bars of a round width that show 99 % and, if it is passed, the limit."""
        if not self._lengths:
            return Histogram(limit=limit)
        too_long = self.too_long(limit)
        end = self._length_of_share(SHOWN_SHARE)
        if too_long:
            end = max(end, limit + limit // BARS)
        width = round_width(end / BARS)
        bars = [0] * (end // width + 1)
        for length, n in zip(self._lengths, self._numbers, strict=True):
            bars[min(length // width, len(bars) - 1)] += n
        return Histogram(width, tuple(bars), limit, too_long, self.longest)

    def _length_of_share(self, share: float) -> int:
        """The length that this share of all conversations does not pass."""
        seen = 0
        for length, n in zip(self._lengths, self._numbers, strict=True):
            seen += n
            if seen >= self.conversations * share:
                return length
        return self.longest


def round_width(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... that is at least this."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power >= least:
                return step * power
        power *= 10
