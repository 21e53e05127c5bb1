"""What a run does when it is left to the service, and in which order."""

import pytest

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.engine.identifiers import derived_id, tuned_model_name
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.settings import learning_rate, resolve
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit, job_error


@pytest.mark.parametrize(("n", "batch"), [(10, 1), (24, 2), (50, 4), (96, 8), (5000, 8)])
def test_automatic_settings(n: int, batch: int) -> None:
    assert resolve(Hyperparameters(), n) == Hyperparameters(3, batch, 1.0)


def test_what_was_asked_for_is_kept() -> None:
    asked = Hyperparameters(7, 2, 0.5)
    assert resolve(asked, 500) == asked


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, 40, 2.0) for step in range(1, 41)]
    assert rates[3] == pytest.approx(2e-3)
    assert rates[:4] == sorted(rates[:4])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] == pytest.approx(2e-3 * 0.05)
    assert learning_rate(1, 1, 1.0) == pytest.approx(1e-3)


def test_every_epoch_takes_every_example_once() -> None:
    plan = BatchPlan(n_examples=11, batch_size=4, n_epochs=3, seed=9)
    assert (plan.steps_per_epoch, plan.total_steps) == (3, 9)
    epochs = [
        [place for step in range(first, first + 3) for place in plan.batch(step)]
        for first in (1, 4, 7)
    ]
    assert all(sorted(epoch) == list(range(11)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert [plan.ends_epoch(step) for step in (1, 3, 9)] == [False, True, True]


def test_the_plan_depends_on_the_seed_alone() -> None:
    # Fixed values: a run taken up again by a newer program must find the same order.
    assert BatchPlan(6, 6, 1, seed=0).batch(1) == (2, 3, 1, 0, 5, 4)
    assert BatchPlan(6, 6, 1, seed=1).batch(1) != BatchPlan(6, 6, 1, seed=0).batch(1)


def test_validation_between_epochs_is_small_and_even() -> None:
    plan = BatchPlan(n_examples=1000, batch_size=8, n_epochs=2, seed=0)
    assert len(plan.validation_sample(500)) == 20
    assert plan.validation_sample(2) in {(0, 1), (1, 0)}
    assert sum(plan.samples_validation(step) for step in range(1, 126)) == 9
    small = BatchPlan(n_examples=12, batch_size=1, n_epochs=2, seed=0)
    assert [step for step in range(1, 25) if small.samples_validation(step)] == [20]


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        (None, ""),
        ("polite", "polite"),
        ("two words", "two-words"),
        ("a:b/c", "a-b-c"),
        ("日本", "日本"),
    ],
)
def test_names_of_tuned_models(suffix: str | None, part: str) -> None:
    final = tuned_model_name("base", suffix, "ftjob-1")
    assert final.rsplit(":", 1)[0] == f"ft:base:local:{part}"
    assert final == tuned_model_name("base", suffix, "ftjob-1")
    earlier = tuned_model_name("base", suffix, "ftjob-1", 8)
    assert earlier.endswith(":ckpt-step-8")
    assert earlier.split(":")[4] != final.split(":")[4]


def test_derived_ids_differ() -> None:
    ids = {derived_id("x-", job, step) for job in ("a", "b") for step in range(50)}
    assert len(ids) == 100
    assert all(len(each) == 26 for each in ids)


@pytest.mark.parametrize("code", [*list(WorkerExit)[2:], -9, -11, 1, 137])
def test_every_end_of_a_worker_is_explained(code: int) -> None:
    error = job_error(code)
    assert error.code
    assert error.message
    assert error.message.endswith(".")
