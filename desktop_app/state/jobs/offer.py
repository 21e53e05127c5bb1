"""What a new job would send, where to, and what it would cost, in words."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile, DataPlace
from desktop_app.state.connections.closing_dates import closing_note
from desktop_app.state.connections.connections import OPENAI, Connections
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.cost import texts as cost_texts
from desktop_app.state.cost.cost import CostState
from desktop_app.state.cost.engine_places import key_of
from desktop_app.state.jobs.facts import is_free
from desktop_app.state.models.model_words import fit, note
from desktop_app.state.open_project import OpenProject


@dataclass(frozen=True)
class JobOffer:
    """`usd` is None where it is free or not known; `is_free` tells which. Texts are plain."""

    where: str
    sent: str
    price: str
    closing: str
    is_free: bool
    usd: float | None


def offer(
    connections: Connections, cost: CostState, open_project: OpenProject, *, with_test: bool
) -> JobOffer:
    """Return the offer for the active connection and its model, with the passes of Cost."""
    profile = connections.active
    usd = _usd(connections, cost)
    free = is_free(connections, profile.id)
    return JobOffer(
        where=address_of(profile),
        sent=_sent(profile, open_project, with_test=with_test),
        price=_free(connections, cost) if free else _price(cost, usd),
        closing=closing_note(profile, connections.today()),
        is_free=free,
        usd=usd,
    )


def align(connections: Connections, cost: CostState) -> None:
    """Let Cost reckon with the model that is about to be trained, where it knows its price."""
    cost.choose(key_of(connections, connections.active.id, connections.base_model))


def choice_of(connections: Connections, connection_id: str, model: str) -> str:
    """What a model is called among those to start from; one that does not fit says so."""
    models = connections.models_at(connection_id)
    base = models.base(model) if models else None
    if base is None or base.fits_training:
        return short_name(model)
    return f"{short_name(model)} ({fit(base)[0]})"


def note_on_model(connections: Connections, connection_id: str, model: str) -> tuple[str, str]:
    """What is known of a model to start from, or why it does not fit, and the tone of it."""
    models = connections.models_at(connection_id)
    base = models.base(model) if models else None
    if models is None or base is None:
        return "", ""
    return note(base, models.entry_of(base))


def address_of(profile: ConnectionProfile) -> str:
    """Where the conversations go, as precisely as is known."""
    if profile.data_place is DataPlace.THIS_COMPUTER:
        return _tr("this computer")
    host = profile.base_url.split("://", 1)[-1].split("/", 1)[0]
    return f"{profile.name} ({host})"


def _sent(profile: ConnectionProfile, open_project: OpenProject, *, with_test: bool) -> str:
    counts = open_project.counts
    stays = profile.data_place is DataPlace.THIS_COMPUTER
    values = {"training": counts.training, "test": counts.test, "where": address_of(profile)}
    if counts.test and with_test:
        text = _tr("{training} training and {test} test conversations stay on this computer.")
        if not stays:
            text = _tr("{training} training and {test} test conversations are sent to {where}.")
    else:
        text = _tr("{training} training conversations stay on this computer.")
        if not stays:
            text = _tr("{training} training conversations are sent to {where}.")
    return text.format(**values)


def _is_reckoned(connections: Connections, cost: CostState) -> bool:
    """Whether what Cost shows is the model that is about to be trained."""
    active = connections.active
    has_prices = active.id == OPENAI or active.is_engine
    return has_prices and cost.choice.key == key_of(connections, active.id, connections.base_model)


def _usd(connections: Connections, cost: CostState) -> float | None:
    estimate = cost.estimate
    if estimate is None or estimate.usd is None or not _is_reckoned(connections, cost):
        return None
    return float(estimate.usd)


def _free(connections: Connections, cost: CostState) -> str:
    seconds = cost.seconds if _is_reckoned(connections, cost) else None
    if seconds is None and connections.active.kind is ConnectionKind.ENGINE:
        return _tr("The engine charges nothing. How long it takes shows once training has begun.")
    if seconds is None:
        return _tr("Free. How long it takes shows once training has begun.")
    return _tr("Free, {time}.").format(time=cost_texts.duration(seconds))


def _price(cost: CostState, usd: float | None) -> str:
    if usd is None:
        if cost.counting is not None:
            return _tr("The cost is being reckoned…")
        return _tr("What it costs there is not known here. See the service's price list first.")
    price, estimate = cost.price, cost.estimate
    passes = estimate.passes if estimate else 0
    text = _tr("About {sum} for {passes} passes over {tokens} tokens, at the price of {day}.")
    if passes == 1:
        text = _tr("About {sum} for one pass over {tokens} tokens, at the price of {day}.")
    return text.format(
        sum=cost_texts.money(usd),
        passes=passes,
        tokens=cost_texts.tokens(estimate.tokens) if estimate else "",
        day=cost_texts.day_of(price.as_of) if price else "",
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_offer", text)
