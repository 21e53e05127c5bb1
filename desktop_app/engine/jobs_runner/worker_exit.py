"""How a worker process can end, and what the owner of its job is told."""

import signal
from enum import IntEnum

from desktop_app.core.jobs.job import JobError


class WorkerExit(IntEnum):
    """Exit codes of the worker; anything else is a crash."""

    DONE = 0
    STOPPED = 10
    MODEL_FILE = 11
    NO_MEMORY = 12
    NO_SPACE = 13
    NOT_A_NUMBER = 14
    NOTHING_TO_LEARN = 15
    OCCUPIED = 16
    REFUSED = 17
    START_FILE = 18
    OTHER_RUN = 19


NO_MEMORY_CODE = "insufficient_memory"

_ERRORS = {
    WorkerExit.MODEL_FILE: JobError(
        code="model_file_damaged",
        message="The file of the base model is missing, damaged or of a kind that cannot be"
        " trained here. Fetch the model again.",
    ),
    WorkerExit.START_FILE: JobError(
        code="model_file_damaged",
        message="The tuned model from which training was to go on is damaged or belongs to another"
        " base model. Choose another one.",
        param="model",
    ),
    WorkerExit.OTHER_RUN: JobError(
        code="saved_state_of_another_run",
        message="Training cannot go on from what was saved of this job: since then the base model,"
        " or that which computes with it, has changed. Start a new job.",
    ),
    WorkerExit.NO_MEMORY: JobError(
        code=NO_MEMORY_CODE,
        message="There was not enough memory to go on. Close other programs, shorten the longest"
        " examples or choose a smaller batch, then start the job again.",
    ),
    WorkerExit.NO_SPACE: JobError(
        code="insufficient_storage",
        message="The disk is full. Free some space, then start the job again.",
    ),
    WorkerExit.NOT_A_NUMBER: JobError(
        code="training_diverged",
        message="Training went astray: the loss is no number any more. Choose a smaller learning"
        " rate multiplier.",
    ),
    WorkerExit.NOTHING_TO_LEARN: JobError(
        code="invalid_training_file",
        message="No example has a reply left within what the model can read: all are too long.",
    ),
    WorkerExit.REFUSED: JobError(
        code="invalid_training_file",
        message="An example does not fit the model's chat template.",
    ),
    WorkerExit.OCCUPIED: JobError(
        code="server_error",
        message="Another process is still training this job. Start the job again in a minute.",
    ),
}


def model_error(why: str) -> JobError:
    """Say why a base model cannot be trained, in its back end's words."""
    code = _ERRORS[WorkerExit.MODEL_FILE].code
    return JobError(code=code, message=f"The base model cannot be trained here. {why}")


def job_error(exit_code: int) -> JobError:
    """Say in plain words why a worker ended. A negative code is the signal that killed it."""
    if exit_code in _ERRORS:
        return _ERRORS[WorkerExit(exit_code)]
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        return JobError(
            code="training_process_killed",
            message=f"The system stopped the training process ({name}). Most often memory had"
            " run out: close other programs, shorten the longest examples or choose a smaller"
            " batch, then start the job again.",
        )
    return JobError(
        code="server_error",
        message=f"The training process ended unexpectedly (exit code {exit_code})."
        " The service's log says more.",
    )
