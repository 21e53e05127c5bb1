"""Bringing one job to its service: files, upload, creation. It is created at most once."""

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QDateTime, QLocale, QObject, Signal, Slot

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.jobs.job import Job, JobRequest
from desktop_app.core.jobs.limits import LEAST_EXAMPLES
from desktop_app.core.jobs.phases import Phase, advance
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.files import JobFiles, remove_files, writer
from desktop_app.state.jobs.places import leads_elsewhere
from desktop_app.state.jobs.records import adopted
from desktop_app.state.jobs.store import JobStore
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.jobs import JobRecord

replace = msgspec.structs.replace
UNCLEAR = frozenset(
    {
        ErrorKind.SERVICE_FAULT,
        ErrorKind.NO_CONNECTION,
        ErrorKind.TIMED_OUT,
        ErrorKind.ENGINE_FAILED,
    }
)
"""After these the job may exist all the same; after any other the service has refused it."""


class NotSentError(Exception):
    """The service was not even reached, so that nothing can have been created."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(str(error.kind))
        self.error = error


class FileTooLargeError(Exception):
    """A file is larger than the service takes; sizes in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} of {limit} bytes")
        self.size = size
        self.limit = limit


class MovedError(Exception):
    """The connection has come to lead elsewhere since the job was begun."""


class NotKeptError(Exception):
    """The project file cannot be written, so that nothing was sent further."""


class TooFewExamplesError(Exception):
    """There are fewer examples than any service takes."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


class JobSubmission(QObject):
    """Takes a record from PREPARING, or from CREATING again, to a job, a refusal or doubt.

    Each phase is on disk before the step it names begins. `progressed` carries the share
    uploaded, 0 to 1. `unclear` says that the service may or may not have created the job.
    """

    progressed = Signal(str, float)
    created = Signal(str)
    refused = Signal(str, object)
    unclear = Signal(str, object)

    def __init__(
        self,
        submission: str,
        store: JobStore,
        open_project: OpenProject,
        connections: Connections,
        runner: TaskRunner,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._submission = submission
        self._store = store
        self._open_project = open_project
        self._connections = connections
        self._runner = runner
        self._task: Task | None = None
        self._files: JobFiles | None = None
        self._was_sent_before = False

    def start(self, *, with_test: bool) -> None:
        """Write the files, send them, create the job."""
        begun = QDateTime.fromSecsSinceEpoch(int(self._record().created_at))
        name = self.tr("Trained %1").replace("%1", QLocale().toString(begun, "d MMM yyyy, HH:mm"))
        work = writer(self._open_project.path, self._submission, name, with_test=with_test)
        self._follow(self._runner.run_blocking(work), self._take_files)

    def create_again(self) -> None:
        """Ask once more for a job of which the first time came no clear answer."""
        self._was_sent_before = True
        self._create()

    def _create(self) -> None:
        """Ask the service for the job. The phase CREATING is on disk by now."""
        record = self._record()
        request = record.request
        if request is None:
            return
        if leads_elsewhere(self._connections, record):
            self._fail(MovedError())
            return

        async def work(_report: Callable[[object], None]) -> Job:
            try:
                provider = await self._connections.provider(record.connection)
            except ProviderError as error:
                raise NotSentError(error) from error
            return await provider.create_job(request)

        self._follow(self._runner.run(work), self._take_job)

    def stop(self) -> None:
        """End what is under way; a job that is being created stays in doubt."""
        if self._task is not None:
            self._task.cancel()
        self._drop_files()

    def _record(self) -> JobRecord:
        record = self._store.record(self._submission)
        if record is None:
            raise KeyError(self._submission)
        return record

    def _follow(self, task: Task, then: Callable[[Any], None]) -> None:
        self._task = task
        task.succeeded.connect(then)
        task.failed.connect(self._fail)

    @Slot(object)
    def _take_files(self, files: JobFiles) -> None:
        self._files = files
        request = self._record().request
        record = replace(
            self._record(),
            request=request and replace(request, method=files.method),
            phase=advance(self._record().phase, Phase.UPLOADING),
            n_training=files.n_training,
            n_test=files.n_test,
            version=files.version.id,
            version_name=files.version.name,
        )
        if files.n_training < LEAST_EXAMPLES:
            self._fail(TooFewExamplesError(files.n_training))
        elif self._keep(record):
            self._upload()

    def _upload(self) -> None:
        """Send the next file that has not been sent, or go on when all have been."""
        record, files = self._record(), self._files
        if files is None:
            return
        if leads_elsewhere(self._connections, record):
            self._fail(MovedError())
            return
        paths = [files.training, *([files.test] if files.test else [])]
        sent = len(record.uploaded_files)
        if sent == len(paths):
            self._drop_files()
            self._announce_creation()
            return
        sizes = [path.stat().st_size for path in paths]
        done, total = sum(sizes[:sent]), sum(sizes)

        async def work(report: Callable[[object], None]) -> str:
            provider = await self._connections.provider(record.connection)
            limit = provider.capabilities.file_limit
            if max(sizes) > limit:
                raise FileTooLargeError(max(sizes), limit)
            return await provider.upload(
                paths[sent], lambda part, _whole: report((done + part) / max(1, total))
            )

        task = self._runner.run(work)
        task.progressed.connect(self._show_share)
        self._follow(task, self._take_upload)

    @Slot(object)
    def _show_share(self, share: float) -> None:
        self.progressed.emit(self._submission, share)

    @Slot(object)
    def _take_upload(self, file_id: str) -> None:
        record = self._record()
        uploaded = (*record.uploaded_files, file_id)
        if self._keep(replace(record, uploaded_files=uploaded)):
            self._upload()

    def _announce_creation(self) -> None:
        record = self._record()
        request = replace(
            record.request or JobRequest("", "", record.submission),
            training_file=record.uploaded_files[0],
            validation_file=record.uploaded_files[1] if len(record.uploaded_files) > 1 else None,
        )
        phase = advance(record.phase, Phase.CREATING)
        if self._keep(replace(record, phase=phase, request=request)):
            self._create()

    def _keep(self, record: JobRecord) -> bool:
        """Write a record. What is not on disk is not done: the submission ends there."""
        before = self._record()
        if self._store.put(record):
            return True
        self._store.put(before)
        self._drop_files()
        self.refused.emit(self._submission, NotKeptError())
        return False

    @Slot(object)
    def _take_job(self, job: Job) -> None:
        self._task = None
        self._store.put(adopted(self._record(), job))
        self.created.emit(self._submission)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._task = None
        self._drop_files()
        creating = self._record().phase == Phase.CREATING
        known = isinstance(error, NotSentError | MovedError) or (
            isinstance(error, ProviderError) and error.kind not in UNCLEAR
        )
        # Even a clear "no" to the second request does not tell what became of the first.
        if creating and (self._was_sent_before or not known):
            self.unclear.emit(self._submission, error)
        else:
            self.refused.emit(self._submission, error)

    def _drop_files(self) -> None:
        self._files = None
        remove_files(self._submission)
