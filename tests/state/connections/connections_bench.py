"""Everything that Connections stands on, real: keyring class, SDK, threads, a service."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from pytestqt.qtbot import QtBot

from desktop_app.background.asyncio_thread import AsyncioThread
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.prices import PriceList, load_prices
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.state.connections.connections import Connections, ConnectionStatus
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.preferences import Preferences
from desktop_app.storage.secrets import Secrets
from desktop_app.storage.settings import ConnectionSettings, SettingsFile
from tests.provider.scripted_service import Answer, ScriptedService

ROOT = Path(__file__).resolve().parents[3]
FAKE_ENGINE = ROOT / "tests" / "provider" / "fake_engine.py"
TODAY = date(2026, 11, 20)
KEY = "sk-test-0123456789abcdefghijklmnop"
MODELS = Answer({"object": "list", "data": [{"id": "base-1"}, {"id": "ft:base-1:org:x:1"}]})


def price_list() -> PriceList:
    """The prices that come with the program."""
    return load_prices((ROOT / "resources" / "prices" / "pricing.json").read_bytes())


class Bench:
    """One service, one engine, one set of preferences. Leave the `with` block to end all."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        *,
        behave: str = "well",
    ) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self._is_posing = False
        self.today = TODAY
        self.service = ScriptedService()
        self.service.on("GET /v1/models", MODELS)
        self._thread = AsyncioThread()
        self._thread.start()
        self.serve(self.service)
        self.notices: list[Notice] = []
        self.withdrawn: list[str] = []
        self.runner = TaskRunner()
        self._hub = Notices()
        self._hub.posted.connect(self.notices.append)
        self._hub.withdrawn.connect(self.withdrawn.append)
        self.preferences = Preferences(SettingsFile(folder / "settings.json"), self._hub)
        self.secrets = Secrets()
        command: Sequence[str] = (sys.executable, str(FAKE_ENGINE), "--behave", behave)
        self.engine = EngineProcess(folder / "engine", command=command)
        self.connections = self.open()

    def open(self) -> Connections:
        """Make the state as the program does at its start."""
        return Connections(
            self.preferences,
            self.secrets,
            self.engine,
            self.runner,
            self._hub,
            price_list().current,
            today=lambda: self.today,
        )

    def announce_as_engine(self, service: ScriptedService) -> None:
        """Let a scripted service be found as the engine that runs already."""
        store = self.folder / "engine"
        store.mkdir()
        (store / "token").write_text("t" * 32)
        said = {"base_url": service.base_url, "pid": os.getpid()}
        (store / "service.json").write_text(json.dumps(said))
        self._is_posing = True

    def serve(self, service: ScriptedService) -> None:
        self._thread.submit(service.start()).result(5)

    def stop(self, service: ScriptedService) -> None:
        self._thread.submit(service.stop()).result(5)

    def add(self, base_url: str = "", connection_id: str = "mine") -> str:
        """Add a connection of the user's and return its id."""
        url = base_url or self.service.base_url
        self.connections.save(ConnectionSettings(connection_id, "other", "My service", url))
        return connection_id

    def until_status(self, status: ConnectionStatus) -> None:
        self.qtbot.waitUntil(lambda: self.connections.status is status, timeout=10_000)

    def until_idle(self) -> None:
        self.qtbot.waitUntil(lambda: self.runner.running == 0, timeout=10_000)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.runner.shut_down()
        self.stop(self.service)
        assert self._thread.shut_down()
        if self._is_posing:
            return
        with suppress(OSError, ValueError):
            announced = (self.folder / "engine" / "service.json").read_text()
            os.kill(json.loads(announced)["pid"], signal.SIGKILL)
