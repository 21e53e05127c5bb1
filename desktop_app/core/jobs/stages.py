"""The six stages that a job passes, and where it stands among them."""

from enum import StrEnum

from desktop_app.core.jobs.job import Job
from desktop_app.core.jobs.phases import Phase


class Stage(StrEnum):
    """What happens to a job, in order."""

    CHECKED = "checked"
    UPLOADED = "uploaded"
    ACCEPTED = "accepted"
    QUEUED = "queued"
    TRAINING = "training"
    READY = "ready"


class StageState(StrEnum):
    """What a stage looks like from where the job stands."""

    DONE = "done"
    CURRENT = "current"
    STOPPED = "stopped"
    AHEAD = "ahead"


STAGES = tuple(Stage)
ACCEPTING = frozenset({"validating_files", "notRunning"})
WAITING = frozenset({"queued", "pending"})
_BEFORE_THE_JOB = {
    Phase.PREPARING: Stage.CHECKED,
    Phase.UPLOADING: Stage.UPLOADED,
    Phase.CREATING: Stage.ACCEPTED,
}


def stage_states(
    phase: str, job: Job | None, *, has_metrics: bool, uploaded: bool = False
) -> dict[Stage, StageState]:
    """Return the state of each stage, in order.

    `uploaded` tells of a submission that came to nothing whether its files had been sent.
    """
    if job is not None and job.status == "succeeded":
        return dict.fromkeys(STAGES, StageState.DONE)
    reached = STAGES.index(_reached(phase, job, has_metrics=has_metrics, uploaded=uploaded))
    ended = phase == Phase.NOT_CREATED or (job is not None and job.is_finished)
    here = StageState.STOPPED if ended else StageState.CURRENT
    behind = dict.fromkeys(STAGES[:reached], StageState.DONE)
    return behind | {STAGES[reached]: here} | dict.fromkeys(STAGES[reached + 1 :], StageState.AHEAD)


def _reached(phase: str, job: Job | None, *, has_metrics: bool, uploaded: bool) -> Stage:
    if job is None:
        unsent = Stage.ACCEPTED if uploaded else Stage.UPLOADED
        return _BEFORE_THE_JOB.get(Phase(phase), unsent)
    if job.status in ACCEPTING:
        return Stage.ACCEPTED
    if job.status in WAITING:
        return Stage.TRAINING if has_metrics else Stage.QUEUED
    # A status that we do not know counts as training only once something was measured.
    return Stage.TRAINING if has_metrics or job.status == "running" else Stage.ACCEPTED
