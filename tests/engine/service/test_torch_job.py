"""Jobs that PyTorch trains, by the real service."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from desktop_app.engine import worker
from desktop_app.engine.backends.backend import PROCESSOR, LoraSettings, OtherRunError
from desktop_app.engine.backends.choose import CHOICE_VARIABLE
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.jobs_runner import job_folder, training_run
from desktop_app.engine.jobs_runner.log_intake import plan_message
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit, job_error
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    LogReader,
    Measured,
    Planned,
    Started,
    Unusable,
    next_attempt,
)
from tests.engine.service.engine_child import Engine, example_lines, running_engine
from tests.engine.service.models.journey import (
    Journey,
    engine_beside_hub,
    files_of,
    go_all_the_way,
)
from tests.engine.service.models.unusable import assert_unusable, fetched
from tests.engine.service.worker_child import write_job

if lacking() is None:
    import torch

    from desktop_app.engine.backends.torch_models import model as torch_model
    from desktop_app.engine.backends.torch_models.backend import TorchBackend
    from desktop_app.engine.backends.torch_models.plan import MemoryPlan
    from tests.engine.backends.torch_models.tiny_folders import write_folder

pytestmark = pytest.mark.skipif(lacking() is not None, reason="PyTorch is not installed")

HYPERPARAMETERS = {"n_epochs": 3, "batch_size": 4, "learning_rate_multiplier": 5.0}
LORA = LoraSettings(rank=4, alpha=8)
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


@pytest.mark.parametrize("kind", ["gpt_neox", "gemma3"])
def test_a_model_that_only_pytorch_knows_goes_all_the_way_from_the_hub(
    tmp_path: Path, token_file: Path, tiny_model: Path, kind: str
) -> None:
    files = files_of(write_folder(tmp_path / "made", kind))
    with engine_beside_hub(tmp_path, token_file, tiny_model, {"other-kind": files}) as (
        engine,
        caller,
    ):
        go_all_the_way(Journey(engine, caller, "other-kind"), tmp_path)
        bases = caller.ask("GET", "bases")[1]["bases"]
        (again,) = (base for base in bases if base["id"] == "merged-again")
        assert (again["backend"], again["path_kind"]) == ("torch", "folder")


def test_what_pytorch_cannot_run_is_shown_so_and_no_job_begins_with_it(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    made = files_of(write_folder(tmp_path / "made", "gpt_neox"))
    config = made["config.json"].replace(b'"gpt_neox"', b'"nobody_knows"')
    broken = {
        "unknown": (made | {"config.json": config}, "'nobody_knows', which nothing here can run"),
        "words": (made | {"tokenizer.json": b"{ x"}, "tokenizer.json is damaged"),
        "other-words": (made | {"tokenizer.json": b"{}"}, "tokenizer.json is damaged"),
    }
    repositories = {name: files for name, (files, _) in broken.items()}
    with engine_beside_hub(tmp_path, token_file, tiny_model, repositories) as running:
        before = running[1].ask("GET", "hub?name=maker/unknown")[1]
        assert (before["state"], before["fits_training"]) == ("missing", False)
        assert "'nobody_knows', which nothing here can run" in before["why"]
        for name, (_, words) in broken.items():
            fetched(running[1], f"maker/{name}")
            assert_unusable(*running, f"maker/{name}", name, words)


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


def test_a_device_that_is_not_there_is_told(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXEMPLAR_DEVICE", "cuda:93")
    code, lines = attempt(job)
    assert code == WorkerExit.MODEL_FILE
    assert lines == [Unusable(why="The device 'cuda:93' is not there.")]


class StopInStep:
    """Breaks a run off in the middle of a step, and plans each attempt in another way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, plans: list["MemoryPlan"]) -> None:
        monkeypatch.setattr(torch_model, "plan", lambda *_: plans.pop(0))
        self._patch = monkeypatch

    def attempt(self, job: Path, after: int | None) -> tuple[WorkerExit, list[object]]:
        """Run a worker, to its end or until so many packs were read."""
        from desktop_app.engine.backends.torch_models.readout import read as original

        log, stop = next_attempt(job), threading.Event()
        calls: list[int] = []

        def read(*arguments: object) -> object:
            calls.append(1)
            if after is not None and len(calls) > after:
                stop.set()
            return original(*arguments)  # type: ignore[arg-type]  # as they came

        self._patch.setattr(READ, read)
        code = worker.main([str(job), log.name], stop)
        return code, list(LogReader(log).lines())


def adapter(job: Path) -> bytes:
    return (max(job.glob("adapter-*")) / "adapter_model.safetensors").read_bytes()


def test_a_run_goes_on_by_the_plan_it_began_with(
    job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, busier = MemoryPlan(64), MemoryPlan(32, saves_memory=True)
    straight = tmp_path / "straight"
    shutil.copytree(job, straight)
    runs = StopInStep(monkeypatch, [first, first, busier])
    assert runs.attempt(straight, None)[0] == WorkerExit.DONE
    code, lines = runs.attempt(job, 3)
    assert code == WorkerExit.STOPPED
    begun = [line for line in lines if isinstance(line, Planned)]
    assert [(plan.pack_tokens, plan.saves_memory) for plan in begun] == [(64, False)]
    # What was found out about the processor may be another thing at another time.
    monkeypatch.setattr(TorchBackend, "_dtype", other_dtype(begun[0].precision))
    code, lines = runs.attempt(job, None)
    assert code == WorkerExit.DONE
    again = [line for line in lines if isinstance(line, Planned)]
    assert [replace(plan, at=0.0) for plan in again] == [replace(begun[0], at=0.0)]
    assert adapter(job) == adapter(straight)


def other_dtype(precision: str) -> object:
    return torch.float32 if precision == "bfloat16" else torch.bfloat16


def test_what_another_back_end_saved_is_left_where_it_is(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = StopInStep(monkeypatch, [MemoryPlan(512)])
    assert runs.attempt(job, 2)[0] == WorkerExit.STOPPED
    saved = job_folder.states(job)
    assert saved
    monkeypatch.setenv(CHOICE_VARIABLE, "numpy")
    code, lines = attempt(job)
    assert code == WorkerExit.OTHER_RUN
    assert not lines
    assert job_folder.states(job) == saved
    assert "has changed" in str(job_error(code).message)


def test_numbers_are_part_of_what_a_state_belongs_to(tiny_model: Path, tmp_path: Path) -> None:
    TorchBackend("cpu", "float32").load(tiny_model).trainer(LORA, seed=1).save_checkpoint(
        tmp_path / "state"
    )
    halves = TorchBackend("cpu", "bfloat16").load(tiny_model).trainer(LORA, seed=1)
    with pytest.raises(OtherRunError):
        halves.load_checkpoint(tmp_path / "state")
