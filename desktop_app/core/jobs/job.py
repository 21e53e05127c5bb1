"""A fine-tuning job and what a service reports of it.

Source: SPEC `FineTuningJob`, `FineTuningJobEvent`, `FineTuningJobCheckpoint` (OpenAI API,
2026-08-21). Times are Unix seconds. Services leave fields out and add states of their own, so
everything that may be missing is optional and an unknown status is shown as it came.
"""

from msgspec import Struct

TERMINAL_STATUSES = frozenset({"succeeded", "failed", "cancelled", "canceled"})
SUPERVISED, DPO = "supervised", "dpo"
SUBMISSION_KEY = "exemplar_submission"
"""The key in a job's metadata whose value, a UUID, tells our own submission from any other."""


class Hyperparameters(Struct, frozen=True):
    """What may be set for a run; None is the service's own choice ("auto").

    `beta` is for preferences (`DPO`) only: the larger, the closer to the model before training.
    """

    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    beta: float | None = None


class JobRequest(Struct, frozen=True):
    """What is asked of a service. `submission` is a UUID that the job carries in its metadata.

    `method` is "supervised", or "dpo" for examples with two replies to compare.
    """

    model: str
    training_file: str
    submission: str
    validation_file: str | None = None
    suffix: str | None = None
    seed: int | None = None
    hyperparameters: Hyperparameters = Hyperparameters()
    method: str = SUPERVISED


class JobError(Struct, frozen=True):
    """Why a job failed, in the service's words."""

    code: str | None = None
    message: str | None = None
    param: str | None = None


class Job(Struct, frozen=True):
    """A job as a service last described it."""

    id: str
    model: str
    status: str
    created_at: int
    training_file: str = ""
    validation_file: str | None = None
    fine_tuned_model: str | None = None
    finished_at: int | None = None
    estimated_finish: int | None = None
    trained_tokens: int | None = None
    hyperparameters: Hyperparameters = Hyperparameters()
    seed: int | None = None
    error: JobError | None = None
    result_files: tuple[str, ...] = ()
    metadata: dict[str, str] = {}

    @property
    def is_finished(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.status in TERMINAL_STATUSES


class Metrics(Struct, frozen=True, omit_defaults=True):
    """What was measured at a step; a key that the service did not send is None."""

    step: int | None = None
    total_steps: int | None = None
    train_loss: float | None = None
    train_mean_token_accuracy: float | None = None
    valid_loss: float | None = None
    valid_mean_token_accuracy: float | None = None
    full_valid_loss: float | None = None
    full_valid_mean_token_accuracy: float | None = None


class JobEvent(Struct, frozen=True):
    """One line of what happened. `metrics` is None for events that measure nothing."""

    id: str
    created_at: int
    level: str
    message: str
    type: str | None = None
    metrics: Metrics | None = None


class Checkpoint(Struct, frozen=True):
    """A model kept on the way, usable like the final one."""

    id: str
    created_at: int
    model: str
    step: int
    metrics: Metrics = Metrics()
