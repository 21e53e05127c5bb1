"""What may happen to a job: every change of state together with its event, in one transaction."""

import sqlite3
import time
from collections.abc import Collection, Sequence

import msgspec

from desktop_app.core.jobs.job import JobError
from desktop_app.engine.identifiers import derived_id, random_id
from desktop_app.engine.jobs_runner.worker_log import Measured, NotSaved, Started
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.records import (
    ACTIVE,
    CHECKPOINTS,
    EVENTS,
    FINISHED,
    JOBS,
    EventRecord,
    JobRecord,
    JobStatus,
    RunHyperparameters,
)

METRICS = (
    "train_loss",
    "train_mean_token_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
)


class NotPossibleError(Exception):
    """A job's state does not allow what is asked."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(f"the job is {status}")
        self.status = status


def add_event(
    connection: sqlite3.Connection, job: str, key: str, message: str, *, level: str = "info"
) -> bool:
    """Add a message; False if one with this key is there: each is told only once."""
    at = not_before_the_last(connection, job, time.time())
    event = EventRecord(id=event_id_of(job, key), created_at=at, message=message, level=level)
    return EVENTS.add(connection, event, owner=job)


def not_before_the_last(connection: sqlite3.Connection, job: str, at: float) -> int:
    """Return a time of day, or that of the job's last event if the clock was set back since."""
    last = EVENTS.page(connection, limit=1, owner=job).items
    return max([int(at), *(event.created_at for event in last)])


def event_id_of(job: str, key: str) -> str:
    """Return the id of a job's event of which there can be only one."""
    return derived_id("ftevent-", job, key)


def change(connection: sqlite3.Connection, job: JobRecord, **fields: object) -> JobRecord:
    """Store a job with some fields replaced."""
    changed = msgspec.structs.replace(job, **fields)
    JOBS.replace(connection, changed)
    return changed


