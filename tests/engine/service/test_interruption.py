"""A job that is paused, killed or cut off goes on to the very same result."""

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from openai import BadRequestError

from desktop_app.engine.worker import NICENESS
from tests.engine.service.engine_child import FINISHED, Engine, example_lines, running_engine

SETTINGS: dict[str, Any] = {
    "seed": 5,
    "hyperparameters": {"n_epochs": 30, "batch_size": 1, "learning_rate_multiplier": 3.0},
}
EXAMPLES = example_lines(15)
STEPS = 30 * 15


@dataclass(frozen=True)
class Undisturbed:
    """What a run gives that nothing interrupts."""

    digest: str
    losses: list[tuple[int, float]]


@pytest.fixture(scope="module")
def undisturbed(engine: Engine) -> Undisturbed:
    """The run that the others are compared with."""
    job = engine.job(EXAMPLES, **SETTINGS)
    assert engine.finished(job.id).status == "succeeded"
    losses = engine.losses(job.id)
    assert [step for step, _ in losses] == list(range(1, STEPS + 1))
    return Undisturbed(engine.adapter_digest(job.id), losses)


@pytest.fixture
def own_engine(tmp_path: Path, token_file: Path, tiny_model: Path) -> Iterator[Engine]:
    """A service that the test may kill."""
    with running_engine(tmp_path / "store", token_file, tiny_model) as engine:
        yield engine


def assert_same(engine: Engine, job_id: str, undisturbed: Undisturbed) -> None:
    """Compare a finished job with the undisturbed run: not a bit of difference."""
    assert engine.finished(job_id).status == "succeeded"
    assert engine.losses(job_id) == undisturbed.losses
    assert engine.adapter_digest(job_id) == undisturbed.digest
    ids = [event.id for event in engine.events(job_id)]
    assert len(ids) == len(set(ids))


def restarted(engine: Engine, token_file: Path, tiny_model: Path) -> Engine:
    """Start a service again on a store."""
    return Engine(engine.store, token_file, tiny_model)


def test_paused_and_resumed(engine: Engine, undisturbed: Undisturbed) -> None:
    jobs = engine.client.fine_tuning.jobs
    job = engine.job(EXAMPLES, **SETTINGS)
    engine.wait_for_step(job.id, 20)
    assert jobs.pause(job.id).status in {"pausing", "paused"}
    engine.when(job.id, {"paused"})
    told = len(engine.losses(job.id))
    assert 20 <= told < STEPS
    assert engine.get("/engine")["active_jobs"] == 0
    time.sleep(0.3)
    assert len(engine.losses(job.id)) == told
    assert jobs.resume(job.id).status == "queued"
    assert_same(engine, job.id, undisturbed)
    messages = [event.message for event in engine.events(job.id)]
    assert messages.count("Fine-tuning job started") == 1
    assert f"Fine-tuning job resumed after step {told}" in messages


def test_service_and_worker_killed_together(
    own_engine: Engine, undisturbed: Undisturbed, token_file: Path, tiny_model: Path
) -> None:
    job = own_engine.job(EXAMPLES, **SETTINGS)
    own_engine.wait_for_step(job.id, 20)
    worker = own_engine.worker()
    assert worker is not None
    worker.kill()
    own_engine.kill()
    again = restarted(own_engine, token_file, tiny_model)
    try:
        assert_same(again, job.id, undisturbed)
    finally:
        again.stop()


def test_service_killed_while_its_worker_lives(
    own_engine: Engine, undisturbed: Undisturbed, token_file: Path, tiny_model: Path
) -> None:
    """The orphan adds to its log while the next worker already waits for it."""
    job = own_engine.job(EXAMPLES, **SETTINGS)
    own_engine.wait_for_step(job.id, 20)
    orphan = own_engine.worker()
    assert orphan is not None
    orphan.suspend()
    own_engine.kill()
    again = restarted(own_engine, token_file, tiny_model)
    try:
        deadline = time.monotonic() + 20
        while again.worker() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.3)
        orphan.resume()
        assert_same(again, job.id, undisturbed)
    finally:
        again.stop()


def test_shut_down_in_the_middle(
    own_engine: Engine, undisturbed: Undisturbed, token_file: Path, tiny_model: Path
) -> None:
    job = own_engine.job(EXAMPLES, **SETTINGS)
    own_engine.wait_for_step(job.id, 20)
    own_engine.post("/engine/shutdown")
    own_engine.may_be_dead = True
    assert own_engine.process.wait(20) == 0
    again = restarted(own_engine, token_file, tiny_model)
    try:
        assert again.client.fine_tuning.jobs.retrieve(job.id).status in {"running", "succeeded"}
        assert_same(again, job.id, undisturbed)
    finally:
        again.stop()


def test_a_killed_worker_is_replaced(engine: Engine, undisturbed: Undisturbed) -> None:
    job = engine.job(EXAMPLES, **SETTINGS)
    engine.wait_for_step(job.id, 5)
    worker = engine.worker()
    assert worker is not None
    assert worker.nice() == NICENESS
    worker.send_signal(signal.SIGKILL)
    assert_same(engine, job.id, undisturbed)
    (warning,) = (event.message for event in engine.events(job.id) if event.level == "warn")
    assert warning == (
        "The system stopped the training process (SIGKILL). Training goes on from the last saved"
        " state"
    )


