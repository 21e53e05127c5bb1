"""What the user does to a job at its service: stop, pause, go on, delete what was uploaded."""

from collections.abc import Awaitable, Callable

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import AsyncWork
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.jobs.job import Job
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.errand import JobErrand
from desktop_app.state.jobs.places import leads_elsewhere
from desktop_app.state.jobs.store import JobStore
from desktop_app.storage.project.jobs import JobRecord

replace = msgspec.structs.replace
Act = Callable[[Provider, str], Awaitable[Job]]


class JobActions(QObject):
    """One action a job at a time. `failed` carries the error."""

    changed = Signal(str)
    failed = Signal(str, object)

    def __init__(
        self, store: JobStore, connections: Connections, runner: TaskRunner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._connections = connections
        self._runner = runner
        self._errands: dict[str, JobErrand] = {}

    def is_busy(self, submission: str) -> bool:
        """Whether an action is under way."""
        return submission in self._errands

    def cancel(self, submission: str) -> None:
        self._act(submission, _cancel)

    def pause(self, submission: str) -> None:
        self._act(submission, _pause)

    def resume(self, submission: str) -> None:
        self._act(submission, _resume)

    def delete_uploads(self, submission: str) -> None:
        """Delete the files that were sent for a job."""
        record = self._record(submission)
        if record is not None and record.uploaded_files:
            work = _deleting(self._connections, record.connection, record.uploaded_files)
            self._begin(submission, work).succeeded.connect(self._take_deletion)

    def stop(self) -> None:
        """Wait for no answer any more, as when a project closes."""
        for errand in self._errands.values():
            # It ends after the next one for the same job may have begun.
            errand.finished.disconnect(self._end)
            errand.stop()
        self._errands.clear()

    def _act(self, submission: str, act: Act) -> None:
        record = self._record(submission)
        if record is not None and record.job is not None:
            work = _acting(self._connections, record.connection, act, record.job.id)
            self._begin(submission, work).succeeded.connect(self._take_job)

    def _record(self, submission: str) -> JobRecord | None:
        """The job's record, if something may be asked about it now."""
        record = self._store.record(submission)
        if record is None or self.is_busy(submission):
            return None
        return None if leads_elsewhere(self._connections, record) else record

    def _begin(self, submission: str, work: AsyncWork) -> JobErrand:
        errand = JobErrand(submission, self._runner.run(work), self)
        errand.failed.connect(self.failed)
        errand.finished.connect(self._end)
        self._errands[submission] = errand
        self.changed.emit(submission)
        return errand

    @Slot(str, object)
    def _take_job(self, submission: str, job: Job) -> None:
        record = self._store.record(submission)
        if record is not None:
            self._store.put(replace(record, job=job))

    @Slot(str, object)
    def _take_deletion(self, submission: str, _result: object) -> None:
        record = self._store.record(submission)
        if record is not None:
            self._store.put(replace(record, uploaded_files=()))

    @Slot(str)
    def _end(self, submission: str) -> None:
        self._errands.pop(submission, None)
        self.changed.emit(submission)


def _acting(connections: Connections, connection: str, act: Act, job_id: str) -> AsyncWork:
    async def work(_report: Callable[[object], None]) -> Job:
        return await act(await connections.provider(connection), job_id)

    return work


def _deleting(connections: Connections, connection: str, files: tuple[str, ...]) -> AsyncWork:
    async def work(_report: Callable[[object], None]) -> None:
        provider = await connections.provider(connection)
        for file in files:
            try:
                await provider.delete_file(file)
            except ProviderError as error:
                # A file that is gone already is what was wanted.
                if error.kind != ErrorKind.NOT_FOUND:
                    raise

    return work


async def _cancel(provider: Provider, job_id: str) -> Job:
    return await provider.cancel(job_id)


async def _pause(provider: Provider, job_id: str) -> Job:
    return await provider.pause(job_id)


async def _resume(provider: Provider, job_id: str) -> Job:
    return await provider.resume(job_id)
