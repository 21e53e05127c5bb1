"""Everything that Jobs stands on, real: project, connections, SDK, threads."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop_app.background.asyncio_thread import AsyncioThread
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.prices import load_prices
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.following import Pace
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.project.rows import Split
from desktop_app.storage.secrets import Secrets
from desktop_app.storage.settings import ConnectionSettings, SettingsFile
from tests.state.edits import set_split
from tests.state.jobs.job_service import JobService

SERVICE = "mine"
PRICES = Path(__file__).resolve().parents[3] / "resources" / "prices" / "pricing.json"
FAST = Pace(first=0.02, later=0.02, first_for=0.0, longest=0.1, catch_up=0.02)


def conversations(count: int, start: int = 0) -> list[Conversation]:
    """Conversations that differ from each other."""
    return [
        Conversation((Message("user", f"question {n}"), Message("assistant", f"réponse {n}")))
        for n in range(start, start + count)
    ]


class Bench(QObject):
    """One project and one service. Leave the `with` block to end everything."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        training: int = 12,
        test: int = 3,
        starter_model: Path | None = None,
    ) -> None:
        super().__init__()
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(self.temporary))
        self.qtbot = qtbot
        self.path = folder / "shop.exemplar"
        self.notices: list[Notice] = []
        self.withdrawn: list[str] = []
        self._thread = AsyncioThread()
        self._thread.start()
        self._starter_model = starter_model
        self._services: list[JobService] = []
        self.service = JobService()
        self.serve(self.service)
        # The same service stands in for OpenAI, so that no test asks the real one.
        openai_url = "desktop_app.provider.connections.openai.BASE_URL"
        monkeypatch.setattr(openai_url, self.service.base_url)
        self.prices = load_prices(PRICES.read_bytes())
        self.preferences = Preferences(SettingsFile(folder / "settings.json"), Notices(self), self)
        self._fill(training, test)
        self._open()

    def _fill(self, training: int, test: int) -> None:
        project = OpenProject()
        project.create(self.path)
        project.add(conversations(training))
        held_out = project.add(conversations(test, start=training)) if test else []
        set_split(project, held_out, Split.TEST)
        project.close()

    def _open(self) -> None:
        """Start the program, less its window."""
        self.runner = TaskRunner()
        notices = Notices(self)
        notices.posted.connect(self.notices.append)
        notices.withdrawn.connect(self.withdrawn.append)
        store = self.path.parent / "engine"
        engine = EngineProcess(store, command=("/bin/false",))
        if self._starter_model is not None:
            engine = EngineProcess(store, starter_model=self._starter_model)
        self.connections = Connections(
            self.preferences,
            Secrets(),
            engine,
            self.runner,
            notices,
            self.prices.current,
            lambda: date(2026, 11, 20),
        )
        if self.connections.profile(SERVICE) is None:
            url = self.service.base_url
            self.connections.save(ConnectionSettings(SERVICE, "other", "Service", url))
        self.open_project = OpenProject()
        self.jobs = Jobs(
            self.open_project,
            self.connections,
            self.runner,
            notices,
            paces=(FAST, FAST),
            look_pauses=(0.0, 0.01),
            prices=self.prices,
        )
        self.open_project.open(self.path)

    def restart(self) -> None:
        """End the program without a word, as a kill does, and start it again."""
        assert self.runner.shut_down()
        self.open_project.project.close()
        self.connections.deleteLater()
        self.jobs.deleteLater()
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open_project.close()
        assert self.runner.shut_down()
        for service in self._services:
            self._thread.submit(service.stop()).result(5)
        assert self._thread.shut_down()

    def serve(self, service: JobService) -> None:
        """Start a service, to be ended with everything else."""
        self._thread.submit(service.start()).result(5)
        self._services.append(service)

    def call(self, action: Callable[[], object]) -> None:
        """Do something on the thread of the service."""
        self._thread.loop.call_soon_threadsafe(action)

    def plan(
        self, *, use_test: bool = True, name: str = "Harbour voice", epochs: int | None = 3
    ) -> JobPlan:
        return JobPlan(name, SERVICE, "base", Hyperparameters(n_epochs=epochs), 5, use_test)

    def submit(self, *, use_test: bool = True) -> str:
        submission = self.jobs.submit(self.plan(use_test=use_test))
        assert submission
        return submission

    def record(self, submission: str) -> JobRecord:
        record = self.jobs.record(submission)
        assert record is not None
        return record

    def on_disk(self) -> Sequence[JobRecord]:
        return self.open_project.project.jobs()

    def until(self, condition: Callable[[], bool], timeout: int = 5000) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def until_created(self, submission: str) -> str:
        """Wait for the job and return its id."""
        self.until(lambda: self.record(submission).job is not None)
        job = self.record(submission).job
        assert job is not None
        return job.id

    def status(self, submission: str) -> str:
        job = self.record(submission).job
        return job.status if job else ""
