"""The price list as the Cost page shows it, with the prices that the user knows better."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Struct

from desktop_app.core.cost.prices import ModelPrice, PriceList


class OwnPrice(Struct, frozen=True):
    """A price that the user has entered, in USD per million tokens, and the day of it."""

    training: Decimal
    input: Decimal
    output: Decimal
    as_of: str


OwnPrices = dict[str, OwnPrice]


@dataclass(frozen=True)
class Priced:
    """A price and whether it is the user's own."""

    key: str
    price: ModelPrice
    is_own: bool = False


def key_of(price: ModelPrice) -> str:
    """What tells one price from all others: the model, and the day if it is an earlier price."""
    return f"{price.base_model}@{price.as_of}" if price.is_history else price.base_model


def merged(prices: PriceList, own: OwnPrices, today: date) -> list[Priced]:
    """All prices: what can be tuned first, then what is shut down, then earlier prices.

    Earlier prices at which training was free for a while, up to a daily amount, are left out.
    """
    earlier = [price for price in prices.history if price.training]
    current = sorted(prices.current, key=lambda price: not price.can_be_tuned_on(today))
    return [with_own(price, own.get(key_of(price))) for price in [*current, *earlier]]


def with_own(price: ModelPrice, own: OwnPrice | None) -> Priced:
    """Put the user's figures in place of the listed ones."""
    if own is None:
        return Priced(key_of(price), price)
    changed = msgspec.structs.replace(
        price, training=own.training, input=own.input, output=own.output, as_of=own.as_of
    )
    return Priced(key_of(price), changed, is_own=True)
