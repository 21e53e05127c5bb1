"""Jobs of which nobody knows whether the service created them, and the search for them."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import AsyncWork
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.jobs.job import Job
from desktop_app.provider.provider import ProviderError
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.jobs.errand import JobErrand
from desktop_app.state.jobs.places import leads_elsewhere
from desktop_app.state.jobs.records import adopted
from desktop_app.state.jobs.store import JobStore

PAUSES = (0.0, 2.0, 5.0)
"""Seconds before each of the looks: a new job may take a moment to be listed."""


class Doubt(StrEnum):
    """What the search for a job has come to."""

    LOOKING = "looking"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


class JobDoubts(QObject):
    """Looks a job up by what it carries in its metadata. Never creates anything."""

    found = Signal(str)
    changed = Signal(str)

    def __init__(
        self,
        store: JobStore,
        connections: Connections,
        runner: TaskRunner,
        parent: QObject,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._connections = connections
        self._runner = runner
        self._pauses = pauses
        self._doubts: dict[str, Doubt] = {}
        self._searches: dict[str, JobErrand] = {}

    def doubt(self, submission: str) -> Doubt | None:
        """What is known of a job that may not exist; None where there is no doubt."""
        return self._doubts.get(submission)

    def look(self, submission: str) -> None:
        """Ask the service whether it has the job."""
        record = self._store.record(submission)
        if record is None or submission in self._searches:
            return
        if leads_elsewhere(self._connections, record):
            self._settle(submission, Doubt.UNKNOWN)
            return
        work = self._search(submission, record.connection)
        search = JobErrand(submission, self._runner.run(work), self)
        search.succeeded.connect(self._take)
        search.failed.connect(self._take)
        self._searches[submission] = search
        self._settle(submission, Doubt.LOOKING)

    def clear(self, submission: str) -> None:
        """There is no doubt any more."""
        self._doubts.pop(submission, None)

    def stop(self) -> None:
        """Forget all doubts and searches, as when a project closes."""
        for search in self._searches.values():
            search.stop()
        self._searches.clear()
        self._doubts.clear()

    def _search(self, submission: str, connection: str) -> AsyncWork:
        connections, pauses = self._connections, self._pauses

        async def work(_report: Callable[[object], None]) -> Job | None:
            provider = await connections.provider(connection)
            for pause in pauses:
                await asyncio.sleep(pause)
                job = await provider.find_job(submission)
                if job is not None:
                    return job
            return None

        return work

    @Slot(str, object)
    def _take(self, submission: str, result: object) -> None:
        self._searches.pop(submission, None)
        record = self._store.record(submission)
        if record is None:
            return
        if isinstance(result, Job):
            self.clear(submission)
            self._store.put(adopted(record, result))
            self.found.emit(submission)
        elif result is None:
            self._settle(submission, Doubt.NOT_FOUND)
        else:
            note = "\n".join(describe(result)) if isinstance(result, ProviderError) else ""
            self._store.put(msgspec.structs.replace(record, note=note.strip()))
            self._settle(submission, Doubt.UNKNOWN)

    def _settle(self, submission: str, doubt: Doubt) -> None:
        self._doubts[submission] = doubt
        self.changed.emit(submission)
