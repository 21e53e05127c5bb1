"""Jobs that PyTorch trains, by the real service."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine import worker
from desktop_app.engine.backends.backend import PROCESSOR
from desktop_app.engine.backends.choose import CHOICE_VARIABLE
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.jobs_runner import training_run
from desktop_app.engine.jobs_runner.log_intake import plan_message
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    LogReader,
    Measured,
    Planned,
    Started,
    next_attempt,
)
from tests.engine.service.engine_child import Engine, example_lines, running_engine
from tests.engine.service.worker_child import write_job

pytestmark = pytest.mark.skipif(lacking() is not None, reason="PyTorch is not installed")

HYPERPARAMETERS = {"n_epochs": 3, "batch_size": 4, "learning_rate_multiplier": 5.0}
READ = "desktop_app.engine.backends.torch_models.passes.read"
"""What runs a pack forwards."""


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, token_file: Path
) -> Iterator[Engine]:
    """A service that was told to use PyTorch on the processor."""
    store = tmp_path_factory.mktemp("store") / "s"
    options = ("--backend", "torch", "--device", "cpu")
    with running_engine(store, token_file, tiny_model, *options) as running:
        yield running


def test_a_job_is_trained_by_pytorch_and_answers_from_numpy(
    engine: Engine, tiny_model: Path
) -> None:
    job = engine.job(example_lines(16), seed=3, hyperparameters=HYPERPARAMETERS)
    finished = engine.finished(job.id, 150)
    assert finished.status == "succeeded", finished.error
    losses = engine.losses(job.id)
    assert len(losses) == 12
    assert losses[-1][1] < losses[0][1]
    messages = [event.message for event in engine.events(job.id)]
    (told,) = (message for message in messages if message.startswith("Training on "))
    assert told.startswith("Training on this computer's processor, in ")
    state = engine.get("../engine")
    assert (state["backend"], state["device"]) == ("torch", PROCESSOR)
    assert [offer["name"] for offer in state["backends"]] == ["numpy_llama", "torch"]
    # By PyTorch, in this service:
    scored = engine.client.completions.create(
        model=str(finished.fine_tuned_model),
        prompt="what is 3 and 4",
        max_tokens=1,
        echo=True,
        logprobs=0,
    )
    assert scored.choices[0].logprobs is not None
    found = scored.choices[0].logprobs.token_logprobs
    assert found is not None
    # By NumPy:
    model = NumpyLlamaModel(tiny_model)
    tokens = model.tokenize("what is 3 and 4")
    base = model.score(tokens)[1:]
    model.use_adapter(max((engine.store / "jobs" / job.id).glob("adapter-*")))
    tuned = model.score(tokens)[1:]
    assert np.abs(tuned - base).max() > 0.05
    shown = np.array(found[1 : len(tokens)], np.float64)
    # The service computes in bfloat16 where the processor is faster in it.
    assert np.abs(shown - tuned).max() < 0.1
    assert np.abs(shown - tuned).mean() < np.abs(tuned - base).mean()


@pytest.fixture
def job(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job's folder, and a worker that saves its state after every step."""
    monkeypatch.setenv(CHOICE_VARIABLE, "torch")
    monkeypatch.setenv("EXEMPLAR_DEVICE", "cpu")
    monkeypatch.setattr(training_run, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(worker, "lower_priority", lambda: None)
    settings = RunSettings(
        model_path=str(tiny_model),
        seed=1,
        n_epochs=2,
        batch_size=4,
        learning_rate_multiplier=5.0,
        has_validation=False,
    )
    return write_job(tmp_path / "job", settings, example_lines(12), [])


def attempt(job: Path) -> tuple[WorkerExit, list[object]]:
    log = next_attempt(job)
    code = worker.main([str(job), log.name], threading.Event())
    return code, list(LogReader(log).lines())


def test_a_run_without_memory_is_tried_again_with_less(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from desktop_app.engine.backends.torch_models.readout import read as original

    calls = []

    def read(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(READ, read)
    code, lines = attempt(job)
    assert code == WorkerExit.DONE
    plans = [line for line in lines if isinstance(line, Planned)]
    assert [plan.again for plan in plans] == [False, True]
    assert [plan.saves_memory for plan in plans] == [False, True]
    assert plans[1].pack_tokens == plans[0].pack_tokens // 2
    assert "Memory ran out" in plan_message(plans[1])
    # It went on behind the step that was saved.
    assert [line.step for line in lines if isinstance(line, Started)] == [0, 2]
    assert [line.step for line in lines if isinstance(line, Measured)] == [1, 2, 3, 4, 5, 6]
    assert isinstance(lines[-1], Done)


def test_a_run_without_memory_for_the_second_time_ends(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_arguments: object) -> object:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(READ, read)
    code, lines = attempt(job)
    assert code == WorkerExit.NO_MEMORY
    assert [type(line) for line in lines] == [Started, Planned, Started, Planned]
