from desktop_app.core.jobs.curve import Curve, Kept, Point, loss_curve, pass_number
from desktop_app.core.jobs.job import Checkpoint, Hyperparameters, Job, JobEvent, Metrics

JOB = Job(
    id="ftjob-1",
    model="m",
    status="running",
    created_at=0,
    hyperparameters=Hyperparameters(n_epochs=3),
)


def event(step: int | None, **losses: float) -> JobEvent:
    metrics = Metrics(step=step, total_steps=30, **losses)
    return JobEvent(f"e{step}", 0, "info", "", "metrics", metrics)


def test_nothing_measured_is_an_empty_curve() -> None:
    assert loss_curve(JOB, [], []).is_empty
    assert loss_curve(JOB, [event(None, train_loss=1.0)], []) == Curve(epochs=3)


def test_training_and_test_losses_by_step() -> None:
    curve = loss_curve(JOB, [event(2, train_loss=1.5), event(1, train_loss=2, valid_loss=3)], [])
    assert curve.training == (Point(1, 2), Point(2, 1.5))
    assert curve.test == (Point(1, 3),)
    assert (curve.total_steps, curve.epochs) == (30, 3)


def test_the_whole_test_set_counts_before_a_part_of_it() -> None:
    curve = loss_curve(JOB, [event(10, valid_loss=9.0, full_valid_loss=1.0)], [])
    assert curve.test == (Point(10, 1.0),)


def test_what_is_no_loss_is_not_drawn() -> None:
    bad = [event(1, train_loss=-1), event(2, train_loss=float("nan"), valid_loss=float("inf"))]
    assert loss_curve(JOB, bad, []).is_empty


def test_a_step_done_again_counts_as_it_came_last() -> None:
    curve = loss_curve(JOB, [event(5, train_loss=2.0), event(5, train_loss=1.0)], [])
    assert curve.training == (Point(5, 1.0),)


def test_kept_models_lie_on_the_test_line() -> None:
    kept = [
        Checkpoint("c2", 0, "ft:b", 20, Metrics(full_valid_loss=0.7)),
        Checkpoint("c1", 0, "ft:a", 10),
    ]
    curve = loss_curve(JOB, [event(10, train_loss=1.0, valid_loss=1.1)], kept)
    assert curve.kept == (Kept(1, 10, "ft:a", 1.1), Kept(2, 20, "ft:b", 0.7))
    assert curve.test == (Point(10, 1.1), Point(20, 0.7))


def test_kept_models_without_a_test_lie_on_the_training_line() -> None:
    curve = loss_curve(JOB, [event(10, train_loss=1.0)], [Checkpoint("c1", 0, "ft:a", 10)])
    assert curve.kept == (Kept(1, 10, "ft:a", 1.0),)


def test_only_the_last_passes_kept_still_bear_their_numbers() -> None:
    job = Job("ftjob-1", "m", "succeeded", 0, hyperparameters=Hyperparameters(n_epochs=6))
    kept = [Checkpoint(f"c{n}", 0, f"ft:{n}", 5 * n) for n in (4, 5, 6)]
    curve = loss_curve(job, [event(30, train_loss=1.0)], kept)
    assert [each.number for each in curve.kept] == [4, 5, 6]
    assert [each.loss for each in curve.kept] == [None, None, 1.0]


def test_passes_are_counted_where_their_length_is_unknown() -> None:
    assert pass_number(10, None, 3) is None
    job = Job("ftjob-1", "m", "succeeded", 0)
    kept = [Checkpoint("c1", 0, "ft:a", 7), Checkpoint("c2", 0, "ft:b", 14)]
    assert [each.number for each in loss_curve(job, [], kept).kept] == [1, 2]
