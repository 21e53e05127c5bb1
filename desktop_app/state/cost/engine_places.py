"""The models of engines, here and on other computers: free, and so long as they take."""

from dataclasses import dataclass

from desktop_app.core.jobs.limits import LOCAL_CONTEXT
from desktop_app.provider.connections.engine_models import BaseModel
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.state.connections.connections import Connections
from desktop_app.storage.settings import THIS_COMPUTER

STARTER_MODEL = "smollm2-135m-instruct"
HERE, AWAY = "here:", "engine:"
"""How the keys of models on this computer begin, and of those on another one."""


def key_of(connections: Connections, connection_id: str, model: str) -> str:
    """What a model is called in Cost: by its id alone at a service that has prices."""
    if connection_id == THIS_COMPUTER:
        return HERE + model
    profile = connections.profile(connection_id)
    is_away = profile is not None and profile.kind is ConnectionKind.ENGINE
    return f"{AWAY}{connection_id}:{model}" if is_away else model


@dataclass(frozen=True)
class EngineModel:
    """A model to start from, as far as its engine has told."""

    profile: ConnectionProfile
    model: str
    base: BaseModel | None
    speed: float | None

    @property
    def is_here(self) -> bool:
        return self.profile.kind is ConnectionKind.THIS_COMPUTER

    @property
    def key(self) -> str:
        if self.is_here:
            return HERE + self.model
        return f"{AWAY}{self.profile.id}:{self.model}"

    @property
    def limit(self) -> int:
        """Tokens that it reads at most."""
        return (self.base.context_tokens if self.base else None) or LOCAL_CONTEXT

    @property
    def fits(self) -> bool:
        """Whether it can be trained there, as far as the engine has said."""
        return self.base is None or self.base.fits_training


def engine_models(connections: Connections) -> list[EngineModel]:
    """Return this computer's models, the starter model at least, then those of other engines."""
    found = []
    for profile in connections.profiles():
        models = connections.base_models(profile.id) if profile.is_engine else []
        if profile.kind is ConnectionKind.THIS_COMPUTER:
            models = models or [STARTER_MODEL]
        found += [_engine_model(connections, profile, model) for model in models]
    return found


def _engine_model(connections: Connections, profile: ConnectionProfile, model: str) -> EngineModel:
    at = connections.models_at(profile.id)
    base = at.base(model) if at else None
    return EngineModel(profile, model, base, _speed(connections, profile, model, base))


def _speed(
    connections: Connections, profile: ConnectionProfile, model: str, base: BaseModel | None
) -> float | None:
    """Tokens a second: of the starter model as measured, of others as reckoned from that."""
    at = connections.models_at(profile.id)
    if model == STARTER_MODEL or (base is not None and base.is_starter):
        is_here = profile.kind is ConnectionKind.THIS_COMPUTER
        status = connections.engine_status if is_here else at.status if at else None
        return status.training_tokens_per_second if status else None
    entry = at.entry_of(base) if at and base else None
    return entry.tokens_per_second if entry else None
