from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from desktop_app.core.cost.prices import load_prices
from desktop_app.core.cost.tokens import CL100K, O200K

DATA = (Path(__file__).parents[3] / "resources" / "prices" / "pricing.json").read_bytes()
PRICES = load_prices(DATA)


def test_the_price_of_gpt_4_1_mini() -> None:
    price = PRICES.find("gpt-4.1-mini")
    assert price is not None
    assert price.base_model == "gpt-4.1-mini-2025-04-14"
    assert price.training == 5
    assert (price.input, price.output) == (Decimal("0.8"), Decimal("3.2"))
    assert (price.base_input, price.base_output) == (Decimal("0.4"), Decimal("1.6"))
    assert price.as_of == "2026-07-30"
    assert price.example_limit == 65_536
    assert "OpenAI API pricing page" in price.sources[0]
    assert price.sources[0].endswith("(2026-07-30)")


def test_gpt_3_5_turbo_can_be_had_at_its_price_of_2023_08_22() -> None:
    price = next(price for price in PRICES.history if price.as_of == "2023-08-22")
    assert price.base_model == "gpt-3.5-turbo-0613"
    assert (price.training, price.input, price.output) == (Decimal(8), Decimal(12), Decimal(16))
    assert price.example_limit == 4096
    assert price.encoding == "cl100k_base"
    assert price.is_history
    assert not price.can_be_tuned_on(date(2023, 9, 1))


def test_dates() -> None:
    mini, old = PRICES.find("gpt-4o-mini"), PRICES.find("babbage-002")
    assert mini is not None
    assert old is not None
    assert mini.can_be_tuned_on(date(2027, 1, 5))
    assert not mini.can_be_tuned_on(date(2027, 1, 6))
    assert mini.shutdown == date(2027, 1, 14)
    assert not old.can_be_tuned_on(date(2026, 1, 1))
    assert old.shutdown == date(2026, 10, 23)
    assert old.shutdown_note == "2026-10-23 (fine-tuned); 2026-09-28 (base)"


def test_models_are_found_by_alias_and_by_what_was_tuned_from_them() -> None:
    for name in ("gpt-4.1", "gpt-4.1-2025-04-14", "ft:gpt-4.1-2025-04-14:org::abc"):
        price = PRICES.find(name)
        assert price is not None
        assert price.base_model == "gpt-4.1-2025-04-14"
    assert PRICES.find("smollm2-135m-instruct") is None
    assert PRICES.find("") is None


def test_training_by_the_hour_is_no_price_by_token() -> None:
    price = PRICES.find("o4-mini")
    assert price is not None
    assert price.training is None


def test_the_file_agrees_with_the_encodings() -> None:
    assert len(PRICES.current) == 12
    older = [price.base_model for price in PRICES.current if price.encoding == CL100K]
    assert all(m.startswith(("gpt-3.5", "gpt-4-", "babbage", "davinci")) for m in older)
    assert {price.encoding for price in PRICES.current} == {CL100K, O200K}
    assert PRICES.generated_on == date(2026, 11, 20)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", DATA.replace(b"25.0", b'"dear"')])
def test_a_file_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        load_prices(data)


def test_a_history_of_an_unknown_model_is_refused() -> None:
    file = msgspec.json.decode(DATA)
    file["price_history"][0]["base_model"] = "gpt-9"
    with pytest.raises(msgspec.MsgspecError, match="gpt-9"):
        load_prices(msgspec.json.encode(file))
