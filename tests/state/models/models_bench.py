"""The connections' bench with an engine that has models, and fetches more."""

from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from desktop_app.state.models.engine_models import EngineModels
from tests.provider.model_engine import ModelEngine
from tests.state.connections.connections_bench import Bench


class ModelsBench(Bench):
    """`model_engine` is found as the engine that runs already."""

    def __init__(
        self, qtbot: QtBot, folder: Path, catalogue: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(qtbot, folder)
        self.model_engine = ModelEngine(catalogue)
        self.serve(self.model_engine)
        self.announce_as_engine(self.model_engine)

    @property
    def models(self) -> EngineModels:
        return self.connections.models_here

    def look(self) -> None:
        """Ask the engine, and wait for its answer."""
        self.models.look()
        self.qtbot.waitUntil(lambda: not self.models.is_looking, timeout=10_000)

    def until(self, condition: object, timeout: int = 10_000) -> None:
        assert callable(condition)
        self.qtbot.waitUntil(condition, timeout=timeout)
