"""How far a submission has come before a service owns it, and which errors leave that open."""

from enum import StrEnum


class Phase(StrEnum):
    """Written to disk before the step it names begins, so that a crash tells where it was.

    CREATING is the only phase in which a job may exist without our knowing it.
    """

    PREPARING = "preparing"
    UPLOADING = "uploading"
    CREATING = "creating"
    CREATED = "created"
    NOT_CREATED = "not_created"


_MAY_FOLLOW = {
    Phase.PREPARING: {Phase.UPLOADING, Phase.NOT_CREATED},
    Phase.UPLOADING: {Phase.CREATING, Phase.CREATED, Phase.NOT_CREATED},
    Phase.CREATING: {Phase.CREATED, Phase.NOT_CREATED},
    Phase.CREATED: set[Phase](),
    Phase.NOT_CREATED: set[Phase](),
}


def advance(phase: str, to: Phase) -> str:
    """Return the new phase. Raises ValueError for a step that must not happen."""
    if to not in _MAY_FOLLOW[Phase(phase)]:
        raise ValueError(f"{to.value} cannot follow {phase}")
    return to.value


def is_unfinished(phase: str, *, job_finished: bool) -> bool:
    """Whether anything may still happen to a submission."""
    if phase == Phase.CREATED:
        return not job_finished
    return phase != Phase.NOT_CREATED
