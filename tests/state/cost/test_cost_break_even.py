import pytest

from desktop_app.state.cost.break_even import DAYS_A_MONTH, BreakEven, reply_price


def test_price_of_a_reply() -> None:
    assert reply_price(1240, 60, 0.4, 1.6) == pytest.approx((1240 * 0.4 + 60 * 1.6) / 1e6)


def test_training_is_earned_back_when_the_saving_reaches_it() -> None:
    costs = BreakEven(training=2.40, base_reply=0.003, tuned_reply=0.001, replies_a_month=20_000)
    assert costs.replies == 1200
    days = costs.days
    assert days == pytest.approx(1200 / 20_000 * DAYS_A_MONTH)
    assert costs.base(days or 0) == pytest.approx(costs.tuned(days or 0))


def test_a_part_of_a_reply_is_a_reply() -> None:
    assert BreakEven(1.0, 0.4, 0.1, 100).replies == 4


@pytest.mark.parametrize("tuned", [0.003, 0.004])
def test_what_saves_nothing_never_pays_for_itself(tuned: float) -> None:
    costs = BreakEven(2.40, 0.003, tuned, 20_000)
    assert costs.replies is None
    assert costs.days is None
    assert costs.horizon == DAYS_A_MONTH


def test_no_replies_no_day() -> None:
    assert BreakEven(2.40, 0.003, 0.001, 0).days is None


def test_the_crossing_is_in_view() -> None:
    late = BreakEven(100.0, 0.003, 0.001, 10_000)
    assert late.days is not None
    assert DAYS_A_MONTH < late.days < late.horizon
