"""What the service that is chosen refuses, for the way of training that the examples are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.core.cost.prices import ModelPrice
from desktop_app.core.cost.tokens import O200K
from desktop_app.core.examples.rules import DPO, METHODS, SUPERVISED, Rules, rules_for
from desktop_app.core.jobs.limits import LOCAL_CONTEXT
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.state.connections.connections import Connections
from desktop_app.state.open_project import OpenProject

METHOD = "method"
"""The project's setting in which a way of training is kept that its user chose."""

_HOSTS = {
    "openai.azure.com": "foundry",
    "services.ai.azure.com": "foundry",
    "cognitiveservices.azure.com": "foundry",
    "nebius.com": "nebius",
    "nebius.ai": "nebius",
    "openai.com": "openai",
}


@dataclass(frozen=True)
class LengthLimit:
    """How many tokens the model reads of an example, in the encoding in which they are counted."""

    encoding: str
    tokens: int


class ChosenRules(QObject):
    """`changed` when other rules are in force, or another limit of length."""

    changed = Signal()

    def __init__(
        self,
        connections: Connections,
        open_project: OpenProject,
        prices: Sequence[ModelPrice] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._connections = connections
        self._open_project = open_project
        self._prices = tuple(prices)
        self._wished = ""
        self._are_preferences = False
        self.rules: Rules = rules_for("other")
        self.length_limit: LengthLimit | None = None
        connections.changed.connect(self._look)
        open_project.opened.connect(self._take_project)
        open_project.closed.connect(self._take_project)
        self._take_project()

    @property
    def wished_method(self) -> str:
        """The way of training that the project's user chose, '' if the examples decide."""
        return self._wished

    def set_method(self, method: str) -> None:
        """Train in this way, or as the examples are with ''. Raises ProjectError, ValueError."""
        if method and method not in METHODS:
            raise ValueError(method)
        self._open_project.project.set_setting(METHOD, method)
        self._wished = method
        self._look()

    def note_kinds(self, preference: int, total: int) -> None:
        """Take how many of all conversations have two replies to compare."""
        self._are_preferences = 2 * preference > total
        self._look()

    @Slot()
    def _take_project(self) -> None:
        is_open = self._open_project.is_open
        wished = self._open_project.project.setting(METHOD) if is_open else ""
        self._wished = wished if wished in METHODS else ""
        self._are_preferences = False
        self._look()

    @Slot()
    def _look(self) -> None:
        method = self._wished or (DPO if self._are_preferences else SUPERVISED)
        rules = rules_for(service_of(self._connections.active), method)
        limit = self._limit()
        if (rules, limit) != (self.rules, self.length_limit):
            self.rules, self.length_limit = rules, limit
            self.changed.emit()

    def _limit(self) -> LengthLimit | None:
        """Return the limit of the model that is chosen, None where nobody tells."""
        model = self._connections.base_model
        engine = self._connections.models_at(self._connections.active.id)
        if engine is not None:
            base = engine.base(model)
            return LengthLimit(O200K, (base.context_tokens if base else None) or LOCAL_CONTEXT)
        for price in self._prices:
            if model and (model == price.base_model or model in price.aliases):
                return LengthLimit(price.encoding, price.example_limit)
        return None


def service_of(profile: ConnectionProfile) -> str:
    """Return which service of `core.examples.rules` a connection leads to."""
    if profile.is_engine:
        return "local"
    if profile.kind is ConnectionKind.OPENAI:
        return "openai"
    host = urlsplit(profile.base_url).hostname or ""
    for known, service in _HOSTS.items():
        if host == known or host.endswith("." + known):
            return service
    return "other"
