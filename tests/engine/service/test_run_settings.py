"""What a run does when it is left to the service, and in which order."""

import msgspec
import pytest

from desktop_app.core.examples.rules import DPO
from desktop_app.engine.identifiers import derived_id, tuned_model_name
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.origin import model_name
from desktop_app.engine.jobs_runner.settings import (
    PEAK_LEARNING_RATE,
    PEAK_PREFERENCE_RATE,
    RunSettings,
    learning_rate,
    resolve,
    run_settings,
)
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit, job_error
from desktop_app.engine.store.records import JobRecord, RunHyperparameters


@pytest.mark.parametrize(
    ("n", "epochs", "batch"),
    [
        (10, 3, 1),
        (23, 3, 1),
        (24, 3, 2),
        (50, 3, 4),
        (96, 3, 8),
        (5000, 3, 8),
        (8333, 3, 8),
        (8334, 2, 8),
        (12_501, 1, 8),
        (1_000_000, 1, 8),
    ],
)
def test_automatic_settings(n: int, epochs: int, batch: int) -> None:
    assert resolve(RunHyperparameters(), n) == RunHyperparameters(epochs, batch, 1.0)
    preferences = resolve(RunHyperparameters(method=DPO), n)
    assert preferences == RunHyperparameters(epochs, batch, 1.0, 0.1, DPO)


def test_what_was_asked_for_is_kept() -> None:
    asked = RunHyperparameters(7, 2, 0.5)
    assert resolve(asked, 500) == asked
    preferences = RunHyperparameters(7, 2, 0.5, 1.5, DPO)
    assert resolve(preferences, 500) == preferences


@pytest.mark.parametrize(
    ("method", "peak"), [("supervised", PEAK_LEARNING_RATE), (DPO, PEAK_PREFERENCE_RATE)]
)
def test_every_method_has_its_own_peak(method: str, peak: float) -> None:
    settings = run_settings(
        resolve(RunHyperparameters(method=method), 50),
        model_path="m",
        seed=1,
        has_validation=False,
        continues=True,
    )
    assert (settings.peak_rate, settings.beta) == (peak, 0.1)
    assert (settings.n_epochs, settings.batch_size, settings.continues) == (3, 4, True)


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, 40, 2e-3) for step in range(1, 41)]
    assert rates[3] == pytest.approx(2e-3)
    assert rates[:4] == sorted(rates[:4])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] == pytest.approx(2e-3 * 0.05)
    assert learning_rate(1, 1, 1e-3) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("model", "suffix", "start"),
    [
        ("ft:base:local:polite:a1B2c3D4", "brief", "ft:base:local:brief-from-a1B2c3D4:"),
        ("ft:base:local::a1B2c3D4", None, "ft:base:local:from-a1B2c3D4:"),
        ("ft:base:local::a1B2c3D4:ckpt-step-8", "x", "ft:base:local:x-from-a1B2c3D4:"),
        ("my-import", "x", "ft:base:local:x-from:"),
    ],
)
def test_the_name_says_from_what_training_went_on(
    model: str, suffix: str | None, start: str
) -> None:
    job = JobRecord("ftjob-1", 0, model, "file-1", seed=0, suffix=suffix, base="base")
    assert model_name(job).startswith(start)
    assert model_name(job).count(":") == 4
    assert model_name(job, 8).startswith(start)
    plain = JobRecord("ftjob-1", 0, "base", "file-1", seed=0, suffix=suffix)
    assert model_name(plain) == tuned_model_name("base", suffix, "ftjob-1")


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


def test_a_job_of_an_older_store_is_a_supervised_one_of_its_own_base() -> None:
    old = (
        b'{"id":"ftjob-1","created_at":1,"model":"base","training_file":"file-1","seed":7,'
        b'"status":"succeeded","requested":{"n_epochs":3,"batch_size":null,'
        b'"learning_rate_multiplier":null},"resolved":{"n_epochs":3,"batch_size":1,'
        b'"learning_rate_multiplier":1.0},"metadata":{},"n_examples":12,"result_files":[]}'
    )
    job = msgspec.json.decode(old, type=JobRecord)
    assert (job.method, job.base_model) == ("supervised", "base")
    assert job.resolved == RunHyperparameters(3, 1, 1.0)


def test_settings_written_by_an_older_program_are_understood() -> None:
    old = (
        b'{"model_path":"m","seed":1,"n_epochs":3,"batch_size":1,"learning_rate_multiplier":2.0,'
        b'"has_validation":false,"rank":16,"alpha":32.0}'
    )
    settings = msgspec.json.decode(old, type=RunSettings)
    assert (settings.method, settings.continues) == ("supervised", False)
    assert settings.peak_rate == PEAK_LEARNING_RATE