def test_a_worker_killed_again_and_again_fails_its_job_and_nothing_else(engine: Engine) -> None:
    """As for want of memory: it never comes further than the time before."""
    job = engine.job(EXAMPLES, **SETTINGS)
    killed = 0
    while engine.client.fine_tuning.jobs.retrieve(job.id).status not in FINISHED:
        with suppress(psutil.Error):  # it may be gone already, and not yet buried
            if (worker := engine.worker()) is not None:
                worker.send_signal(signal.SIGKILL)
                worker.wait(20)
                killed += 1
        time.sleep(0.02)
    assert killed >= 3
    failed = engine.client.fine_tuning.jobs.retrieve(job.id)
    assert failed.error is not None
    assert failed.error.code == "training_process_killed"
    assert "memory had run out" in str(failed.error.message)
    last = engine.events(job.id)[-1]
    assert (last.level, last.message) == ("error", f"The job failed: {failed.error.message}")
    assert engine.get("/engine")["active_jobs"] == 0


def test_a_worker_told_to_end_from_outside(engine: Engine, undisturbed: Undisturbed) -> None:
    """As at the end of a session, or by `kill`: nothing is lost, and the owner decides."""
    job = engine.job(EXAMPLES, **SETTINGS)
    engine.wait_for_step(job.id, 5)
    worker = engine.worker()
    assert worker is not None
    worker.terminate()
    engine.when(job.id, {"paused"})
    engine.client.fine_tuning.jobs.resume(job.id)
    assert_same(engine, job.id, undisturbed)


def test_paused_before_the_worker_has_loaded(engine: Engine, undisturbed: Undisturbed) -> None:
    job = engine.job(EXAMPLES, **SETTINGS)
    engine.when(job.id, {"running"})
    jobs = engine.client.fine_tuning.jobs
    assert jobs.pause(job.id).status in {"pausing", "paused"}
    engine.when(job.id, {"paused"}, seconds=2)
    jobs.resume(job.id)
    assert_same(engine, job.id, undisturbed)
    assert not [event.message for event in engine.events(job.id) if event.level == "warn"]


def test_cancelled(engine: Engine) -> None:
    jobs = engine.client.fine_tuning.jobs
    job = engine.job(EXAMPLES, **SETTINGS)
    waiting = engine.job(EXAMPLES, **SETTINGS)
    engine.wait_for_step(job.id, 5)
    assert jobs.cancel(waiting.id).status == "cancelled"
    cancelled = jobs.cancel(job.id)
    assert cancelled.status == "cancelled"
    assert cancelled.finished_at is not None
    told = len(engine.events(job.id))
    time.sleep(0.5)
    assert len(engine.events(job.id)) == told
    assert engine.worker() is None
    assert engine.events(job.id)[-1].message == "The job has been cancelled"
    leftovers = [path.name for path in (engine.store / "jobs" / waiting.id).iterdir()]
    assert leftovers == []
    for steer in (jobs.cancel, jobs.pause, jobs.resume):
        with pytest.raises(BadRequestError, match="is cancelled and cannot be"):
            steer(job.id)


def paused_twice(engine: Engine) -> tuple[str, list[Path]]:
    """Return a job that is paused, and its saved states, oldest first."""
    jobs = engine.client.fine_tuning.jobs
    job = engine.job(EXAMPLES, **SETTINGS)
    engine.wait_for_step(job.id, 20)
    jobs.pause(job.id)
    engine.when(job.id, {"paused"})
    jobs.resume(job.id)
    engine.wait_for_step(job.id, len(engine.losses(job.id)) + 10)
    jobs.pause(job.id)
    engine.when(job.id, {"paused"})
    return job.id, sorted((engine.store / "jobs" / job.id).glob("state-*"))


@pytest.mark.parametrize("damage", [b"", b"not a state"])
def test_a_damaged_state_falls_back_to_the_one_before(
    own_engine: Engine, undisturbed: Undisturbed, damage: bytes
) -> None:
    job, (before, last) = paused_twice(own_engine)
    last.write_bytes(damage or last.read_bytes()[:-1])
    own_engine.client.fine_tuning.jobs.resume(job)
    assert_same(own_engine, job, undisturbed)
    warnings = [event.message for event in own_engine.events(job) if event.level == "warn"]
    step = int(before.stem.removeprefix("state-"))
    assert warnings == [
        f"The last saved state of this job is damaged: training goes on behind step {step}"
    ]


def test_with_both_states_damaged_training_begins_again(
    own_engine: Engine, undisturbed: Undisturbed
) -> None:
    job, states = paused_twice(own_engine)
    for state in states:
        state.write_bytes(b"not a state")
    own_engine.client.fine_tuning.jobs.resume(job)
    assert_same(own_engine, job, undisturbed)
    warnings = [event.message for event in own_engine.events(job) if event.level == "warn"]
    assert warnings == ["The last saved state of this job is damaged: training begins again"]
