"""Small parts of the service: reading requests, memory, the log, models in turn."""

import asyncio
import errno
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from desktop_app.engine import serving as serving_module
from desktop_app.engine.api.chat_request import ChatBody, plain_messages
from desktop_app.engine.application import ServiceOptions
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.thread_settings import physical_cores
from desktop_app.engine.errors import ApiError
from desktop_app.engine.exports.exports import Exports
from desktop_app.engine.guard import Activity
from desktop_app.engine.machine import MEMORY_MARGIN, Machine
from desktop_app.engine.models.loaded_models import LoadedModels
from desktop_app.engine.models.model_list import ModelFiles, file_name_for
from desktop_app.engine.serve.starting import listen
from desktop_app.engine.service_log import write_log
from desktop_app.engine.serving import Serving
from desktop_app.engine.store.database import StoreError
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.threads import usable_threads
from tests.engine.service.engine_child import MODEL, Engine, example_lines


def test_messages_become_plain() -> None:
    given: list[dict[str, Any]] = [
        {
            "role": "developer",
            "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
        },
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    ]
    first, second = plain_messages(given)
    assert first == {"role": "system", "content": "a\nb"}
    assert second == {"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"role": ["user"], "content": "x"},
        {"role": "user", "content": {"text": "x"}},
        {"role": "user", "content": ["x"]},
        {"role": "user", "content": [{"type": "text"}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
    ],
)
def test_messages_that_cannot_be(message: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        plain_messages([{"role": "user", "content": "fine"}, message])
    assert caught.value.param is not None
    assert caught.value.param.startswith("messages[1].")


def test_sampling_is_as_the_protocol_has_it() -> None:
    body = ChatBody(model="m", messages=[{}], stop="x", seed=-5)
    sampling = body.sampling(7)
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (1.0, 1.0, 7)
    assert list(sampling.stop) == ["x"]
    assert sampling.seed is not None
    assert sampling.seed >= 0
    both = ChatBody(model="m", messages=[{}], max_tokens=3, max_completion_tokens=4)
    assert both.limit == 4


def test_memory_is_counted_with_a_margin(tiny_model: Path) -> None:
    backend = NumpyLlamaBackend()
    needed = backend.memory_needed(tiny_model, training=True) + MEMORY_MARGIN
    assert Machine(backend, 1, lambda: needed).lacks_memory(tiny_model, training=True) is None
    told = Machine(backend, 1, lambda: needed - 1).lacks_memory(tiny_model, training=True)
    assert told is not None
    assert told.startswith("Training with this model takes about 0.")


def test_a_core_is_left_to_others() -> None:
    assert usable_threads() >= 1
    environment = Machine(NumpyLlamaBackend(), 3).worker_environment()
    assert environment["OMP_NUM_THREADS"] == "3"
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert environment["EXEMPLAR_TEAM"] == str(physical_cores())
    few = Machine(NumpyLlamaBackend(), 2, team=2)
    assert few.worker_environment()["EXEMPLAR_TEAM"] == "2"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Qwen2.5 0.5B (F16).gguf", "qwen2.5-0.5b-f16.gguf"),
        ("..gguf", "model.gguf"),
        ("模型.gguf", "model.gguf"),
        ("a" * 300 + ".gguf", "a" * 100 + ".gguf"),
    ],
)
def test_names_of_model_files(name: str, kept: str) -> None:
    assert file_name_for(Path("/somewhere") / name) == kept


def test_open_requests_are_activity() -> None:
    activity = Activity()
    activity.began()
    assert activity.idle_seconds() == 0
    activity.ended()
    assert 0 <= activity.idle_seconds() < 5


@pytest.mark.logs("desktop_app.engine")
def test_the_log_names_the_place_and_not_the_words(tmp_path: Path) -> None:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    write_log(tmp_path / "engine.log")
    try:
        raise ValueError("a customer's letter")
    except ValueError:
        logging.getLogger("desktop_app.engine.test").exception("it failed")
    finally:
        (added,) = (handler for handler in root.handlers if handler not in handlers)
        root.removeHandler(added)
        root.setLevel(level)
        added.close()
    text = (tmp_path / "engine.log").read_text()
    assert "it failed" in text
    assert "ValueError at" in text
    assert "test_service_parts.py" in text
    assert "letter" not in text