class JobLife:
    """The jobs of one store. Methods that name a job raise UnknownIdError."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def job(self, job_id: str) -> JobRecord:
        """Return a job as it stands."""
        with self.database.reading() as connection:
            return JOBS.get(connection, job_id)

    def count_active(self) -> int:
        """Return how many jobs wait or run."""
        with self.database.reading() as connection:
            return sum(job.status in ACTIVE for job in JOBS.all(connection))

    def finished(self) -> list[JobRecord]:
        """Return the jobs to which nothing more can happen."""
        with self.database.reading() as connection:
            return [job for job in JOBS.all(connection) if job.status in FINISHED]

    def unfinished(self) -> list[JobRecord]:
        """Return the jobs that go on, or may."""
        with self.database.reading() as connection:
            return [job for job in JOBS.all(connection) if job.status not in FINISHED]

    def first(self, *statuses: JobStatus) -> JobRecord | None:
        """Return the oldest job in the first of these states that any job has."""
        with self.database.reading() as connection:
            jobs = JOBS.all(connection)
        return next((job for status in statuses for job in jobs if job.status == status), None)

    def create(self, job: JobRecord) -> None:
        """Accept a job."""
        with self.database.transaction() as connection:
            JOBS.add(connection, job)
            add_event(connection, job.id, "created", f"Created fine-tuning job: {job.id}")
            files = f"training file: {job.training_file}"
            if job.validation_file:
                files += f" and validation file: {job.validation_file}"
            add_event(connection, job.id, "validating", f"Validating {files}")

    def validated(self, job_id: str, n_examples: int, warnings: Sequence[str] = ()) -> None:
        """Let a job whose files are right wait for its turn."""
        with self.database.transaction() as connection:
            job = JOBS.get(connection, job_id)
            if job.status != JobStatus.VALIDATING:
                return
            change(connection, job, status=JobStatus.QUEUED, n_examples=n_examples)
            message = "Files validated, moving job to queued state"
            add_event(connection, job_id, "validated", message)
            for number, warning in enumerate(warnings):
                add_event(connection, job_id, f"warning:{number}", warning, level="warn")

    def begin(self, job_id: str, resolved: RunHyperparameters) -> None:
        """Say that a job's turn has come."""
        with self.database.transaction() as connection:
            job = JOBS.get(connection, job_id)
            if job.status == JobStatus.QUEUED:
                change(connection, job, status=JobStatus.RUNNING, resolved=resolved)

    def started(self, job_id: str, attempt: str, line: Started) -> None:
        """Note that a worker has begun, or gone on."""
        with self.database.transaction() as connection:
            if line.checkpoint_damaged:
                found = f"goes on behind step {line.step}" if line.step else "begins again"
                message = f"The last saved state of this job is damaged: training {found}"
                add_event(connection, job_id, f"damaged:{attempt}", message, level="warn")
            if line.step:
                message = f"Fine-tuning job resumed after step {line.step}"
                add_event(connection, job_id, f"resumed:{attempt}", message)
            else:
                add_event(connection, job_id, "started", "Fine-tuning job started")
            if line.skipped_examples:
                message = (
                    f"{line.skipped_examples} example(s) are longer than the model can read:"
                    " no reply is left after the cut, so they are not learned from"
                )
                add_event(connection, job_id, "skipped", message, level="warn")

    def measured(self, job_id: str, line: Measured) -> None:
        """Note a step; told twice, it is there once."""
        values = {name: getattr(line, name) for name in METRICS}
        data: dict[str, int | float] = {"step": line.step, "total_steps": line.total_steps}
        data |= {name: value for name, value in values.items() if value is not None}
        with self.database.transaction() as connection:
            event = EventRecord(
                id=event_id_of(job_id, f"step:{line.step}"),
                created_at=not_before_the_last(connection, job_id, line.at),
                message=step_message(line),
                type="metrics",
                data=data,
            )
            job = JOBS.get(connection, job_id)
            if job.status not in FINISHED and EVENTS.add(connection, event, owner=job_id):
                change(connection, job, estimated_finish=int(line.at + line.seconds_left))

    def adapters(self, job_id: str) -> set[str]:
        """Return the folders of the models that a job has made and nobody has deleted."""
        with self.database.reading() as connection:
            return {checkpoint.adapter for checkpoint in CHECKPOINTS.all(connection, job_id)}

    def waits_for_room(self, job_id: str, attempt: str) -> None:
        """Note that the disk is too full for a job to begin or to go on."""
        message = "The disk is full: the job waits until there is room. Free some space"
        with self.database.transaction() as connection:
            add_event(connection, job_id, f"no room:{attempt}", message, level="warn")

    def not_saved(self, job_id: str, line: NotSaved) -> None:
        """Note that the disk was full: for a state, for an epoch's model or for the last one."""
        message = (
            f"The disk is full: what was reached after step {line.step} could not be saved."
            " Training goes on as far as it can without; free some space, for what is not saved is"
            " lost if it is interrupted"
        )
        with self.database.transaction() as connection:
            add_event(connection, job_id, f"not saved:{line.step}", message, level="warn")

    def reached(self, job_id: str) -> int:
        """Return the last step that was told of, 0 before the first."""
        with self.database.reading() as connection:
            events = EVENTS.all(connection, job_id)
        return max((int(event.data.get("step", 0)) for event in events), default=0)

    def worker_killed(self, job_id: str, attempt: str, signal_name: str) -> None:
        """Note that training goes on after the system has stopped it."""
        message = (
            f"The system stopped the training process ({signal_name}). Training goes on from the"
            " last saved state"
        )
        with self.database.transaction() as connection:
            add_event(connection, job_id, f"killed:{attempt}", message, level="warn")

    def fail(self, job_id: str, error: JobError) -> None:
        """End a job that cannot go on."""
        with self.database.transaction() as connection:
            job = JOBS.get(connection, job_id)
            if job.status in FINISHED:
                return
            self._finish(connection, job, JobStatus.FAILED, error=error)
            message = f"The job failed: {error.message}"
            add_event(connection, job_id, "failed", message, level="error")

    def cancel(self, job_id: str) -> JobRecord:
        """End a job at its owner's wish. Raises NotPossibleError."""
        with self.database.transaction() as connection:
            job = self._in(connection, job_id, set(JobStatus) - FINISHED)
            add_event(connection, job_id, "cancelled", "The job has been cancelled")
            return self._finish(connection, job, JobStatus.CANCELLED)

    def pause(self, job_id: str) -> JobRecord:
        """Halt a job; one that runs is `pausing` until its worker has stopped.

        Raises NotPossibleError.
        """
        allowed = {JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSING}
        with self.database.transaction() as connection:
            job = self._in(connection, job_id, allowed)
            if job.status == JobStatus.QUEUED:
                return self._paused(connection, job)
            return change(connection, job, status=JobStatus.PAUSING)

    def halted(self, job_id: str) -> None:
        """Note that the worker of a job has stopped before the end without a fault."""
        with self.database.transaction() as connection:
            job = JOBS.get(connection, job_id)
            if job.status in {JobStatus.RUNNING, JobStatus.PAUSING}:
                self._paused(connection, job)

    def resume(self, job_id: str) -> JobRecord:
        """Let a paused job wait for its turn again. Raises NotPossibleError."""
        allowed = {JobStatus.PAUSED, JobStatus.PAUSING}
        with self.database.transaction() as connection:
            job = self._in(connection, job_id, allowed)
            add_event(connection, job_id, random_id("resume:"), "The job is queued again")
            return change(connection, job, status=JobStatus.QUEUED)

    def recover(self) -> None:
        """Where no worker runs, jobs that were being paused are paused."""
        if self.first(JobStatus.PAUSING) is None:
            return
        with self.database.transaction() as connection:
            for job in JOBS.all(connection):
                if job.status == JobStatus.PAUSING:
                    self._paused(connection, job)

    def _paused(self, connection: sqlite3.Connection, job: JobRecord) -> JobRecord:
        add_event(connection, job.id, random_id("pause:"), "The job is paused")
        return change(connection, job, status=JobStatus.PAUSED, estimated_finish=None)

    def _in(
        self, connection: sqlite3.Connection, job_id: str, allowed: Collection[JobStatus]
    ) -> JobRecord:
        job = JOBS.get(connection, job_id)
        if job.status not in allowed:
            raise NotPossibleError(job.status)
        return job

    def _finish(
        self,
        connection: sqlite3.Connection,
        job: JobRecord,
        status: JobStatus,
        error: JobError | None = None,
    ) -> JobRecord:
        return change(
            connection,
            job,
            status=status,
            error=error,
            finished_at=max(int(time.time()), job.created_at),
            estimated_finish=None,
        )


def step_message(line: Measured) -> str:
    """Word a step as the protocol's services do."""
    parts = [
        ("training loss", line.train_loss),
        ("validation loss", line.valid_loss),
        ("full validation loss", line.full_valid_loss),
    ]
    measured = ", ".join(f"{name}={value:.2f}" for name, value in parts if value is not None)
    return f"Step {line.step}/{line.total_steps}: {measured}"
