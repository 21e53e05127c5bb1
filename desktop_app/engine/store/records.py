"""What the service remembers, as it is stored. Times are Unix seconds."""

from enum import StrEnum

from msgspec import Struct

from desktop_app.core.jobs.job import Hyperparameters, JobError
from desktop_app.engine.store.table import Table


class JobStatus(StrEnum):
    """Where a job is in its life."""

    VALIDATING = "validating_files"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})
ACTIVE = frozenset({JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSING})


class FileRecord(Struct, frozen=True):
    """An uploaded or result file; `filename` is what its sender called it."""

    id: str
    filename: str
    purpose: str
    bytes: int
    created_at: int


class JobRecord(Struct, frozen=True):
    """A fine-tuning job. `requested` is what was asked, `resolved` what it runs with."""

    id: str
    created_at: int
    model: str
    training_file: str
    seed: int
    status: JobStatus = JobStatus.VALIDATING
    validation_file: str | None = None
    suffix: str | None = None
    requested: Hyperparameters = Hyperparameters()
    resolved: Hyperparameters | None = None
    metadata: dict[str, str] = {}
    n_examples: int = 0
    error: JobError | None = None
    fine_tuned_model: str | None = None
    finished_at: int | None = None
    estimated_finish: int | None = None
    trained_tokens: int | None = None
    result_files: tuple[str, ...] = ()


class EventRecord(Struct, frozen=True):
    """One line of what happened to a job; `data` holds the metrics."""

    id: str
    created_at: int
    message: str
    level: str = "info"
    type: str = "message"
    data: dict[str, int | float] = {}


class CheckpointRecord(Struct, frozen=True):
    """A model that a job has made; `adapter` is the name of its folder within the job's."""

    id: str
    created_at: int
    model: str
    base: str
    job: str
    step: int
    adapter: str
    metrics: dict[str, int | float] = {}


FILES = Table("File", FileRecord)
JOBS = Table("FineTuningJob", JobRecord)
EVENTS = Table("FineTuningJobEvent", EventRecord)
CHECKPOINTS = Table("FineTuningJobCheckpoint", CheckpointRecord)
