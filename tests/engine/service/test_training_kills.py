"""Workers killed at random moments: what comes out is what an undisturbed run gives."""

import random
import time
from pathlib import Path

import pytest

from desktop_app.core.examples.rules import DPO, SUPERVISED
from desktop_app.engine.jobs_runner.job_folder import KEPT_STATES, states
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.jobs_runner.worker_log import LogReader, Measured, attempts
from tests.engine.service.engine_child import example_lines
from tests.engine.service.job_lines import preference_lines
from tests.engine.service.worker_child import start_attempt, write_job

KILLS = 20
"""Of each method."""
EPOCHS, EXAMPLES = 2, 6


def new_job(folder: Path, tiny_model: Path, method: str) -> Path:
    lines = preference_lines if method == DPO else example_lines
    settings = RunSettings(
        model_path=str(tiny_model),
        seed=7,
        n_epochs=EPOCHS,
        batch_size=1,
        learning_rate_multiplier=3.0,
        has_validation=True,
        method=method,
    )
    return write_job(folder, settings, lines(EXAMPLES), lines(3))


def result(folder: Path) -> tuple[bytes, list[Measured]]:
    """Return the last adapter, and what was measured, each step as it was told last."""
    (adapter,) = folder.glob(f"adapter-{EPOCHS * EXAMPLES:08}")
    lines = [line for path in attempts(folder) for line in LogReader(path).lines()]
    told = {line.step: _timeless(line) for line in lines if isinstance(line, Measured)}
    # Whatever a step was told with before, it was told with again.
    assert all(_timeless(line) == told[line.step] for line in lines if isinstance(line, Measured))
    return (adapter / "adapter_model.safetensors").read_bytes(), list(told.values())


def _timeless(line: Measured) -> Measured:
    return Measured(
        **{name: getattr(line, name) for name in line.__struct_fields__}
        | {"at": 0.0, "seconds_left": 0.0}
    )


@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_killed_at_random_moments(tmp_path: Path, tiny_model: Path, method: str) -> None:
    straight = new_job(tmp_path / "straight", tiny_model, method)
    first = start_attempt(straight)
    first.join()
    first = start_attempt(new_job(tmp_path / "timed", tiny_model, method))
    began_at = time.monotonic()
    first.join(60)
    whole = time.monotonic() - began_at
    assert first.exitcode == WorkerExit.DONE
    expected = result(straight)
    assert [line.step for line in expected[1]] == list(range(EPOCHS * EXAMPLES + 1))
    draw = random.Random(method)
    kills, runs = 0, 0
    while kills < KILLS:
        runs += 1
        folder = new_job(tmp_path / f"killed-{runs}", tiny_model, method)
        while True:
            process = start_attempt(folder)
            process.join(draw.uniform(0, whole) if kills < KILLS else 60)
            if process.exitcode is not None:
                assert process.exitcode == WorkerExit.DONE
                break
            process.kill()
            process.join()
            kills += 1
            assert len(states(folder)) <= KEPT_STATES + 1
        assert result(folder) == expected
