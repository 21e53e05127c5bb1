from datetime import date

import pytest

from desktop_app.state.cost import texts as cost_texts


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0, "$0.00"), (0.004, "under $0.01"), (2.4, "$2.40"), (1234.5, "$1,234.50")],
)
def test_money(usd: float, text: str) -> None:
    assert cost_texts.money(usd) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (20, "under a minute"),
        (60, "about 1 min"),
        (170, "about 3 min"),
        (3600, "about 1 h"),
        (5400, "about 1.5 h"),
        (400_000, "about 5 days"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert cost_texts.duration(seconds) == text


def test_day() -> None:
    assert cost_texts.day(date(2027, 1, 6)) == "6 Jan 2027"
