"""Words one row of "Where to train"."""

import re
from datetime import date
from decimal import Decimal

from PySide6.QtCore import QCoreApplication

from desktop_app.core.cost.estimate import replies_cost
from desktop_app.core.cost.prices import ModelPrice
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.cost import texts as cost_texts
from desktop_app.state.cost.engine_places import EngineModel
from desktop_app.state.cost.model_prices import Priced
from desktop_app.state.cost.places_to_train import Place
from desktop_app.state.cost.reply_shape import ReplyShape

VERSION = re.compile(r"-\d{4}$")
UNKNOWN = "–"


def model_label(price: ModelPrice) -> str:
    """The model's name; for an earlier price its month instead of the version."""
    if not price.is_history:
        return short_name(price.base_model)
    name = short_name(VERSION.sub("", price.base_model))
    month = cost_texts.day_of(price.as_of[:7])
    return _tr("{model} ({month} price)").format(model=name, month=month)


def place_of_engine(at: EngineModel, seconds: float | None) -> Place:
    """A model on an engine; `seconds` is None while tokens are being counted."""
    note, tone = _tr("nothing leaves this computer"), "good"
    if not at.is_here:
        note, tone = _tr("sent to an engine of your own"), ""
    if not at.fits:
        note, tone = _tr("cannot be trained here") if at.is_here else _tr("does not fit"), "warning"
    if at.speed is None:
        ready_in = _tr("not measured yet")
    else:
        ready_in = _counting() if seconds is None else cost_texts.duration(seconds)
    return Place(
        key=at.key,
        model=short_name(at.model),
        where=_tr("This computer") if at.is_here else at.profile.name,
        training=_tr("free"),
        replies=_tr("free"),
        ready_in=ready_in,
        note=note,
        tone=tone,
    )


def place_hosted(
    priced: Priced, usd: Decimal | None, shape: ReplyShape | None, today: date
) -> Place:
    """A model at a service; `usd` is None while tokens are being counted."""
    price = priced.price
    note, tone = note_on(priced, today)
    training = _counting() if usd is None else cost_texts.money(usd)
    return Place(
        key=priced.key,
        model=model_label(price),
        where=_tr("OpenAI"),
        training=UNKNOWN if price.training is None else training,
        replies=_replies(price, shape),
        ready_in=UNKNOWN,
        note=note,
        tone=tone,
        is_closed=not price.can_be_tuned_on(today),
        can_be_chosen=price.training is not None,
    )


def note_on(priced: Priced, today: date) -> tuple[str, str]:
    """What matters most about a hosted model, and its tone."""
    price = priced.price
    if price.shutdown is not None and today >= price.shutdown:
        return _tr("shut down {date}").format(date=cost_texts.day(price.shutdown)), "bad"
    if price.closes is not None and today >= price.closes:
        return _tr("closed to new jobs {date}").format(date=cost_texts.day(price.closes)), "bad"
    if price.is_history:
        return _tr("an earlier price"), ""
    if price.closes is not None:
        text = _tr("closes to new jobs {date}").format(date=cost_texts.day(price.closes))
        return text, "warning"
    return "", ""


def _replies(price: ModelPrice, shape: ReplyShape | None) -> str:
    if price.input is None or price.output is None or shape is None:
        return UNKNOWN
    cost = replies_cost(round(shape.prompt), round(shape.reply), price.input, price.output)
    return cost_texts.money(cost)


def _counting() -> str:
    return _tr("counting…")


def _tr(text: str) -> str:
    return QCoreApplication.translate("place_texts", text)
