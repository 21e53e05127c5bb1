"""What the service remembers, as it is stored. Times are Unix seconds."""

from enum import StrEnum

from msgspec import Struct

from desktop_app.core.examples.rules import SUPERVISED
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
    expires_at: int | None = None


class UploadStatus(StrEnum):
    """Where an upload in parts is in its life."""

    PENDING = "pending"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class UploadRecord(Struct, frozen=True):
    """A file that comes in parts; once it is complete, `part_ids` made the file `file`.

    `bytes` is what was announced; `file_lifetime` is for how many seconds the file is to be kept.
    """

    id: str
    filename: str
    purpose: str
    bytes: int
    mime_type: str
    created_at: int
    expires_at: int
    status: UploadStatus = UploadStatus.PENDING
    file_lifetime: int | None = None
    file: str | None = None
    part_ids: tuple[str, ...] = ()


class PartRecord(Struct, frozen=True):
    """A stretch of an upload, which owns it."""

    id: str
    upload: str
    bytes: int
    created_at: int


class RunHyperparameters(Hyperparameters, frozen=True):
    """A method of training and what may be set for it; `beta` for preferences alone.

    None is the service's own choice.
    """

    beta: float | None = None
    method: str = SUPERVISED


class JobRecord(Struct, frozen=True):
    """A fine-tuning job. `requested` is what was asked, `resolved` what it runs with.

    `model` is the one named in the request. Where that is a tuned one, `base` is the model beneath
    it, and training goes on from its adapter.
    """

    id: str
    created_at: int
    model: str
    training_file: str
    seed: int
    status: JobStatus = JobStatus.VALIDATING
    validation_file: str | None = None
    suffix: str | None = None
    base: str | None = None
    requested: RunHyperparameters = RunHyperparameters()
    resolved: RunHyperparameters | None = None
    metadata: dict[str, str] = {}
    n_examples: int = 0
    error: JobError | None = None
    fine_tuned_model: str | None = None
    finished_at: int | None = None
    estimated_finish: int | None = None
    trained_tokens: int | None = None
    result_files: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How to train: "supervised" or "dpo"."""
        return self.requested.method

    @property
    def base_model(self) -> str:
        """The model whose weights stay as they are."""
        return self.base or self.model


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
UPLOADS = Table("Upload", UploadRecord)
PARTS = Table("UploadPart", PartRecord)
JOBS = Table("FineTuningJob", JobRecord)
EVENTS = Table("FineTuningJobEvent", EventRecord)
CHECKPOINTS = Table("FineTuningJobCheckpoint", CheckpointRecord)
