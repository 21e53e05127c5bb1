import pytest

from desktop_app.core.jobs.phases import Phase, advance, is_unfinished


def test_a_submission_passes_its_phases_in_order() -> None:
    phase = Phase.PREPARING.value
    for following in (Phase.UPLOADING, Phase.CREATING, Phase.CREATED):
        phase = advance(phase, following)
    assert phase == "created"


@pytest.mark.parametrize("ended", [Phase.CREATED, Phase.NOT_CREATED])
@pytest.mark.parametrize("to", list(Phase))
def test_nothing_follows_the_end(ended: Phase, to: Phase) -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        advance(ended, to)


def test_nothing_is_created_without_creating_being_on_disk_first() -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        advance(Phase.PREPARING, Phase.CREATING)
    with pytest.raises(ValueError, match="cannot follow"):
        advance(Phase.PREPARING, Phase.CREATED)


def test_a_phase_that_a_damaged_file_made_up_is_no_phase() -> None:
    with pytest.raises(ValueError, match="sleeping"):
        advance("sleeping", Phase.CREATED)


def test_what_is_unfinished() -> None:
    assert is_unfinished("creating", job_finished=False)
    assert is_unfinished("created", job_finished=False)
    assert not is_unfinished("created", job_finished=True)
    assert not is_unfinished("not_created", job_finished=False)
