"""Following every unfinished job of the project, each in a task of its own."""

import logging

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.provider import Provider
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.errand import JobErrand
from desktop_app.state.jobs.following import (
    LOCAL,
    REMOTE,
    Following,
    Heard,
    NotHeard,
    OpenProvider,
    Pace,
)
from desktop_app.state.jobs.places import is_engine, leads_elsewhere
from desktop_app.state.jobs.store import JobStore
from desktop_app.storage.project.jobs import JobRecord

_log = logging.getLogger(__name__)


class JobFollowers(QObject):
    """Stores what the services say. `silent` carries the error, `heard` says that it is over."""

    heard = Signal(str)
    silent = Signal(str, object)
    finished = Signal(str)

    def __init__(
        self,
        store: JobStore,
        connections: Connections,
        runner: TaskRunner,
        parent: QObject,
        paces: tuple[Pace, Pace] = (LOCAL, REMOTE),
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._connections = connections
        self._runner = runner
        self._paces = paces
        self._followers: dict[str, JobErrand] = {}
        connections.changed.connect(self._follow_connections)

    def follow(self, submission: str) -> None:
        """Begin to follow a job where it was sent; elsewhere it is never asked for."""
        record = self._store.record(submission)
        if record is None or record.job is None or submission in self._followers:
            return
        if leads_elsewhere(self._connections, record):
            return
        following = Following(
            self._opener(record),
            record.job.id,
            self._store.events(submission),
            self.pace_at(record.connection),
        )
        follower = JobErrand(submission, self._runner.run(following.run, batch=True), self)
        follower.reported.connect(self._take)
        follower.succeeded.connect(self._end)
        follower.failed.connect(self._fail)
        self._followers[submission] = follower

    def pace_at(self, connection_id: str) -> Pace:
        """How often a service is asked: an engine of the user's own charges and limits nothing."""
        engine, service = self._paces
        return engine if is_engine(self._connections, connection_id) else service

    def stop(self, submission: str) -> None:
        """No longer follow a job."""
        follower = self._followers.pop(submission, None)
        if follower is not None:
            follower.stop()

    def stop_all(self) -> None:
        """Follow nothing, as when a project closes."""
        for submission in list(self._followers):
            self.stop(submission)

    def _opener(self, record: JobRecord) -> OpenProvider:
        connections, connection = self._connections, record.connection

        async def open_provider() -> Provider:
            return await connections.provider(connection)

        return open_provider

    @Slot(str, object)
    def _take(self, submission: str, reports: list[object]) -> None:
        for report in reports:
            record = self._store.record(submission)
            if record is None:
                return
            if isinstance(report, NotHeard):
                self.silent.emit(submission, report.error)
            elif isinstance(report, Heard):
                self._store.add_events(submission, report.events)
                self._store.put(_updated(record, report))
                self.heard.emit(submission)

    @Slot(str, object)
    def _end(self, submission: str, _result: object) -> None:
        self._followers.pop(submission, None)
        self.finished.emit(submission)

    @Slot(str, object)
    def _fail(self, submission: str, error: object) -> None:
        # Only a fault of the program ends following early. The job itself is not touched by it.
        self._followers.pop(submission, None)
        _log.error("following a job ended early: %s", type(error).__name__)
        self.silent.emit(submission, error)

    @Slot()
    def _follow_connections(self) -> None:
        """A connection that leads elsewhere by now must not be asked for the job any more."""
        for record in self._store.records():
            if record.job is None or record.job.is_finished:
                continue
            if leads_elsewhere(self._connections, record):
                self.stop(record.submission)
            else:
                self.follow(record.submission)


def _updated(record: JobRecord, heard: Heard) -> JobRecord:
    checkpoints = record.checkpoints if heard.checkpoints is None else heard.checkpoints
    return msgspec.structs.replace(
        record, job=heard.job, heard_at=heard.at, checkpoints=checkpoints
    )
