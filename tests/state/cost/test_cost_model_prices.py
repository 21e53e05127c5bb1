from datetime import date
from decimal import Decimal

import pytest

from desktop_app.core.cost.prices import ModelPrice
from desktop_app.provider.connections.engine_models import BaseModel
from desktop_app.provider.factory import profile_of
from desktop_app.state.cost.engine_places import EngineModel
from desktop_app.state.cost.model_prices import OwnPrice, Priced, key_of, merged
from desktop_app.state.cost.place_texts import model_label, note_on, place_hosted, place_of_engine
from desktop_app.state.cost.reply_shape import ReplyShape
from desktop_app.state.cost.texts import day_of
from desktop_app.storage.settings import THIS_COMPUTER
from tests.state.connections.connections_bench import TODAY, price_list

PRICES = price_list()
OWN = OwnPrice(Decimal(1), Decimal(2), Decimal(3), "2026-11-20")


def price(model: str) -> ModelPrice:
    found = PRICES.find(model)
    assert found is not None
    return found


def test_what_can_be_tuned_comes_first_and_earlier_prices_last() -> None:
    found = merged(PRICES, {}, TODAY)
    closed = [not each.price.can_be_tuned_on(TODAY) for each in found]
    assert closed == sorted(closed)
    assert [each.price.is_history for each in found] == sorted(
        each.price.is_history for each in found
    )
    assert len({each.key for each in found}) == len(found)


def test_free_training_of_long_ago_is_no_price() -> None:
    assert all(each.price.training != 0 for each in merged(PRICES, {}, TODAY))
    assert any(each.training == 0 for each in PRICES.history)


def test_an_own_price_stands_in_for_the_listed_one() -> None:
    (mine,) = [each for each in merged(PRICES, {"gpt-4.1-2025-04-14": OWN}, TODAY) if each.is_own]
    assert mine.key == "gpt-4.1-2025-04-14"
    assert (mine.price.training, mine.price.output) == (Decimal(1), Decimal(3))
    assert mine.price.base_input == price("gpt-4.1").base_input


def test_earlier_prices_have_a_key_and_a_label_of_their_own() -> None:
    earlier = next(each for each in PRICES.history if each.as_of == "2023-08-22")
    assert key_of(earlier) == "gpt-3.5-turbo-0613@2023-08-22"
    assert model_label(earlier) == "GPT-3.5 Turbo (Aug 2023 price)"
    assert model_label(price("gpt-3.5-turbo-0613")) == "GPT-3.5 Turbo 0613"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-08-22", "22 Aug 2023"),
        ("2024-10", "Oct 2024"),
        ("2024 (remembered)", "2024 (remembered)"),
    ],
)
def test_days_of_prices(text: str, day: str) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("model", "today", "note"),
    [
        ("gpt-4.1", date(2026, 11, 20), ("closes to new jobs 6 Jan 2027", "warning")),
        ("gpt-4.1", date(2027, 1, 6), ("closed to new jobs 6 Jan 2027", "bad")),
        ("gpt-4.1", date(2027, 1, 14), ("shut down 14 Jan 2027", "bad")),
        ("gpt-3.5-turbo", date(2026, 11, 20), ("shut down 23 Oct 2026", "bad")),
    ],
)
def test_notes(model: str, today: date, note: tuple[str, str]) -> None:
    assert note_on(Priced(model, price(model)), today) == note


def test_a_thousand_replies_are_reckoned_from_the_examples() -> None:
    shape = ReplyShape(prompt=100, reply=50)
    place = place_hosted(Priced("x", price("gpt-4.1")), Decimal("7.5"), shape, TODAY)
    assert (place.training, place.replies) == ("$7.50", "$0.90")
    unknown = place_hosted(Priced("x", price("gpt-4.1")), None, None, TODAY)
    assert (unknown.training, unknown.replies) == ("counting…", "–")


@pytest.mark.parametrize(
    ("seconds", "speed", "text"),
    [(None, None, "not measured yet"), (None, 100.0, "counting…"), (200, 100.0, "about 3 min")],
)
def test_a_place_on_this_computer(seconds: float | None, speed: float | None, text: str) -> None:
    profile = profile_of("this_computer", THIS_COMPUTER, "This computer", "")
    at = EngineModel(profile, "smollm2-135m-instruct", None, speed)
    place = place_of_engine(at, seconds)
    assert (place.model, place.training, place.ready_in) == ("SmolLM2 135M", "free", text)
    assert (place.key, place.where) == ("here:smollm2-135m-instruct", "This computer")


@pytest.mark.parametrize(
    ("base", "note"),
    [
        (None, "sent to an engine of your own"),
        (BaseModel("m", fits_training=False), "does not fit"),
    ],
)
def test_a_place_on_an_engine_elsewhere(base: BaseModel | None, note: str) -> None:
    profile = profile_of("engine", "mine", "The box", "https://box:8443/v1")
    place = place_of_engine(EngineModel(profile, "m", base, 100.0), 200)
    assert (place.key, place.where, place.note) == ("engine:mine:m", "The box", note)
    assert (place.training, place.replies, place.ready_in) == ("free", "free", "about 3 min")
