import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.state.cost.token_summary import TokenSummary, round_width

counts = st.lists(st.integers(0, 200_000), max_size=200)


def test_nothing_counted() -> None:
    summary = TokenSummary([])
    assert (summary.conversations, summary.longest, summary.billed(100)) == (0, 0, 0)
    assert summary.histogram(100).bars == ()


def test_long_conversations_are_billed_cut_at_the_limit() -> None:
    summary = TokenSummary([10, 4096, 4097, 9000])
    assert summary.billed(4096) == 10 + 3 * 4096
    assert summary.too_long(4096) == 2


@given(counts, st.integers(1, 100_000))
def test_billed_is_the_sum_of_what_is_left_of_each(tokens: list[int], limit: int) -> None:
    assert TokenSummary(tokens).billed(limit) == sum(min(each, limit) for each in tokens)


@given(counts, st.integers(1, 100_000))
def test_every_conversation_is_in_one_bar(tokens: list[int], limit: int) -> None:
    histogram = TokenSummary(tokens).histogram(limit)
    assert sum(histogram.bars) == len(tokens)
    for place, bar in enumerate(histogram.bars[:-1]):
        first = place * histogram.width
        assert bar == sum(first <= each < first + histogram.width for each in tokens)


def test_one_giant_does_not_squeeze_the_others() -> None:
    histogram = TokenSummary([*range(100, 600), 900_000]).histogram(1_000_000)
    assert histogram.width <= 50
    assert histogram.bars[-1] >= 1
    assert histogram.longest == 900_000


def test_a_limit_that_is_passed_lies_inside() -> None:
    histogram = TokenSummary([100] * 500 + [5000]).histogram(4096)
    assert histogram.too_long == 1
    assert histogram.width * len(histogram.bars) > 4096


@pytest.mark.parametrize(
    ("least", "width"), [(0, 1), (0.4, 1), (1.1, 2), (3, 5), (7, 10), (10, 10), (201, 500)]
)
def test_widths_are_round(least: float, width: int) -> None:
    assert round_width(least) == width
