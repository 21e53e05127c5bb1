"""Jobs, events and checkpoints as the protocol describes them."""

from desktop_app.core.examples.rules import DPO
from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.engine.store.records import CheckpointRecord, EventRecord, JobRecord

ORGANIZATION = "org-local"


def job_body(job: JobRecord) -> dict[str, object]:
    """Return a job with all fields that SPEC `FineTuningJob` requires."""
    hyperparameters = _hyperparameters_body(job.resolved or job.requested)
    return {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": job.created_at,
        "error": job.error,
        "estimated_finish": job.estimated_finish,
        "fine_tuned_model": job.fine_tuned_model,
        "finished_at": job.finished_at,
        "hyperparameters": hyperparameters,
        "integrations": [],
        "metadata": job.metadata,
        "method": {
            "type": job.method,
            job.method: {"hyperparameters": hyperparameters | _beta_body(job)},
        },
        "model": job.model,
        "organization_id": ORGANIZATION,
        "result_files": job.result_files,
        "seed": job.seed,
        "status": job.status,
        "trained_tokens": job.trained_tokens,
        "training_file": job.training_file,
        "user_provided_suffix": job.suffix,
        "validation_file": job.validation_file,
    }


def event_body(event: EventRecord) -> dict[str, object]:
    """Return an event."""
    return {
        "id": event.id,
        "object": "fine_tuning.job.event",
        "created_at": event.created_at,
        "level": event.level,
        "message": event.message,
        "type": event.type,
        "data": event.data,
    }


def checkpoint_body(checkpoint: CheckpointRecord) -> dict[str, object]:
    """Return a checkpoint."""
    return {
        "id": checkpoint.id,
        "object": "fine_tuning.job.checkpoint",
        "created_at": checkpoint.created_at,
        "fine_tuned_model_checkpoint": checkpoint.model,
        "fine_tuning_job_id": checkpoint.job,
        "metrics": checkpoint.metrics,
        "step_number": checkpoint.step,
    }


def _beta_body(job: JobRecord) -> dict[str, object]:
    chosen = job.resolved or job.requested
    return {"beta": chosen.beta or "auto"} if job.method == DPO else {}


def _hyperparameters_body(chosen: Hyperparameters) -> dict[str, object]:
    return {
        "n_epochs": chosen.n_epochs or "auto",
        "batch_size": chosen.batch_size or "auto",
        "learning_rate_multiplier": chosen.learning_rate_multiplier or "auto",
    }
