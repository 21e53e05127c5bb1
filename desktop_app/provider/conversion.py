"""From the answers of services, which leave out and add what they like, to our own types.

Source of the fields: SPEC `FineTuningJob`, `FineTuningJobEvent`, `FineTuningJobCheckpoint`,
`Model` (OpenAI API, 2026-08-21). What is missing, null or of another type counts as not sent.
"""

import math
from collections.abc import Mapping, Sequence

from desktop_app.core.jobs.job import (
    Checkpoint,
    Hyperparameters,
    Job,
    JobError,
    JobEvent,
    Metrics,
)
from desktop_app.provider.provider import ErrorKind, ModelInfo, ProviderError

Fields = Mapping[str, object]
LARGEST = 2**53
"""Whole numbers up to here pass through JSON of any make unchanged (RFC 8259, section 6)."""


def fields(answer: object) -> Fields:
    """Return what an object of the SDK holds. Raises ProviderError if it is no object at all.

    A web page in place of an answer (a hotel's sign-in, a proxy's notice) comes as a string.
    """
    to_dict = getattr(answer, "to_dict", None)
    answer = to_dict(warnings=False) if to_dict is not None else answer
    if not isinstance(answer, Mapping):
        raise ProviderError(ErrorKind.SERVICE_FAULT, f"not an answer: {type(answer).__name__}")
    return answer


def job_of(answer: object) -> Job:
    """Convert a job. Raises ProviderError if it has no id."""
    sent = fields(answer)
    return Job(
        id=required_id(sent),
        model=_text(sent.get("model")) or "",
        status=_text(sent.get("status")) or "",
        created_at=_whole(sent.get("created_at")) or 0,
        training_file=_text(sent.get("training_file")) or "",
        validation_file=_text(sent.get("validation_file")),
        fine_tuned_model=_text(sent.get("fine_tuned_model")),
        finished_at=_whole(sent.get("finished_at")),
        estimated_finish=_whole(sent.get("estimated_finish")),
        trained_tokens=_whole(sent.get("trained_tokens")),
        hyperparameters=_hyperparameters(sent),
        seed=_whole(sent.get("seed")),
        error=_job_error(_object(sent.get("error"))),
        result_files=tuple(filter(None, map(_text, _list(sent.get("result_files"))))),
        metadata={
            key: value
            for key, value in _object(sent.get("metadata")).items()
            if isinstance(value, str)
        },
    )


def event_of(answer: object) -> JobEvent:
    """Convert an event. Raises ProviderError if it has no id."""
    sent = fields(answer)
    metrics = metrics_of(_object(sent.get("data")))
    return JobEvent(
        id=required_id(sent),
        created_at=_whole(sent.get("created_at")) or 0,
        level=_text(sent.get("level")) or "info",
        message=_text(sent.get("message")) or "",
        type=_text(sent.get("type")),
        metrics=None if metrics == Metrics() else metrics,
    )


def checkpoint_of(answer: object) -> Checkpoint:
    """Convert a checkpoint. Raises ProviderError if it has no id."""
    sent = fields(answer)
    metrics = _object(sent.get("metrics"))
    return Checkpoint(
        id=required_id(sent),
        created_at=_whole(sent.get("created_at")) or 0,
        model=_text(sent.get("fine_tuned_model_checkpoint")) or "",
        step=_whole(sent.get("step_number")) or _whole(metrics.get("step")) or 0,
        metrics=metrics_of(metrics),
    )


def model_of(answer: object) -> ModelInfo:
    """Convert a model. Raises ProviderError if it has no id."""
    sent = fields(answer)
    return ModelInfo(
        id=required_id(sent),
        owned_by=_text(sent.get("owned_by")) or "",
        created=_whole(sent.get("created")),
        shutdown_date=_text(sent.get("shutdown_date")),
    )


def metrics_of(sent: Fields) -> Metrics:
    """Convert measurements; a negative one stands for "not measured" (Azure sends -1)."""
    return Metrics(
        step=_whole(sent.get("step")),
        total_steps=_whole(sent.get("total_steps")),
        train_loss=_measured(sent.get("train_loss")),
        train_mean_token_accuracy=_measured(sent.get("train_mean_token_accuracy")),
        valid_loss=_measured(sent.get("valid_loss")),
        valid_mean_token_accuracy=_measured(sent.get("valid_mean_token_accuracy")),
        full_valid_loss=_measured(sent.get("full_valid_loss")),
        full_valid_mean_token_accuracy=_measured(sent.get("full_valid_mean_token_accuracy")),
    )


def required_id(sent: Fields) -> str:
    """Return the id of whatever was sent. Raises ProviderError if it has none."""
    found = _text(sent.get("id"))
    if not found:
        raise ProviderError(ErrorKind.SERVICE_FAULT, "the answer has no id")
    return found


def _hyperparameters(sent: Fields) -> Hyperparameters:
    # Under method.<type> as the reference has it now; at the top as it was and elsewhere still is.
    method = _object(sent.get("method"))
    chosen = _object(_object(method.get(str(method.get("type")))).get("hyperparameters"))
    old = _object(sent.get("hyperparameters"))
    found = {
        name: value
        for source in (old, chosen)
        for name, value in source.items()
        if _number(value) is not None
    }
    return Hyperparameters(
        n_epochs=_whole(found.get("n_epochs")),
        batch_size=_whole(found.get("batch_size")),
        learning_rate_multiplier=_number(found.get("learning_rate_multiplier")),
        beta=_number(found.get("beta")),
    )


def _job_error(sent: Fields) -> JobError | None:
    # Healthy jobs come with null, with {} and with an object of three nulls.
    error = JobError(*(_text(sent.get(name)) for name in ("code", "message", "param")))
    return error if error.code or error.message else None


def _object(value: object) -> Fields:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    """A finite number; "auto" and its like are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and abs(number) < LARGEST else None


def _measured(value: object) -> float | None:
    number = _number(value)
    return number if number is None or number >= 0 else None
