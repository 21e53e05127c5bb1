from desktop_app.core.jobs.job import Hyperparameters, Job, JobEvent, Metrics
from desktop_app.core.jobs.progress import Progress, progress, seconds_left


def job(status: str = "running", epochs: int | None = 3, finish: int | None = None) -> Job:
    return Job(
        id="ftjob-1",
        model="m",
        status=status,
        created_at=0,
        hyperparameters=Hyperparameters(n_epochs=epochs),
        estimated_finish=finish,
    )


def measured(step: int, at: int, total: int | None = 100) -> JobEvent:
    metrics = Metrics(step=step, total_steps=total, train_loss=1.0)
    return JobEvent(f"e{at}-{step}", at, "info", f"Step {step}", "metrics", metrics)


def said(message: str, at: int = 0) -> JobEvent:
    return JobEvent(f"m{at}", at, "info", message)


def test_nothing_measured_is_no_progress() -> None:
    assert progress(job(), [said("Fine-tuning job started")]) is None
    assert seconds_left(job(), [], 0) is None


def test_progress_is_the_last_measured_step() -> None:
    found = progress(job(), [measured(1, 10), measured(34, 20), said("hello")])
    assert found == Progress(34, 100, 3)
    assert found.fraction == 0.34
    assert found.epoch == 2


def test_more_steps_than_announced_are_never_more_than_all() -> None:
    found = Progress(120, 100, 3)
    assert (found.fraction, found.epoch) == (1.0, 3)
    assert Progress(0, 100, 3).epoch == 1
    assert Progress(5, 100).epoch is None


def test_time_left_carries_the_pace_on() -> None:
    events = [measured(step, 100 + 2 * step) for step in range(1, 11)]
    assert seconds_left(job(), events, now=120) == 180
    assert seconds_left(job(), events, now=130) == 170
    assert seconds_left(job(), events, now=9999) == 0


def test_a_pause_long_ago_does_not_slow_the_estimate() -> None:
    before = [measured(step, step) for step in range(1, 11)]
    after = [measured(step, 5000 + step) for step in range(11, 41)]
    assert seconds_left(job(), before + after, now=5040) == 60


def test_steps_done_again_after_an_interruption_start_a_new_pace() -> None:
    first = [measured(step, step) for step in range(1, 31)]
    again = [measured(step, 600 + 3 * step) for step in range(21, 25)]
    assert seconds_left(job(), first + again, now=672) == 3 * 76


def test_two_measurements_or_none_in_time_tell_no_pace() -> None:
    assert seconds_left(job(), [measured(1, 0), measured(2, 5)], now=5) is None
    assert seconds_left(job(), [measured(step, 7) for step in range(5)], now=8) is None


def test_the_services_own_estimate_counts_until_it_is_past() -> None:
    events = [measured(step, 2 * step) for step in range(1, 11)]
    assert seconds_left(job(finish=500), events, now=440) == 60
    assert seconds_left(job(finish=10), events, now=20) == 180
    assert seconds_left(job("queued", finish=500), [], now=440) is None
    assert seconds_left(job("paused", finish=500), events, now=440) is None
