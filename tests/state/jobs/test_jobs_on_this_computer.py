"""Jobs on the engine itself, with a model of 300 tokens that trains in seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.storage.settings import THIS_COMPUTER
from tests.engine.tiny_model import write_tiny_model
from tests.state.jobs.job_bench import Bench

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    model = write_tiny_model(tmp_path / "tiny.gguf")
    with Bench(qtbot, tmp_path, monkeypatch, starter_model=model) as bench:
        bench.connections.set_active(THIS_COMPUTER)
        bench.until(lambda: bench.connections.base_model != "", timeout=30_000)
        yield bench
        stopping = bench.connections.engine.stop()
        qtbot.waitSignal(stopping.finished, timeout=15_000).wait()


def test_a_real_job_survives_the_programs_end_and_leaves_a_model(bench: Bench) -> None:
    plan = JobPlan("Harbour", THIS_COMPUTER, bench.connections.base_model, Hyperparameters(40), 1)
    submission = bench.jobs.submit(plan)
    assert submission
    assert bench.jobs.running_on_this_computer
    bench.until(lambda: bool(bench.jobs.curve(submission).training), timeout=60_000)
    bench.restart()
    assert bench.jobs.active_count == 1
    bench.until(lambda: bench.jobs.active_count == 0, timeout=60_000)
    record = bench.record(submission)
    assert bench.status(submission) == "succeeded"
    curve = bench.jobs.curve(submission)
    steps = [point.step for point in curve.training]
    assert steps == list(range(1, len(steps) + 1))
    assert steps[-1] == curve.total_steps
    assert curve.training[-1].loss < curve.training[0].loss
    assert curve.test
    assert record.base_url == ""
    models = bench.jobs.tuned_models(THIS_COMPUTER)
    assert models[0].step is None
    assert models[0].model_id.startswith("ft:")
    assert any(model.step for model in models)


def test_a_real_job_pauses_goes_on_and_is_cancelled(bench: Bench) -> None:
    plan = JobPlan("Harbour", THIS_COMPUTER, bench.connections.base_model, Hyperparameters(50), 1)
    submission = bench.jobs.submit(plan)
    bench.until(lambda: bool(bench.jobs.curve(submission).training), timeout=60_000)
    bench.jobs.pause(submission)
    bench.until(lambda: bench.status(submission) == "paused", timeout=30_000)
    bench.until(lambda: not bench.jobs.is_acting(submission))
    done = bench.jobs.curve(submission).training[-1].step
    bench.jobs.resume(submission)
    bench.until(lambda: bench.jobs.curve(submission).training[-1].step > done, timeout=60_000)
    bench.until(lambda: not bench.jobs.is_acting(submission))
    bench.jobs.cancel(submission)
    bench.until(lambda: bench.jobs.active_count == 0, timeout=30_000)
    assert bench.status(submission) == "cancelled"
    assert not bench.jobs.running_on_this_computer
