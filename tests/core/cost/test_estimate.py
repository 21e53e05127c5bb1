from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.cost.estimate import (
    automatic_epochs,
    local_seconds,
    replies_cost,
    training_cost,
)
from desktop_app.core.cost.prices import load_prices

PRICES = Path(__file__).parents[3] / "resources" / "prices" / "pricing.json"


def test_the_case_of_the_guide_costs_2_40() -> None:
    prices = load_prices(PRICES.read_bytes())
    price = next(price for price in prices.history if price.as_of == "2023-08-22")
    assert price.training is not None
    assert training_cost(100_000, 3, price.training) == Decimal("2.40")


@pytest.mark.parametrize(
    ("n", "epochs"),
    [
        (0, 3),
        (1, 25),
        (4, 25),
        (5, 20),
        (10, 10),
        (33, 3),
        (34, 3),
        (100, 3),
        (8333, 3),
        (8334, 2),
        (12_501, 1),
        (25_001, 1),
        (1_000_000, 1),
    ],
)
def test_automatic_epochs(n: int, epochs: int) -> None:
    assert automatic_epochs(n) == epochs


@given(st.integers(1, 10**7))
def test_automatic_epochs_stay_in_bounds(n: int) -> None:
    assert 1 <= automatic_epochs(n) <= 25


def test_money_is_exact() -> None:
    assert training_cost(1, 1, Decimal("0.1")) == Decimal("0.0000001")
    assert training_cost(10**12, 50, Decimal(25)) == 1_250_000_000
    cost = replies_cost(124, 80, Decimal("0.8"), Decimal("3.2"))
    assert cost == Decimal("0.3552")
    assert replies_cost(0, 0, Decimal(1), Decimal(1)) == 0


def test_time_on_this_computer() -> None:
    assert local_seconds(10_000, 3, 150.0) == 200.0
