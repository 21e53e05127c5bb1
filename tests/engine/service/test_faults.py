"""Faults put into the service: memory, models, training gone astray."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from openai import APIStatusError, BadRequestError, InternalServerError, NotFoundError

from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner import job_folder, supervisor
from desktop_app.engine.jobs_runner.job_life import JobLife
from desktop_app.engine.store.file_lock import file_lock
from desktop_app.engine.store.records import JOBS, JobRecord, JobStatus
from tests.engine.service.engine_child import FINISHED, MODEL, example_lines
from tests.engine.service.in_process import PLENTY, InProcessEngine, in_process_engine
from tests.engine.tiny_model import write_tiny_model


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[InProcessEngine]:
    """A service with a model file of its own."""
    named = write_tiny_model(tmp_path / "named.gguf")
    with in_process_engine(tmp_path / "store", named) as engine:
        yield engine


def run(
    engine: InProcessEngine,
    lines: Sequence[str] = tuple(example_lines(12)),
    **options: Any,  # noqa: ANN401  # as the SDK
) -> Any:  # noqa: ANN401  # as the SDK
    """Run a job to its end and return it."""
    content = "\n".join(lines).encode()
    file = engine.client.files.create(file=("a.jsonl", content), purpose="fine-tune")
    job = engine.client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, **options)
    deadline = time.monotonic() + 30
    while (job := engine.client.fine_tuning.jobs.retrieve(job.id)).status not in FINISHED:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return job


def chat(engine: InProcessEngine, model: str = MODEL) -> str:
    answer = engine.client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "hello"}], max_tokens=2
    )
    return answer.choices[0].message.content or ""


def test_too_little_memory(engine: InProcessEngine) -> None:
    engine.memory = 1_000_000
    job = run(engine)
    assert job.status == "failed"
    assert job.error.code == "insufficient_memory"
    assert "Close other programs" in job.error.message
    with pytest.raises(InternalServerError, match=r"only 0\.0 GB is free") as caught:
        chat(engine)
    assert caught.value.status_code == 503
    engine.memory = PLENTY
    chat(engine)


def test_idle_weights_make_room_for_training(engine: InProcessEngine) -> None:
    chat(engine)
    (loaded,) = engine.serving.service.loaded._models.values()
    assert loaded._model is not None
    engine.memory = 1_000_000
    assert run(engine).error.code == "insufficient_memory"
    assert loaded._model is None


def test_answering_weights_make_room_for_a_run_that_plans_by_what_is_free(
    engine: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, of which the service itself knows nothing."""
    chat(engine)
    (loaded,) = engine.serving.service.loaded._models.values()
    assert loaded._model is not None
    given_back = []
    monkeypatch.setattr(supervisor, "give_memory_back", lambda: given_back.append(1))
    monkeypatch.setattr(
        NumpyLlamaBackend, "plans_memory", lambda _self, _path, *, training: training
    )
    assert run(engine).status == "succeeded"
    assert loaded._model is None
    assert given_back


def test_a_model_file_cut_short(engine: InProcessEngine, tmp_path: Path) -> None:
    named = tmp_path / "named.gguf"
    named.write_bytes(named.read_bytes()[:5000])
    assert engine.ask("GET", "/engine")["starter_model"]["state"] == "damaged"
    with pytest.raises(BadRequestError, match="file is damaged") as refused:
        run(engine)
    assert (refused.value.code, refused.value.param) == ("model_file_damaged", "model")
    with pytest.raises(InternalServerError, match="file is damaged") as caught:
        chat(engine)
    assert caught.value.code == "model_file_damaged"


def test_a_model_file_damaged_unseen(engine: InProcessEngine, tmp_path: Path) -> None:
    """Its size and time tell nothing, but its numbers are none."""
    named = tmp_path / "named.gguf"
    engine.client.models.list()
    before = named.stat()
    content = named.read_bytes()
    named.write_bytes(content[:-256] + b"\xff" * 256)
    os.utime(named, ns=(before.st_atime_ns, before.st_mtime_ns))
    error = run(engine).error
    assert error.code == "model_file_damaged"
    # In the worker's own words.
    assert error.message.startswith("The base model cannot be trained here. ")
    assert "named" in error.message or "damaged" in error.message
    with pytest.raises(InternalServerError, match="cannot be used"):
        chat(engine)


def test_a_model_file_gone(engine: InProcessEngine, tmp_path: Path) -> None:
    (tmp_path / "named.gguf").unlink()
    assert engine.ask("GET", "/engine")["starter_model"]["state"] == "missing"
    with pytest.raises(NotFoundError):
        chat(engine)


def test_training_gone_astray(engine: InProcessEngine) -> None:
    job = run(engine, hyperparameters={"learning_rate_multiplier": 1e30, "n_epochs": 10})
    assert job.error.code == "training_diverged"


