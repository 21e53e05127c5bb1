import pytest

from desktop_app.core.jobs.job import Job
from desktop_app.core.jobs.stages import STAGES, Stage, StageState, stage_states

DONE, CURRENT, STOPPED, AHEAD = StageState


def states(
    phase: str, status: str = "", *, has_metrics: bool = False, uploaded: bool = False
) -> list[StageState]:
    job = Job(id="ftjob-1", model="m", status=status, created_at=0) if status else None
    found = stage_states(phase, job, has_metrics=has_metrics, uploaded=uploaded)
    assert tuple(found) == STAGES
    return list(found.values())


def test_before_the_job_exists() -> None:
    assert states("preparing")[0] == CURRENT
    assert states("uploading")[:3] == [DONE, CURRENT, AHEAD]
    assert states("creating")[:4] == [DONE, DONE, CURRENT, AHEAD]


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("validating_files", Stage.ACCEPTED),
        ("queued", Stage.QUEUED),
        ("pending", Stage.QUEUED),
        ("running", Stage.TRAINING),
        ("warming_up", Stage.ACCEPTED),
    ],
)
def test_a_living_job_is_at_one_stage(status: str, stage: Stage) -> None:
    found = states("created", status)
    assert found.index(CURRENT) == STAGES.index(stage)
    assert found.count(CURRENT) == 1
    assert set(found[: found.index(CURRENT)]) == {DONE}


@pytest.mark.parametrize("status", ["paused", "pausing", "queued", "defragmenting"])
def test_what_has_trained_is_training_whatever_it_is_called(status: str) -> None:
    assert states("created", status, has_metrics=True)[4] == CURRENT


def test_success_is_every_stage_done() -> None:
    assert set(states("created", "succeeded")) == {DONE}


def test_failure_shows_where_it_stopped() -> None:
    assert states("created", "failed")[2] == STOPPED
    assert states("created", "cancelled", has_metrics=True)[4:] == [STOPPED, AHEAD]
    assert states("not_created")[:2] == [DONE, STOPPED]
    assert states("not_created", uploaded=True)[:3] == [DONE, DONE, STOPPED]
