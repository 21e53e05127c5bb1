"""Models that are here, on their way, or could be fetched: what is known of each in one form."""

from dataclasses import dataclass

from desktop_app.engine.models.catalogue import CatalogueModel, catalogue
from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.origin import Licence, Origin
from desktop_app.engine.models.shape import Shape


@dataclass(frozen=True)
class Offer:
    """A model on the hub. `bytes` are those to fetch; what nobody tells is None or empty."""

    id: str
    hub: str
    title: str
    licence: Licence
    languages: tuple[str, ...]
    good_for: str
    bytes: int
    parameters: int | None
    context_tokens: int | None
    shape: Shape | None


def recommended(model: CatalogueModel) -> Offer:
    """Return what the catalogue says of a model."""
    return Offer(
        id=model.id,
        hub=model.hub,
        title=model.title,
        licence=model.licence,
        languages=model.languages,
        good_for=model.good_for,
        bytes=model.bytes,
        parameters=model.shape.parameters,
        context_tokens=model.context_tokens,
        shape=model.shape,
    )


def described_by(origin: Origin) -> Offer:
    """Return what the hub says of a model, in the catalogue's words where it has some.

    The licence is the one that the hub states now; where it is the one in the catalogue, it has a
    better name there.
    """
    known = catalogue().find(HubName.of(origin.hub))
    licence = origin.licence
    if known is not None and licence.id in {"", known.licence.id}:
        licence = Licence(known.licence.id, known.licence.name, licence.url or known.licence.url)
    return Offer(
        id=origin.id,
        hub=origin.hub,
        title=known.title if known else origin.hub,
        licence=licence,
        languages=known.languages if known else origin.languages,
        good_for=known.good_for if known else "",
        bytes=origin.bytes,
        parameters=origin.parameters,
        context_tokens=known.context_tokens if known else origin.context_tokens,
        shape=origin.shape or (known.shape if known else None),
    )
