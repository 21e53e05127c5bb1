"""Everything that Chat and Evaluation stand on, real: project, jobs, connections, SDK, threads."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from typing_extensions import override

from desktop_app.background.asyncio_thread import AsyncioThread
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.jobs.job import Job
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.provider import Provider
from desktop_app.state.chat.chat import Chat
from desktop_app.state.connections.connections import Connections
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.project.rows import Split
from desktop_app.storage.secrets import Secrets
from desktop_app.storage.settings import ConnectionSettings, SettingsFile
from tests.provider.scripted_service import Answer
from tests.state.chat.chat_service import ChatService
from tests.state.edits import set_split

SERVICE, BASE, TUNED = "mine", "base", "ft:base:acme:voice:1a2b3c4d"
SYSTEM = "You answer for a shop."


def conversation(question: str, reply: str, system: str = SYSTEM) -> Conversation:
    """One question and its answer."""
    return Conversation(
        (Message("system", system), Message("user", question), Message("assistant", reply))
    )


class ScoringConnections(Connections):
    """Its services tell how likely they find a reply, as the engine on this computer does."""

    @override
    async def provider(self, connection_id: str) -> Provider:
        provider = await super().provider(connection_id)
        provider.capabilities = dataclasses.replace(provider.capabilities, scores=True)
        return provider


class Bench(QObject):
    """One project with a tuned model and one service. Leave the `with` block to end everything."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        *,
        training: Sequence[Conversation] = (),
        test: Sequence[Conversation] = (),
        held_out: int = 3,
        kind: type[Connections] = ScoringConnections,
    ) -> None:
        super().__init__()
        self.qtbot = qtbot
        self.path = folder / "shop.exemplar"
        self.notices: list[Notice] = []
        self._thread = AsyncioThread()
        self._thread.start()
        self.service = ChatService()
        self.service.on("GET /v1/models", listing(BASE, TUNED))
        self._thread.submit(self.service.start()).result(5)
        self.preferences = Preferences(SettingsFile(folder / "settings.json"), Notices(self), self)
        self._kind = kind
        self._fill(training, test, held_out)
        self._open()

    def _fill(
        self, training: Sequence[Conversation], test: Sequence[Conversation], held_out: int
    ) -> None:
        project = OpenProject()
        project.create(self.path)
        project.add(training)
        if test:
            set_split(project, project.add(test), Split.TEST)
        job = Job("ftjob-1", BASE, "succeeded", 1, fine_tuned_model=TUNED, finished_at=2)
        url = self.service.base_url
        project.project.save_job(
            JobRecord("s-1", "Voice", SERVICE, url, "created", 1.0, None, job, 2.0, n_test=held_out)
        )
        project.close()

    def _open(self) -> None:
        """Start the program, less its window."""
        self.runner = TaskRunner()
        self.sink = Notices(self)
        self.sink.posted.connect(self.notices.append)
        engine = self.make_engine()
        self.connections = self._kind(self.preferences, Secrets(), engine, self.runner, self.sink)
        if self.connections.profile(SERVICE) is None:
            url = self.service.base_url
            self.connections.save(ConnectionSettings(SERVICE, "other", "Service", url))
        self.connections.set_active(SERVICE)
        self.connections.set_base_model(BASE)
        self.open_project = OpenProject()
        self.jobs = Jobs(self.open_project, self.connections, self.runner, self.sink)
        parts = (self.open_project, self.jobs, self.connections, self.runner, self.sink)
        self.chat = Chat(*parts)
        self.evaluation = Evaluation(*parts)
        self.open_project.open(self.path)
        self.until(lambda: len(self.chat.choices.all) == 2)

    def make_engine(self) -> EngineProcess:
        """Return the engine of this computer: here, one that never starts."""
        return EngineProcess(self.path.parent / "engine", command=("/bin/false",))

    def restart(self) -> None:
        """End the program without a word, as a kill does, and start it again."""
        assert self.runner.shut_down()
        self.open_project.project.close()
        for part in (self.chat, self.evaluation, self.jobs, self.connections):
            part.deleteLater()
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
        self._thread.submit(self.service.stop()).result(5)
        assert self._thread.shut_down()

    def until(self, condition: Callable[[], bool], timeout: int = 8000) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def idle(self) -> None:
        """Wait until no reply is on its way."""
        self.until(lambda: not self.chat.is_streaming)

    def say(self, text: str) -> None:
        """Say something in the chat and wait for what comes."""
        self.chat.send(text)
        self.idle()

    def evaluated(self) -> None:
        """Wait until the evaluation has ended and its figures are there."""
        self.until(lambda: not self.evaluation.is_running)
        self.until(self._is_reported)

    def _is_reported(self) -> bool:
        document, report = self.evaluation.current, self.evaluation.report
        if document is None or report is None:
            return document is None
        met = sum(each.n_replies + each.n_problems for each in report.models)
        return met == document.n_done


def listing(*names: str) -> Answer:
    """The models that a service lists, each made a second after the one before."""
    listed = [
        {"id": name, "object": "model", "created": n, "owned_by": "x"}
        for n, name in enumerate(names)
    ]
    return Answer({"object": "list", "data": listed})