def test_weights_are_loaded_once_and_released(tiny_model: Path) -> None:
    loads: list[Path] = []

    class Counting(NumpyLlamaBackend):
        def load(self, path: Path) -> Any:  # noqa: ANN401  # a model
            loads.append(path)
            return super().load(path)

    models = LoadedModels(Machine(Counting(), 1, lambda: 2**40))
    model = models.of(ModelFiles(tiny_model, None))

    async def ask() -> list[int]:
        return await asyncio.gather(
            *(model.run(None, lambda loaded: loaded.context_tokens) for _ in range(5))
        )

    assert asyncio.run(ask()) == [512] * 5
    models.release_idle(60, patience=5)
    assert asyncio.run(ask()) == [512] * 5
    assert len(loads) == 1
    models.release_idle(0, patience=5)
    assert asyncio.run(ask()) == [512] * 5
    assert len(loads) == 2
    models.close()


@pytest.mark.logs("desktop_app.engine.serving")
def test_maintenance_goes_on_behind_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folders = Folders(tmp_path / "store")
    folders.create()
    released: list[float] = []
    listening = listen(0)
    machine = Machine(NumpyLlamaBackend(), 1)
    options = ServiceOptions(folders, machine, "token", listening.getsockname()[1])
    serving = Serving(options)

    def release() -> None:
        released.append(1)
        if len(released) == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        serving.shut_down()

    monkeypatch.setattr(serving.service.loaded, "release_idle", release)
    monkeypatch.setattr(serving_module, "MAINTENANCE_SECONDS", 0.01)
    thread = threading.Thread(target=serving.run, args=(listening,), daemon=True)
    thread.start()
    thread.join(10)
    has_ended = not thread.is_alive()
    serving.shut_down()
    thread.join(20)
    assert has_ended
    assert len(released) >= 2
    assert "maintenance failed: OSError at" in caplog.text


def test_a_model_in_use_is_not_asked_to_go_again_and_again(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = LoadedModels(Machine(NumpyLlamaBackend(), 1, lambda: 2**40))
    model = models.of(ModelFiles(tiny_model, None))
    asked: list[object] = []
    submit = model._submit

    def count(*given: Any) -> bool:  # noqa: ANN401  # passed on
        asked.append(given)
        return submit(*given)

    monkeypatch.setattr(model, "_submit", count)
    for _ in range(3):  # nothing is loaded, then it is in use
        assert model.release_if_idle(60).done()
        asyncio.run(model.run(None, lambda loaded: loaded.context_tokens))
    assert asked == []
    model.release_if_idle(0).result(5)
    assert len(asked) == 1
    models.close()


def test_jobs_wait_their_turn_and_models_share_a_base(engine: Engine) -> None:
    settings = {"n_epochs": 8, "batch_size": 2, "learning_rate_multiplier": 10.0}
    jobs = [
        engine.job(example_lines(12), seed=seed, suffix=f"s{seed}", hyperparameters=settings)
        for seed in (1, 2)
    ]
    models = [str(engine.finished(job.id).fine_tuned_model) for job in jobs]
    ends = [engine.client.fine_tuning.jobs.retrieve(job.id).finished_at or 0 for job in jobs]
    assert ends == sorted(ends)
    assert engine.get("/engine")["training_tokens_per_second"] > 0

    def reply(model: str) -> str:
        answer = engine.client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "what is 3 and 4"}],
            max_tokens=12,
            temperature=0,
        )
        return answer.choices[0].message.content or ""

    order = [MODEL, *models]
    first = [reply(model) for model in order]
    assert [reply(model) for model in reversed(order)] == first[::-1]
    assert first[0] not in first[1:]


@pytest.mark.logs("uvicorn.error")
def test_a_service_that_cannot_start_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads would keep the process, and the store, for ever."""
    folders = Folders(tmp_path / "store")
    folders.create()

    def full(_self: Exports) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Exports, "start", full)
    threads = set(threading.enumerate())
    machine = Machine(NumpyLlamaBackend(), 1)
    listening = listen(0)
    options = ServiceOptions(folders, machine, "token", listening.getsockname()[1])
    with pytest.raises(StoreError, match="OSError"):
        Serving(options).run(listening)
    listening.close()
    names = {thread.name for thread in set(threading.enumerate()) - threads if not thread.daemon}
    assert names <= {"AnyIO worker thread"}, "those end with their loop, a moment later"
