"""How a plan becomes a record, and a record a job."""

import time
import uuid

import msgspec

from desktop_app.core.jobs.job import Job, JobRequest
from desktop_app.core.jobs.phases import Phase, advance, is_unfinished
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.storage.project.jobs import JobRecord


def planned(plan: JobPlan, *, base_url: str, suffix: str | None, n_test: int) -> JobRecord:
    """Return the record of a submission that begins now, with a UUID of its own."""
    submission = str(uuid.uuid4())
    return JobRecord(
        submission=submission,
        name=plan.name,
        connection=plan.connection_id,
        base_url=base_url,
        phase=Phase.PREPARING.value,
        created_at=time.time(),
        request=JobRequest(
            model=plan.base_model,
            training_file="",
            submission=submission,
            suffix=suffix,
            seed=plan.seed,
            hyperparameters=plan.hyperparameters,
        ),
        job=None,
        heard_at=None,
        n_test=n_test if plan.use_test_as_validation else 0,
        estimate_usd=plan.estimate_usd,
    )


def adopted(record: JobRecord, job: Job) -> JobRecord:
    """Return the record of a submission that the service has made a job of."""
    phase = advance(record.phase, Phase.CREATED)
    return msgspec.structs.replace(record, phase=phase, job=job, heard_at=time.time(), note="")


def not_created(record: JobRecord, note: str) -> JobRecord:
    """Return the record of a submission that came to nothing, and why."""
    phase = advance(record.phase, Phase.NOT_CREATED)
    return msgspec.structs.replace(record, phase=phase, note=note)


def is_active(record: JobRecord) -> bool:
    """Whether anything may still happen to it."""
    finished = record.job is not None and record.job.is_finished
    return is_unfinished(record.phase, job_finished=finished)
