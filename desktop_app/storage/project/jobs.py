"""Fine-tuning jobs as the project remembers them, wherever they run."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from desktop_app.core.jobs.job import Checkpoint, Job, JobEvent, JobRequest
from desktop_app.storage.project.database import Database, Row
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind

S = TypeVar("S", bound=Struct)


class JobRecord(Struct, frozen=True):
    """A submission and what became of it.

    `submission` is a UUID; `name` the user's own for it. `base_url` is where it was sent: a job is
    never looked for elsewhere. `phase`: "preparing", "uploading", "creating", "created" or
    "not_created". `job` is as last heard, at `heard_at`. `note` says what went wrong before there
    was a job. `version` is that of the set which was sent. Times are Unix seconds.
    """

    submission: str
    name: str
    connection: str
    base_url: str
    phase: str
    created_at: float
    request: JobRequest | None
    job: Job | None
    heard_at: float | None
    uploaded_files: tuple[str, ...] = ()
    n_training: int = 0
    n_test: int = 0
    estimate_usd: float | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    note: str = ""
    version: int | None = None
    version_name: str = ""


def save_job(database: Database, record: JobRecord) -> None:
    """Keep a job, in place of what was kept of the same submission."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO job (submission, created_at, record) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET created_at = excluded.created_at, record = excluded.record",
            (record.submission, record.created_at, msgspec.json.encode(record).decode()),
        )


def jobs(database: Database) -> list[JobRecord]:
    """Return all jobs, the newest first."""
    rows = database.rows("SELECT record FROM job ORDER BY created_at DESC, submission")
    return _decoded(database, rows, JobRecord)


def delete_job(database: Database, submission: str) -> None:
    """Forget a job and its events."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM job WHERE submission = ?", (submission,))


def add_events(database: Database, submission: str, events: Sequence[JobEvent]) -> None:
    """Keep what happened; events that are known, and those of an unknown job, change nothing."""
    with database.transaction() as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO job_event (submission, event_id, created_at, record)"
            " SELECT submission, ?, ?, ? FROM job WHERE submission = ?",
            (
                (event.id, event.created_at, msgspec.json.encode(event).decode(), submission)
                for event in events
            ),
        )


def events(database: Database, submission: str) -> list[JobEvent]:
    """Return what happened, the oldest first."""
    rows = database.rows(
        "SELECT record FROM job_event WHERE submission = ? ORDER BY created_at, number",
        (submission,),
    )
    return _decoded(database, rows, JobEvent)


def _decoded(database: Database, rows: Sequence[Row], type_: type[S]) -> list[S]:
    try:
        return [msgspec.json.decode(text, type=type_) for (text,) in rows]
    except msgspec.MsgspecError as error:
        detail = type_.__name__
        raise ProjectError(ProjectErrorKind.DAMAGED, database.path, detail) from error
