"""The services that train models: which there are, which is in use, and how it is."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.prices import ModelPrice
from desktop_app.provider.connections.certificates import CertificateError
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.engine_status import EngineStatus
from desktop_app.provider.connections.openai import BASE_URL as OPENAI_URL
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.provider.factory import profile_of
from desktop_app.provider.provider import ErrorKind, ModelInfo, Provider, ProviderError
from desktop_app.state.connections.engines import Engines
from desktop_app.state.connections.keys import Keys, KeyState
from desktop_app.state.connections.local_engine import EngineState, LocalEngine, as_provider_error
from desktop_app.state.connections.own_connections import OWN_KINDS, profile_from, shares_host
from desktop_app.state.connections.provider_pool import ProviderPool
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.models.engine_models import EngineModels
from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.state.preferences import Preferences
from desktop_app.storage.secrets import Secrets, origin
from desktop_app.storage.settings import THIS_COMPUTER, ConnectionSettings

OPENAI = "openai"
"""The id of the connection to OpenAI, which is always there."""

TOPIC = "connection"
_log = logging.getLogger(__name__)


class ConnectionStatus(StrEnum):
    """How a connection is, as far as was heard."""

    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    READY = "ready"
    NEEDS_KEY = "needs_key"
    NEEDS_MODEL = "needs_model"
    FAILED = "failed"


@dataclass(frozen=True)
class Heard:
    """What a service answered when it was asked for its models."""

    status: ConnectionStatus = ConnectionStatus.UNKNOWN
    models: tuple[ModelInfo, ...] = ()
    error: ProviderError | None = None


class Connections(QObject):
    """One connection is active. `prices` tell which models OpenAI trains, and until when."""

    changed = Signal()

    def __init__(
        self,
        preferences: Preferences,
        secrets: Secrets,
        engine: EngineProcess,
        runner: TaskRunner,
        notices: Notices,
        prices: Sequence[ModelPrice] = (),
        today: Callable[[], date] = date.today,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.today = today
        self.keys = Keys(secrets, runner, self)
        self.engine = LocalEngine(engine, runner, self)
        self._preferences = preferences
        self._runner = runner
        self._notices = notices
        self._prices = tuple(prices)
        self._pool = ProviderPool(secrets, engine)
        runner.close_at_the_end(self._pool.close)
        self.engines = Engines(self._pool.provider, runner, notices, self)
        self._heard: dict[str, Heard] = {}
        self._asked: dict[str, int] = {}
        self._profiles: list[ConnectionProfile] = []
        self._load()
        self.keys.changed.connect(self._key_looked_up)
        self.keys.stored.connect(self._key_stored)
        self.engine.changed.connect(self._engine_changed)
        self.engine.models_changed.connect(self._engine_models_changed)
        self.engines.bases_changed.connect(self._bases_changed)

    # Which there are

    def profiles(self) -> list[ConnectionProfile]:
        """All connections: this computer, OpenAI, then the user's own."""
        return list(self._profiles)

    def profile(self, connection_id: str) -> ConnectionProfile | None:
        return next((each for each in self._profiles if each.id == connection_id), None)

    @property
    def active(self) -> ConnectionProfile:
        return self.profile(self._preferences.settings.active_connection) or self._profiles[0]

    def set_active(self, connection_id: str) -> None:
        """Use another connection from now on. Raises KeyError."""
        self.use(connection_id, self.base_model_of(connection_id))

    def use(self, connection_id: str, model: str) -> None:
        """Use a connection and a base model of it from now on. Raises KeyError."""
        if self.profile(connection_id) is None:
            raise KeyError(connection_id)
        models = {**self._preferences.settings.active_models}
        if model:
            models[connection_id] = model
        was_active = connection_id == self.active.id
        self._preferences.update(active_connection=connection_id, active_models=models)
        self.changed.emit()
        if not was_active or self.status is not ConnectionStatus.READY:
            self.refresh()

    def save(self, settings: ConnectionSettings) -> None:
        """Add a connection of the user's, or change it. Raises ValueError for a bad address.

        A key stays with the host for which it was entered.
        """
        profile_from(settings)
        before = self._preferences.settings.connections
        kept = tuple(settings if each.id == settings.id else each for each in before)
        self._preferences.update(connections=kept if settings in kept else (*before, settings))
        self._heard.pop(settings.id, None)
        self._load()
        self.engines.forget(settings.id)
        self.changed.emit()
        if settings.id == self.active.id:
            self.refresh()

    def remove(self, connection_id: str) -> None:
        """Remove a connection of the user's, and the key if no other one has the same host."""
        profile = self.profile(connection_id)
        if profile is None or profile.kind not in OWN_KINDS:
            return
        was_active = profile == self.active
        before = self._preferences.settings.connections
        self._preferences.update(
            connections=tuple(each for each in before if each.id != connection_id)
        )
        self._heard.pop(connection_id, None)
        self._load()
        self.engines.forget(connection_id)
        if not any(shares_host(profile, each) for each in self._profiles):
            self.keys.remove(profile.base_url)
        self._forget(connection_id)
        self.changed.emit()
        if was_active:
            self.set_active(THIS_COMPUTER)

    def _load(self) -> None:
        self._profiles = [
            profile_of("this_computer", THIS_COMPUTER, self.tr("This computer"), ""),
            profile_of("openai", OPENAI, "OpenAI", OPENAI_URL),
        ]
        for each in self._preferences.settings.connections:
            if each.kind in OWN_KINDS:
                try:
                    self._profiles.append(profile_from(each))
                except ValueError:
                    _log.warning("a connection in the settings has no valid address")
        self._pool.profiles = {each.id: each for each in self._profiles}

    # How they are

    @property
    def status(self) -> ConnectionStatus:
        return self.status_of(self.active.id)

    def status_of(self, connection_id: str) -> ConnectionStatus:
        return self._heard.get(connection_id, Heard()).status

    def error_of(self, connection_id: str) -> ProviderError | None:
        """Why a connection failed, if it did."""
        return self._heard.get(connection_id, Heard()).error

    @property
    def engine_status(self) -> EngineStatus | None:
        return self.engine.status

    @property
    def models(self) -> list[ModelInfo]:
        """All models that the active connection lists; none until it was heard."""
        return list(self._heard.get(self.active.id, Heard()).models)

    def base_models(self, connection_id: str) -> list[str]:
        """Models that can be trained, as far as is known."""
        models = self._heard.get(connection_id, Heard()).models
        listed = [model.id for model in models if not model.id.startswith("ft:")]
        if connection_id != OPENAI:
            return listed
        today = self.today()
        trained = [each.base_model for each in self._prices if each.can_be_tuned_on(today)]
        return [model for model in trained if model in listed] or trained or listed

    @property
    def base_model(self) -> str:
        """The model to start from at the active connection; '' until one is known."""
        return self.base_model_of(self.active.id)

    def base_model_of(self, connection_id: str) -> str:
        chosen = self._preferences.settings.active_models.get(connection_id, "")
        offered = self.base_models(connection_id)
        return chosen if chosen in offered or not offered else offered[0]

    def set_base_model(self, model: str) -> None:
        """Choose the model to start from at the active connection."""
        self.use(self.active.id, model)

    def refresh(self) -> None:
        """Ask the active connection how it is."""
        profile = self.active
        self.engine.set_wanted(profile.kind is ConnectionKind.THIS_COMPUTER)
        if profile.kind is ConnectionKind.THIS_COMPUTER:
            self.engine.start()
        else:
            self.keys.look(profile.base_url)
        self._ask(profile.id)

    def look_at(self, connection_id: str) -> None:
        """Ask a connection how it is, whether it is the active one or not."""
        self._ask(connection_id)

    async def provider(self, connection_id: str) -> Provider:
        """Return the open provider of a connection, on the asyncio thread. Raises ProviderError."""
        return await self._pool.provider(connection_id)

    def test(
        self,
        base_url: str,
        key: str | None,
        kind: ConnectionKind = ConnectionKind.OTHER,
        certificate: str = "",
    ) -> Task:
        """List the models at an address: `succeeded` with them, `failed` with ProviderError.

        Without a key the one is used that is kept for this very host. Raises ValueError.
        """
        if kind is ConnectionKind.OTHER and origin(base_url) == origin(OPENAI_URL):
            kind = ConnectionKind.OPENAI
        profile = profile_of(kind, "test", "", base_url, certificate)

        async def work(_report: Report) -> list[ModelInfo]:
            provider = await self._pool.open(profile, key)
            try:
                return await provider.models()
            finally:
                await provider.close()

        return self._runner.run(work)

    def _ask(self, connection_id: str) -> None:
        number = self._asked.get(connection_id, 0) + 1
        self._asked[connection_id] = number
        if self.status_of(connection_id) is not ConnectionStatus.READY:
            self._heard[connection_id] = Heard(ConnectionStatus.CONNECTING)
            self.changed.emit()

        async def work(_report: Report) -> tuple[str, int, Heard]:
            try:
                provider = await self._pool.provider(connection_id)
                models = tuple(await provider.models())
            except Exception as error:  # noqa: BLE001  # no fault may look like waiting for ever
                return connection_id, number, heard_error(as_provider_error(error))
            return connection_id, number, Heard(ConnectionStatus.READY, models)

        task = self._runner.run(work)
        task.succeeded.connect(self._take)

    @Slot(object)
    def _take(self, news: tuple[str, int, Heard]) -> None:
        connection_id, number, heard = news
        if number != self._asked[connection_id] or self.profile(connection_id) is None:
            return
        if connection_id == THIS_COMPUTER and heard.status is ConnectionStatus.READY:
            heard = heard if heard.models else Heard(ConnectionStatus.NEEDS_MODEL)
        self._heard[connection_id] = heard
        if connection_id == self.active.id:
            self._tell(heard)
        is_ready = heard.status is ConnectionStatus.READY
        if is_ready and connection_id != THIS_COMPUTER and (at := self.models_at(connection_id)):
            at.look()
        self.changed.emit()

    def _tell(self, heard: Heard) -> None:
        if heard.status is not ConnectionStatus.FAILED or heard.error is None:
            self._notices.withdraw(TOPIC)
            return
        text, detail = describe(heard.error)
        again = Remedy(self.tr("Try again"), self.refresh)
        level = "bad" if isinstance(heard.error, CertificateError) else "warning"
        self._notices.post(Notice(f"{self.active.name}: {text}", level, detail, again, topic=TOPIC))

    # Keys

    def has_key(self, connection_id: str) -> bool:
        """Whether a key is known to be kept for the connection's host."""
        return self.key_state(connection_id).is_there

    def key_state(self, connection_id: str) -> KeyState:
        profile = self.profile(connection_id)
        return self.keys.state(profile.base_url) if profile and profile.base_url else KeyState()

    def set_key(self, connection_id: str, key: str) -> None:
        """Keep a key for the connection's host, in the keyring where there is one."""
        profile = self.profile(connection_id)
        if profile is not None:
            self.keys.keep(profile.base_url, key)

    def remove_key(self, connection_id: str) -> None:
        profile = self.profile(connection_id)
        if profile is not None:
            self.keys.remove(profile.base_url)

    @Slot(str)
    def _key_looked_up(self) -> None:
        self.changed.emit()

    @Slot(str)
    def _key_stored(self, where: str) -> None:
        for profile in self._profiles:
            if profile.base_url and origin(profile.base_url) == where:
                self._heard.pop(profile.id, None)
                self._forget(profile.id)
                if profile == self.active or profile.kind is ConnectionKind.ENGINE:
                    self._ask(profile.id)

    def _forget(self, connection_id: str) -> None:
        async def work(_report: Report) -> None:
            await self._pool.forget(connection_id)

        self._runner.run(work)

    # The engine on this computer

    def fetch_starter_model(self) -> None:
        self.engine.fetch_starter_model()

    def cancel_fetch(self) -> None:
        self.engine.cancel_fetch()

    def add_model_file(self, path: Path) -> None:
        self.engine.add_model_file(path)

    @Slot()
    def _engine_changed(self) -> None:
        if self.engine.state is EngineState.FAILED and self.active.id == THIS_COMPUTER:
            failed = Heard(ConnectionStatus.FAILED, error=self.engine.error)
            if self._heard.get(THIS_COMPUTER) != failed:
                self._heard[THIS_COMPUTER] = failed
                self._tell(failed)
        self.changed.emit()

    @property
    def models_here(self) -> EngineModels:
        """The base models of this computer."""
        return self.engines.models(THIS_COMPUTER)

    def models_at(self, connection_id: str) -> EngineModels | None:
        """The base models of an engine, None for a service that is none."""
        profile = self.profile(connection_id)
        return self.engines.models(connection_id) if profile and profile.is_engine else None

    @Slot()
    def _engine_models_changed(self) -> None:
        self._ask(THIS_COMPUTER)
        self.models_here.look()

    @Slot(str)
    def _bases_changed(self, connection_id: str) -> None:
        if connection_id == THIS_COMPUTER:
            self.engine.start()
        else:
            self._ask(connection_id)
        self.changed.emit()


def heard_error(error: ProviderError) -> Heard:
    """What an error says of a connection."""
    if error.kind in (ErrorKind.NO_KEY, ErrorKind.WRONG_KEY):
        return Heard(ConnectionStatus.NEEDS_KEY, error=error)
    return Heard(ConnectionStatus.FAILED, error=error)
