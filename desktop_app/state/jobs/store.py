"""The jobs of the open project, in memory and on disk."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app.core.jobs.job import JobEvent
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.jobs import JobRecord

replace = msgspec.structs.replace
HEARD_EVERY = 30.0
"""Seconds between writings of a mere "still there"."""


class JobStore(QObject):
    """Keeps records by submission. `failed` carries the ProjectError of what was not written."""

    changed = Signal()
    job_changed = Signal(str)
    failed = Signal(str, object)

    def __init__(self, open_project: OpenProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._records: dict[str, JobRecord] = {}
        self._on_disk: dict[str, JobRecord] = {}
        self._events: dict[str, list[JobEvent]] = {}

    def load(self) -> None:
        """Take over the jobs of the project that has been opened. Raises ProjectError."""
        self.clear()
        self._records = {each.submission: each for each in self._open_project.project.jobs()}
        self._on_disk = dict(self._records)
        self.changed.emit()

    def clear(self) -> None:
        """Forget everything, as when a project closes."""
        self._records.clear()
        self._on_disk.clear()
        self._events.clear()
        self.changed.emit()

    def records(self) -> list[JobRecord]:
        """All jobs, newest first."""
        return sorted(self._records.values(), key=_created_at, reverse=True)

    def record(self, submission: str) -> JobRecord | None:
        return self._records.get(submission)

    def events(self, submission: str) -> list[JobEvent]:
        """What happened, oldest first; not to be changed by the caller."""
        if submission not in self._events:
            if submission not in self._records:
                return []
            try:
                self._events[submission] = self._open_project.project.events(submission)
            except ProjectError as error:
                self._events[submission] = []
                self.failed.emit(submission, error)
        return self._events[submission]

    def put(self, record: JobRecord) -> bool:
        """Keep a record and return whether it is on disk.

        That a service was heard and said nothing new is written twice a minute only.
        """
        submission = record.submission
        before = self._records.get(submission)
        self._records[submission] = record
        written = self._write(record) if self._is_worth_writing(record) else True
        self.job_changed.emit(submission)
        if before is None or _listed(before) != _listed(record):
            self.changed.emit()
        return written

    def add_events(self, submission: str, events: Sequence[JobEvent]) -> None:
        """Keep events that are new; oldest first."""
        known = {event.id for event in self.events(submission)}
        new = [event for event in events if event.id not in known]
        if not new or submission not in self._records:
            return
        self._events[submission].extend(new)
        try:
            self._open_project.project.add_events(submission, new)
        except ProjectError as error:
            self.failed.emit(submission, error)
        self.job_changed.emit(submission)

    def remove(self, submission: str) -> None:
        """Forget a job; the service is not told."""
        if submission not in self._records:
            return
        try:
            self._open_project.project.delete_job(submission)
        except ProjectError as error:
            self.failed.emit(submission, error)
            return
        del self._records[submission]
        self._on_disk.pop(submission, None)
        self._events.pop(submission, None)
        self.changed.emit()

    def forget(self, submission: str) -> None:
        """Drop a record that never reached the disk."""
        if self._records.pop(submission, None) is not None:
            self.changed.emit()

    def _write(self, record: JobRecord) -> bool:
        try:
            self._open_project.project.save_job(record)
        except ProjectError as error:
            self.failed.emit(record.submission, error)
            return False
        self._on_disk[record.submission] = record
        return True

    def _is_worth_writing(self, record: JobRecord) -> bool:
        written = self._on_disk.get(record.submission)
        if written is None or _lasting(written) != _lasting(record):
            return True
        return (record.heard_at or 0) - (written.heard_at or 0) > HEARD_EVERY


def _created_at(record: JobRecord) -> float:
    return record.created_at


def _lasting(record: JobRecord) -> JobRecord:
    """A record without what changes at every answer."""
    job = record.job and replace(record.job, estimated_finish=None)
    return replace(record, job=job, heard_at=None)


def _listed(record: JobRecord) -> tuple[object, ...]:
    """What other tabs and the list see of a record."""
    job = record.job
    return (
        record.phase,
        record.checkpoints,
        record.uploaded_files,
        job and (job.id, job.status, job.fine_tuned_model),
    )