def long_example() -> str:
    """Return an example whose reply lies behind what the model can read."""
    messages = [
        {"role": "user", "content": "far too long " * 300},
        {"role": "assistant", "content": "yes"},
    ]
    return json.dumps({"messages": messages})


def test_examples_without_a_reply_left(engine: InProcessEngine) -> None:
    job = run(engine, [*example_lines(11), long_example()], hyperparameters={"n_epochs": 1})
    assert job.status == "succeeded"
    events = engine.client.fine_tuning.jobs.list_events(job.id, limit=100).data
    (warning,) = (event.message for event in events if event.level == "warn")
    assert warning.startswith("1 example(s) are longer than the model can read")
    job = run(engine, [long_example()] * 12)
    assert job.error.code == "invalid_training_file"


def test_a_tuned_model_without_its_adapter(engine: InProcessEngine) -> None:
    job = run(engine, hyperparameters={"n_epochs": 1})
    adapter = next((engine.folders.jobs / job.id).glob("adapter-*"))
    for path in adapter.iterdir():
        path.write_bytes(b"damaged")
    with pytest.raises(APIStatusError, match="cannot be used"):
        chat(engine, job.fine_tuned_model)
    chat(engine)


def test_a_model_file_from_this_computer(engine: InProcessEngine, tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "My Model (2).gguf", seed=3)
    assert engine.ask("POST", "/engine/models", {"path": str(other)}) == {"id": "my-model-2"}
    other.unlink()
    chat(engine, "my-model-2")
    assert "my-model-2" in engine.ask("GET", "/engine")["models"]
    again = write_tiny_model(tmp_path / "my-model-2.gguf")
    with pytest.raises(BadRequestError, match="Rename the file"):
        engine.ask("POST", "/engine/models", {"path": str(again)})


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model at all" * 100])
def test_files_that_are_no_models(engine: InProcessEngine, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(BadRequestError, match="cannot be used as a model") as caught:
        engine.ask("POST", "/engine/models", {"path": str(path)})
    assert caught.value.param == "path"
    assert not list(engine.folders.models.iterdir())


@pytest.mark.logs("desktop_app.engine.jobs_runner.queue_thread")
def test_a_store_that_fails_for_a_moment_does_not_end_the_queue(
    engine: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, failures = JobLife.first, iter([sqlite3.OperationalError("disk I/O error")] * 2)

    def sometimes(self: JobLife, *statuses: JobStatus) -> JobRecord | None:
        for failure in failures:
            raise failure
        return first(self, *statuses)

    monkeypatch.setattr(JobLife, "first", sometimes)
    assert run(engine, hyperparameters={"n_epochs": 1}).status == "succeeded"


def test_a_job_whose_pause_could_not_be_told_is_paused_all_the_same(
    engine: InProcessEngine,
) -> None:
    """As if it was paused in the moment between two workers, or the disk was full at its end."""
    job = JobRecord("ftjob-1", 0, MODEL, "file-1", 0, JobStatus.PAUSING)
    with engine.serving.service.database.transaction() as connection:
        JOBS.add(connection, job)
    engine.serving.service.supervisor.wake()
    deadline = time.monotonic() + 20
    while str(engine.client.fine_tuning.jobs.retrieve(job.id).status) != "paused":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_clearing_that_a_kill_broke_off_is_done_again(engine: InProcessEngine) -> None:
    """Of a job that is over, only the models that are offered are kept."""
    job = run(engine, hyperparameters={"n_epochs": 1})
    folder = engine.folders.jobs / job.id
    (adapter,) = folder.glob("adapter-*")
    (folder / "adapter-00000009").mkdir()
    (adapter / ".adapter_model.safetensors.x").write_bytes(b"half")
    for name in ("state-00000001.safetensors", ".state-00000002.safetensors.x", "training.jsonl"):
        (folder / name).write_bytes(b"x")
    engine.serving.service.supervisor.wake()
    deadline = time.monotonic() + 20
    while {path.name for path in folder.iterdir()} != {adapter.name}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    names = {path.name for path in adapter.iterdir()}
    assert names == {"adapter_model.safetensors", "adapter_config.json"}
    chat(engine, job.fine_tuned_model)


def test_a_worker_orphaned_by_a_kill_keeps_its_files(tmp_path: Path) -> None:
    """Its job may be cancelled meanwhile; it holds the lock as long as it lives."""
    for name in ("adapter-00000001", "adapter-00000002"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".half").write_bytes(b"x")
    (tmp_path / "training.jsonl").write_bytes(b"x")
    with file_lock(tmp_path / "lock"):
        job_folder.clear(tmp_path, ())
        job_folder.sweep(tmp_path)
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 4
    job_folder.sweep(tmp_path)
    assert not list(tmp_path.glob("*/*"))
    job_folder.clear(tmp_path, {"adapter-00000002"})
    assert [path.name for path in tmp_path.iterdir()] == ["adapter-00000002"]
