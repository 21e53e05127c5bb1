"""Base models on this computer: taken from a folder, listed, removed; damage stops nothing."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError

from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.models import base_folders, bases
from desktop_app.engine.models.origin import ORIGIN
from desktop_app.engine.store.records import (
    CHECKPOINTS,
    JOBS,
    CheckpointRecord,
    JobRecord,
    JobStatus,
)
from tests.engine.service.engine_child import MODEL, example_lines
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.model_hub import small_model
from tests.engine.service.own_api import Caller
from tests.engine.tiny_folder import tiny_config, write_tiny_folder
from tests.engine.tiny_model import tiny_weights

ODD_SETTINGS: list[dict[str, Any]] = [
    {"rope_parameters": {"rope_type": ["x"]}},
    {"rope_parameters": {"type": {}}},
    {"rope_parameters": [1]},
    {"num_hidden_layers": True, "hidden_size": 1 << 70},
    {"model_type": "\ud800"},
    {"text_config": 3, "hidden_act": [[]]},
]
ODD_CONFIGS = [
    *(json.dumps({**tiny_config("llama"), **odd}).encode() for odd in ODD_SETTINGS),
    b'{"model_type": ' + b"[" * 900 + b"]" * 900 + b"}",
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder as a hub's files lie on a disk."""
    folder = tmp_path / "My Model"
    for path, content in small_model().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return write_tiny_folder(folder)


def take(caller: Caller, path: Path) -> tuple[int, Any]:
    return caller.ask("POST", "models", {"path": str(path)})


def listed(caller: Caller) -> dict[str, Any]:
    return {base["id"]: base for base in caller.ask("GET", "bases")[1]["bases"]}


def put_gguf(store: Path, tiny_model: Path, name: str = "other") -> Path:
    path = store / "models" / f"{name}.gguf"
    path.write_bytes(tiny_model.read_bytes())
    return path


def test_the_starter_is_described(caller: Caller, tiny_model: Path) -> None:
    assert listed(caller) == {
        MODEL: {
            "id": MODEL,
            "path_kind": "gguf",
            "bytes": tiny_model.stat().st_size,
            "parameters": sum(weight.size for weight in tiny_weights(0).values()),
            "context_tokens": 512,
            "licence": {"id": "apache-2.0", "name": "apache-2.0", "url": ""},
            "licence_accepted_at": None,
            "hub": None,
            "backend": "numpy",
            "fits_training": True,
            "fits_answering": True,
            "why": None,
            "is_starter": True,
        }
    }


def test_a_folder_is_taken_without_what_could_run(
    caller: Caller, store: Path, source: Path
) -> None:
    assert take(caller, source) == (201, {"id": "my-model"})
    folder = store / "models" / "my-model"
    there = {path.name for path in folder.iterdir()}
    assert there == {
        *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
        *("model.safetensors", "README.md", "LICENSE", ORIGIN),
    }
    for name in there - {ORIGIN}:
        assert (folder / name).read_bytes() == (source / name).read_bytes()
    base = listed(caller)["my-model"]
    assert (base["path_kind"], base["is_starter"], base["hub"]) == ("folder", False, None)
    sizes = sum(path.stat().st_size for path in folder.iterdir())
    assert base["bytes"] == sizes
    models = {m["id"]: m["bytes"] for m in caller.ask("GET", "storage")[1]["models"]}
    assert models["my-model"] == sizes


