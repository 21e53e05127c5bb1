import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.evaluation.intervals import Interval, bootstrap_interval, wilson_interval
from desktop_app.core.evaluation.metrics import ReplyLoss, mean_loss


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_as_published(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, n)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_within_0_and_1(successes: int, failures: int) -> None:
    n = successes + failures
    interval = wilson_interval(successes, n)
    assert 0 <= interval.low <= interval.high <= 1
    assert n == 0 or successes / n in interval


def test_bootstrap_is_near_the_normal_interval_of_a_mean() -> None:
    draw = random.Random(1)
    values = [draw.gauss(3.0, 1.0) for _ in range(400)]
    interval = bootstrap_interval(values, fmean)
    assert interval.low == pytest.approx(fmean(values) - 1.96 / 20, abs=0.02)
    assert interval.high == pytest.approx(fmean(values) + 1.96 / 20, abs=0.02)


def test_bootstrap_covers_about_as_often_as_it_says() -> None:
    draw = random.Random(2)
    samples = [[draw.expovariate(1.0) for _ in range(40)] for _ in range(100)]
    covered = sum(1.0 in bootstrap_interval(s, fmean, resamples=200) for s in samples)
    assert 85 <= covered <= 99


def test_bootstrap_is_reproducible_and_widens_with_confidence() -> None:
    replies = [ReplyLoss(float(n), n % 5 + 1) for n in range(30)]
    interval = bootstrap_interval(replies, mean_loss, resamples=200)
    assert interval == bootstrap_interval(replies, mean_loss, resamples=200)
    assert interval != bootstrap_interval(replies, mean_loss, resamples=200, seed=1)
    wide = bootstrap_interval(replies, mean_loss, resamples=200, confidence=0.99)
    assert wide.low <= interval.low <= mean_loss(replies) <= interval.high <= wide.high


def test_one_item_says_nothing_of_spread_and_none_nothing_at_all() -> None:
    assert bootstrap_interval([2.0], fmean, resamples=10) == Interval(2.0, 2.0)
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_interval([], fmean)
