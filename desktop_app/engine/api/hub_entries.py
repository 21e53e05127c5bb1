"""The bodies that describe models: what they are, whether they fit, how far they have come."""

from dataclasses import dataclass

from desktop_app.engine.exports.disk_use import path_bytes
from desktop_app.engine.jobs_runner.speed import SpeedMeter
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.base_facts import KnownBases
from desktop_app.engine.models.bases import Base, Bases
from desktop_app.engine.models.catalogue import catalogue
from desktop_app.engine.models.fits import Fit, Fits, MeasuredSpeed, expected_speed
from desktop_app.engine.models.hub_client import Hub
from desktop_app.engine.models.hub_description import described
from desktop_app.engine.models.hub_fetches import Fetched, HubFetches
from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.offers import Offer, described_by, recommended
from desktop_app.engine.models.origin import Licence

MISSING, READY, DAMAGED = "missing", "ready", "damaged"
NOT_WHOLE = "Its files are not whole. Remove it, and fetch or take it again."


@dataclass(frozen=True)
class _Here:
    """What is here at the moment of a request, looked at once."""

    bases: list[Base]
    fetched: list[Fetched]
    speed: MeasuredSpeed | None

    def base(self, hub: str) -> Base | None:
        return next((b for b in self.bases if b.origin and _same(b.origin.hub, hub)), None)

    def on_its_way(self, hub: str) -> Fetched | None:
        return next((f for f in self.fetched if _same(f.origin.hub, hub)), None)


class HubEntries:
    """Joins what is known: the catalogue, the hub, the disk, this machine."""

    def __init__(
        self, machine: Machine, bases: Bases, fetches: HubFetches, speed: SpeedMeter
    ) -> None:
        self._bases = bases
        self._fetches = fetches
        self._speed = speed
        self._fits = Fits(machine)
        self._known = KnownBases(machine)

    def recommended(self) -> list[dict[str, object]]:
        """Describe the models of the catalogue."""
        here = self._here()
        return [self._entry(recommended(model), here) for model in catalogue().models]

    def fetches(self) -> list[dict[str, object]]:
        """Describe the models that are on their way."""
        here = self._here()
        return [self._entry(described_by(fetched.origin), here) for fetched in here.fetched]

    def entry(self, name: HubName) -> dict[str, object]:
        """Describe any repository; the hub is asked about one that is not here. Raises HubError."""
        here = self._here()
        fetched, base = here.on_its_way(name.full), here.base(name.full)
        if fetched is not None:
            return self._entry(described_by(fetched.origin), here)
        if base is not None and base.origin is not None:
            return self._entry(described_by(base.origin), here)
        return self._entry(described_by(described(Hub(), name, self.name_for(name))), here)

    def known_entry(self, name: HubName) -> dict[str, object] | None:
        """Describe a repository of which something is here, or in the catalogue."""
        here = self._here()
        known = catalogue().find(name)
        if here.on_its_way(name.full) is not None or here.base(name.full) is not None:
            return self.entry(name)
        return self._entry(recommended(known), here) if known is not None else None

    def bases(self) -> list[dict[str, object]]:
        """Describe the models that are here."""
        return [self._base(base) for base in self._bases.all()]

    def name_for(self, name: HubName) -> str:
        """Return what a model from the hub is called here: its own name, if that is free."""
        known, there = catalogue().find(name), self._here().base(name.full)
        if there is not None:
            return there.id
        coming = {fetched.origin.id for fetched in self._fetches.all()}
        free = self._bases.free_name(known.id if known else name.name, name.key)
        return name.key if free in coming else free

    def _here(self) -> _Here:
        fetched = self._fetches.all()  # first: what arrives meanwhile is found at least once
        bases = self._bases.all()
        measured = self._bases.trained_last(bases)
        speed = self._known.speed(measured, self._speed.tokens_per_second()) if measured else None
        return _Here(bases, fetched, speed)

    def _entry(self, offer: Offer, here: _Here) -> dict[str, object]:
        base, fetched = here.base(offer.hub), here.on_its_way(offer.hub)
        fit, speed = self._fit(offer, base), None
        if offer.shape is not None and fit.fits_training:
            speed = expected_speed(offer.shape, fit.backend, here.speed)
        return {
            "id": base.id if base is not None else offer.id,
            "hub": offer.hub,
            "title": offer.title,
            "parameters": offer.parameters,
            "bytes": offer.bytes,
            "licence": _licence(offer.licence),
            "languages": list(offer.languages),
            "context_tokens": offer.context_tokens,
            "good_for": offer.good_for,
            **_fit_body(fit),
            "memory_training": fit.memory_training,
            "memory_answering": fit.memory_answering,
            "tokens_per_second": speed,
            **_progress(offer, base, fetched),
        }

    def _fit(self, offer: Offer, base: Base | None) -> Fit:
        if base is not None and base.path is not None:
            return self._known.fit(base.path)
        if offer.shape is not None:
            return self._fits.of(offer.shape)
        return self._fits.at_least(offer.parameters or 0)

    def _base(self, base: Base) -> dict[str, object]:
        origin, path = base.origin, base.path
        known = described_by(origin) if origin is not None and origin.hub else None
        body: dict[str, object] = {
            "id": base.id,
            "path_kind": "folder",
            "hub": known.hub if known else None,
            "bytes": origin.bytes if origin else 0,
            "parameters": None,
            "context_tokens": None,
            "licence": _licence(known.licence if known else Licence()),
            "licence_accepted_at": origin.accepted_at if origin else None,
            "is_starter": base.is_starter,
        }
        if path is None:
            return body | _fit_body(Fit("numpy", 0, 0, False, False, NOT_WHOLE))
        facts = self._known.facts(path)
        licence = known.licence if known else Licence(facts.licence, facts.licence)
        return body | {
            "path_kind": "folder" if path.is_dir() else "gguf",
            "bytes": path_bytes(path),
            "parameters": facts.parameters,
            "context_tokens": facts.context_tokens,
            "licence": _licence(licence),
            **_fit_body(self._known.fit(path)),
        }


def _progress(offer: Offer, base: Base | None, fetched: Fetched | None) -> dict[str, object]:
    if fetched is not None:
        state, done, error = str(fetched.state), fetched.bytes_done, fetched.error
        return {"state": state, "bytes_done": done, "error": error}
    if base is None:
        return {"state": MISSING, "bytes_done": 0, "error": None}
    if base.path is None:
        return {"state": DAMAGED, "bytes_done": 0, "error": NOT_WHOLE}
    return {"state": READY, "bytes_done": offer.bytes, "error": None}


def _fit_body(fit: Fit) -> dict[str, object]:
    return {
        "backend": fit.backend,
        "fits_training": fit.fits_training,
        "fits_answering": fit.fits_answering,
        "why": fit.why,
    }


def _licence(licence: Licence) -> dict[str, object]:
    return {"id": licence.id, "name": licence.name, "url": licence.url}


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
