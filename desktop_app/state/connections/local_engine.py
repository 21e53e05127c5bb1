"""The engine on this computer: whether it runs, what it can do, and its starter model."""

import logging
import traceback
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.background.call import Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.engine_status import EngineStatus
from desktop_app.provider.provider import ErrorKind, ProviderError

_log = logging.getLogger(__name__)

HEARTBEAT_MS = 20_000
"""Often enough that the engine, which ends itself when nobody asks for 10 minutes, stays."""

MEASURING_MS = 3_000
"""While the engine measures how fast this computer trains, which takes some seconds."""


class EngineState(StrEnum):
    """How the engine is, seen from here."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


class LocalEngine(QObject):
    """Follows the engine while it is wanted. `fetched` is (bytes, bytes in all) of a fetch."""

    changed = Signal()
    models_changed = Signal()

    def __init__(self, engine: EngineProcess, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._runner = runner
        self._fetch: Task | None = None
        self._asking: Task | None = None
        self._ask_again = False
        self._adding: Task | None = None
        self.state = EngineState.STOPPED
        self.status: EngineStatus | None = None
        self.error: ProviderError | None = None
        self.fetched: tuple[int, int | None] | None = None
        self.model_error: ProviderError | None = None
        self._heartbeat = QTimer(self)
        self._heartbeat.setInterval(HEARTBEAT_MS)
        self._heartbeat.timeout.connect(self._look)

    @property
    def is_fetching(self) -> bool:
        return self._fetch is not None

    @property
    def is_adding(self) -> bool:
        """Whether a model file is being checked and copied."""
        return self._adding is not None

    def set_wanted(self, wanted: bool) -> None:
        """Keep the engine from ending itself, or let it end when its jobs are done."""
        if wanted and not self._heartbeat.isActive():
            self._heartbeat.start()
        elif not wanted:
            self._heartbeat.stop()

    def start(self) -> None:
        """Start the engine if it does not run, and ask what it can do."""
        if self._asking is not None:
            self._ask_again = True
            return
        if self.state is not EngineState.READY:
            self.state = EngineState.STARTING
            self.changed.emit()
        self._asking = self._runner.run(self._ask)
        self._asking.succeeded.connect(self._heard)
        self._asking.failed.connect(self._failed)
        self._asking.finished.connect(self._asked)

    def stop(self) -> Task:
        """End the engine; a job that runs in it goes on when it is started again."""
        self._heartbeat.stop()
        self._ask_again = False
        if self._asking is not None:
            self._asking.cancel()  # It would start the engine anew.

        async def work(_report: Report) -> None:
            await self._engine.stop()

        task = self._runner.run(work)
        task.succeeded.connect(self._stopped)
        task.failed.connect(self._failed)
        return task

    @Slot()
    def _stopped(self) -> None:
        self.state = EngineState.STOPPED
        self.changed.emit()

    async def _ask(self, _report: Report) -> object:
        return await self._engine.status()

    @Slot()
    def _asked(self) -> None:
        self._asking = None
        if self._ask_again:
            self._ask_again = False
            self.start()

    @Slot()
    def _look(self) -> None:
        if self._engine.is_alive:
            self.start()
        elif self.state is EngineState.READY:
            self._failed(ProviderError(ErrorKind.ENGINE_FAILED, self._engine.last_words))

    @Slot(object)
    def _heard(self, status: EngineStatus) -> None:
        before = self.status.models if self.status is not None else None
        self.state, self.status, self.error = EngineState.READY, status, None
        is_measuring = bool(status.models) and status.training_tokens_per_second is None
        self._heartbeat.setInterval(MEASURING_MS if is_measuring else HEARTBEAT_MS)
        self.changed.emit()
        if status.models != before:
            self.models_changed.emit()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self.state = EngineState.FAILED
        self.error = as_provider_error(error)
        self.changed.emit()

    # The starter model, and models from disk

    def fetch_starter_model(self) -> None:
        """Have the starter model fetched."""
        if self._fetch is not None:
            return
        self.model_error, self.fetched = None, (0, None)
        self._fetch = self._runner.run(self._fetch_work)
        self._fetch.progressed.connect(self._note_fetched)
        self._fetch.failed.connect(self._note_model_error)
        self._fetch.finished.connect(self._fetch_over)
        self.changed.emit()

    async def _fetch_work(self, report: Report) -> None:
        await self._engine.fetch_starter_model(lambda done, total: report((done, total)))

    def cancel_fetch(self) -> None:
        """Stop fetching; what was fetched is thrown away."""
        if self._fetch is not None:
            self._fetch.cancel()

    def add_model_file(self, path: Path) -> None:
        """Have a GGUF file checked and copied."""
        if self._adding is not None:
            return

        async def work(_report: Report) -> None:
            await self._engine.add_model(path)

        self.model_error = None
        self._adding = self._runner.run(work)
        self._adding.failed.connect(self._note_model_error)
        self._adding.finished.connect(self._adding_over)
        self.changed.emit()

    @Slot(object)
    def _note_fetched(self, fetched: tuple[int, int | None]) -> None:
        self.fetched = fetched
        self.changed.emit()

    @Slot(object)
    def _note_model_error(self, error: Exception) -> None:
        self.model_error = as_provider_error(error)

    @Slot()
    def _fetch_over(self) -> None:
        self._fetch, self.fetched = None, None
        self.changed.emit()
        self.start()

    @Slot()
    def _adding_over(self) -> None:
        self._adding = None
        self.changed.emit()
        self.start()


def as_provider_error(error: Exception) -> ProviderError:
    """The error itself, or, for a fault in this program, one that names its type only."""
    if isinstance(error, ProviderError):
        return error
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("unexpected %s\n%s", type(error).__name__, where)
    return ProviderError(ErrorKind.SERVICE_FAULT, type(error).__name__)