def test_a_name_is_taken_once(caller: Caller, source: Path) -> None:
    assert take(caller, source)[0] == 201
    status, body = take(caller, source)
    assert status == 400
    assert "of this name already" in body["error"]["message"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_the_folder_is_not_followed(
    caller: Caller, store: Path, source: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"a key")
    tokenizer = (source / "tokenizer.json").read_bytes()
    (source / "tokenizer.json").unlink()
    (source / "tokenizer.json").symlink_to(secret)
    status, body = take(caller, source)
    assert status == 400
    assert "tokenizer.json is a link to a file outside" in body["error"]["message"]
    assert [path.name for path in (store / "models").iterdir()] == []
    (source / "tokenizer.json").unlink()
    (source / "real.json").write_bytes(tokenizer)
    (source / "tokenizer.json").symlink_to("real.json")
    assert take(caller, source)[0] == 201
    assert not (store / "models" / "my-model" / "tokenizer.json").is_symlink()


@pytest.mark.parametrize(
    ("without", "words"),
    [("model.safetensors", "pickles"), ("config.json", "no config.json")],
)
def test_a_folder_that_is_no_model_is_refused(
    caller: Caller, store: Path, source: Path, without: str, words: str
) -> None:
    (source / without).unlink()
    status, body = take(caller, source)
    assert status == 400
    assert words in body["error"]["message"]
    assert not list((store / "models").iterdir())


def test_a_folder_that_does_not_fit_on_the_disk_is_refused(
    caller: Caller, source: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "MARGIN_BYTES", 1 << 60)
    status, body = take(caller, source)
    assert (status, body["error"]["code"]) == (507, "insufficient_storage")
    assert not list((store / "models").iterdir())


def test_a_base_is_removed(caller: Caller, store: Path, source: Path, tiny_model: Path) -> None:
    path = put_gguf(store, tiny_model)
    take(caller, source)
    assert set(listed(caller)) == {MODEL, "other", "my-model"}
    for name in ("other", "my-model"):
        status, body = caller.ask("DELETE", f"bases/{name}")
        assert (status, body) == (200, {"id": name, "object": "engine.base", "deleted": True})
    assert set(listed(caller)) == {MODEL}
    assert not path.exists()
    assert not list((store / "models").iterdir())
    assert caller.ask("DELETE", "bases/other")[0] == 404


def test_a_base_in_memory_is_removed(
    engine: InProcessEngine, caller: Caller, store: Path, tiny_model: Path
) -> None:
    put_gguf(store, tiny_model)
    engine.client.completions.create(model="other", prompt="x", max_tokens=1)
    assert caller.ask("DELETE", "bases/other")[0] == 200
    assert "other" not in [model.id for model in engine.client.models.list()]


def test_a_base_that_lies_elsewhere_is_not_removed(caller: Caller, tiny_model: Path) -> None:
    status, body = caller.ask("DELETE", f"bases/{MODEL}")
    assert (status, body["error"]["code"]) == (409, "base_in_use")
    assert "does not lie in the service's own folder" in body["error"]["message"]
    assert tiny_model.exists()


@pytest.mark.parametrize(
    ("status", "removed"),
    [(JobStatus.PAUSED, False), (JobStatus.QUEUED, False), (JobStatus.FAILED, True)],
)
def test_a_base_that_a_job_needs_stays(
    engine: InProcessEngine,
    caller: Caller,
    store: Path,
    tiny_model: Path,
    status: JobStatus,
    removed: bool,
) -> None:
    path = put_gguf(store, tiny_model)
    job = JobRecord(
        "ftjob-1", int(time.time()), "ft:other:local::x", "file-1", 0, status, base="other"
    )
    database = engine.serving.service.database
    engine.serving.service.supervisor.stop()  # it would begin the queued one
    with database.transaction() as connection:
        JOBS.add(connection, job)
    answer, body = caller.ask("DELETE", "bases/other")
    assert answer == (200 if removed else 409)
    assert path.exists() is not removed
    if not removed:
        assert "The job ftjob-1 needs other" in body["error"]["message"]


def test_a_base_beneath_a_tuned_model_stays(
    engine: InProcessEngine, caller: Caller, store: Path, tiny_model: Path
) -> None:
    path = put_gguf(store, tiny_model)
    record = CheckpointRecord("ftckpt_1", 1, "ft:other:local:x:y", "other", "ftjob-1", 1, "adapter")
    with engine.serving.service.database.transaction() as connection:
        CHECKPOINTS.add(connection, record, owner="ftjob-1")
    status, body = caller.ask("DELETE", "bases/other")
    assert status == 409
    assert "The tuned model ft:other:local:x:y cannot answer" in body["error"]["message"]
    assert path.exists()


def test_damaged_folders_break_nothing_and_can_be_removed(
    store: Path, source: Path, tiny_model: Path
) -> None:
    with in_process_engine(store, tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        take(caller, source)
        caller.close()
    models = store / "models"
    (models / "my-model" / "model.safetensors").write_bytes(b"cut")
    (models / "empty").mkdir()
    (models / "odd").mkdir()
    (models / "odd" / ORIGIN).write_bytes(b'{"id": 3')
    (models / "odd" / "config.json").write_bytes(b"[" * 100_000)
    (models / "odd" / "model.safetensors").write_bytes(b"x")
    (models / "wrong").mkdir()
    (models / "wrong" / ORIGIN).write_bytes(json.dumps({"id": "x", "files": [1]}).encode())
    (models / "broken.gguf").write_bytes(b"GGUF")
    (models / ".removed-half").mkdir()
    (models / ".removed-file").write_bytes(b"GGUF")
    for number, odd in enumerate(ODD_CONFIGS):
        folder = write_tiny_folder(models / f"odd-{number}")
        (folder / "config.json").write_bytes(odd)
    (models / ".taking-half").mkdir()
    (models / ".fetching").mkdir()
    (models / ".fetching" / "a--b").mkdir()
    (models / ".fetching" / "file").write_bytes(b"x")
    with in_process_engine(store, tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        found = listed(caller)
        assert {"my-model", "empty", "wrong"} <= found.keys()
        assert not any(base["fits_training"] for name, base in found.items() if name != MODEL)
        assert "not whole" in found["my-model"]["why"]
        assert caller.ask("GET", "fetches") == (200, {"fetches": []})
        assert MODEL in [model.id for model in engine.client.models.list()]
        assert "my-model" not in [model.id for model in engine.client.models.list()]
        assert {f"odd-{number}" for number in range(len(ODD_CONFIGS))} <= found.keys()
        assert not (models / ".removed-half").exists()
        assert not (models / ".removed-file").exists()
        assert not (models / ".taking-half").exists()
        for name in found.keys() - {MODEL}:
            assert caller.ask("DELETE", f"bases/{name}")[0] == 200, name
        assert set(listed(caller)) == {MODEL}
        caller.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rope_parameters": {"rope_type": ["llama3"]}}, "Rotary positions"),
        ({"num_hidden_layers": "two"}, "makes no sense"),
        ({"num_key_value_heads": 3}, "contradict"),
    ],
)
def test_a_folder_that_no_back_end_runs_is_not_taken(
    caller: Caller, store: Path, source: Path, change: dict[str, object], words: str
) -> None:
    config = json.loads((source / "config.json").read_bytes())
    (source / "config.json").write_text(json.dumps(config | change))
    status, body = take(caller, source)
    assert status == 400
    assert words in body["error"]["message"]
    assert not list((store / "models").iterdir())


@pytest.mark.logs("desktop_app.engine.models.usable")
def test_whatever_a_back_end_raises_the_other_models_are_listed(
    caller: Caller, store: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_gguf(store, tiny_model)
    needed = NumpyLlamaBackend.memory_needed

    def fails(self: NumpyLlamaBackend, asked: Path, *, training: bool) -> int:
        if asked == path:
            raise AttributeError("a back end with a fault")
        return needed(self, asked, training=training)

    monkeypatch.setattr(NumpyLlamaBackend, "memory_needed", fails)
    found = listed(caller)
    assert found[MODEL]["fits_training"]
    assert (found["other"]["fits_training"], found["other"]["why"]) == (
        False,
        "Its files are damaged.",
    )


def test_a_removed_base_is_out_of_sight_before_its_space_is_free(
    engine: InProcessEngine, store: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freeing gigabytes takes long: nobody waits for the database meanwhile."""
    service = engine.serving.service
    service.bases.take(source)
    seen: list[list[str]] = []

    def clear(hidden: Path) -> None:
        def look() -> None:
            with service.database.transaction():
                seen.append([base.id for base in service.bases.all()])

        other = threading.Thread(target=look, daemon=True)
        other.start()
        other.join(10)
        assert not (store / "models" / "my-model").exists()
        assert hidden.is_dir()

    monkeypatch.setattr(base_folders, "clear", clear)
    service.bases.remove("my-model")
    assert seen == [[MODEL]]


def test_no_job_begins_with_a_base_that_is_removed_meanwhile(
    engine: InProcessEngine, store: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_gguf(store, tiny_model)
    content = "\n".join(example_lines(10)).encode()
    file = engine.client.files.create(file=("e.jsonl", content), purpose="fine-tune")
    create = job_folder.create

    def create_slowly(*given: Any) -> None:  # noqa: ANN401  # passed on
        create(*given)
        engine.serving.service.bases.remove("other")

    monkeypatch.setattr(job_folder, "create", create_slowly)
    with pytest.raises(BadRequestError, match="does not exist"):
        engine.client.fine_tuning.jobs.create(model="other", training_file=file.id)
    assert list(engine.client.fine_tuning.jobs.list()) == []
    assert not list((store / "jobs").iterdir())


def test_a_damaged_base_says_what_to_do_when_it_is_asked(
    engine: InProcessEngine, caller: Caller, store: Path, source: Path
) -> None:
    take(caller, source)
    (store / "models" / "my-model" / "config.json").unlink()
    url = str(engine.client.base_url.join("/v1/completions"))
    answer = engine.client._client.post(
        url,
        json={"model": "my-model", "prompt": "x"},
        headers={"authorization": f"Bearer {engine.client.api_key}"},
    )
    assert answer.status_code == 500
    assert "Remove the model and fetch it again" in answer.json()["error"]["message"]
