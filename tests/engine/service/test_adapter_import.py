"""Adapters from elsewhere: checked, listed, used, deleted like those made here."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openai import NotFoundError
from safetensors.numpy import load_file, save_file

from desktop_app.engine.backends.adapter_files import write_adapter_files
from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.service.engine_child import MODEL, Engine, example_lines, running_engine
from tests.engine.service.in_process import in_process_engine
from tests.engine.service.own_api import Caller
from tests.engine.service.raw_http import assert_error
from tests.engine.tiny_folder import write_json, write_tensors, write_tiny_folder
from tests.engine.tiny_model import tiny_weights, write_model

TENSORS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


@pytest.fixture
def caller(engine: Engine) -> Iterator[Caller]:
    caller = Caller(engine.base_url)
    yield caller
    caller.close()


@pytest.fixture
def elsewhere(tmp_path: Path, tiny_model: Path) -> Path:
    """An adapter as PEFT saves it, with a strong opinion."""
    model = NumpyLlamaModel(tiny_model)
    trainer = model.trainer(LoraSettings(4, 16.0), seed=1)
    messages = [{"role": "user", "content": "the"}, {"role": "assistant", "content": "and sing"}]
    for _ in range(8):
        trainer.step([model.training_example(messages)], 1e-2)
    trainer.export_adapter(tmp_path / "peft")
    return tmp_path / "peft"


def change_config(folder: Path, **changes: object) -> None:
    path = folder / CONFIG
    config: dict[str, Any] = json.loads(path.read_bytes())
    path.write_text(json.dumps(config | changes))


def as_bfloat16(path: Path) -> None:
    """Write a file anew with the upper halves of its numbers."""
    header, data = {}, b""
    for name, numbers in load_file(path).items():
        halves = (numbers.view(np.uint32) >> 16).astype("<u2").tobytes()
        places = [len(data), len(data) + len(halves)]
        header[name] = {"dtype": "BF16", "shape": numbers.shape, "data_offsets": places}
        data += halves
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_an_adapter_is_taken_listed_used_and_deleted(
    engine: Engine, caller: Caller, elsewhere: Path
) -> None:
    status, body = caller.ask("POST", "adapters", {"folder": str(elsewhere), "name": "from afar"})
    assert status == 201
    model = body["id"]
    assert model.startswith(f"ft:{MODEL}:local:from-afar:")
    assert model in [each.id for each in engine.client.models.list()]
    (elsewhere / TENSORS).unlink()  # it was copied

    def says(name: str) -> str | None:
        answer = engine.client.chat.completions.create(
            model=name,
            messages=[{"role": "user", "content": "the"}],
            temperature=0,
            max_tokens=4,
        )
        return answer.choices[0].message.content

    assert says(model) != says(MODEL)
    listed = caller.ask("GET", "storage")[1]["imported_adapters"]
    assert [(each["model"], each["bytes"] > 1000) for each in listed] == [(model, True)]
    engine.client.models.delete(model)
    with pytest.raises(NotFoundError):
        engine.client.models.retrieve(model)
    assert not list((engine.store / "adapters").iterdir())


def test_training_goes_on_from_it_and_it_comes_out_again(
    engine: Engine, caller: Caller, elsewhere: Path, tmp_path: Path
) -> None:
    order = {"folder": str(elsewhere), "name": "n", "model": MODEL}
    model = caller.ask("POST", "adapters", order)[1]["id"]
    file = engine.upload(example_lines(12))
    job = engine.client.fine_tuning.jobs.create(
        model=model, training_file=file, hyperparameters={"n_epochs": 1}
    )
    assert engine.finished(job.id).status == "succeeded"
    out = tmp_path / "out"
    out.mkdir()
    done = caller.exported(model, "adapter", out)
    before, after = load_file(elsewhere / TENSORS), load_file(Path(done["path"]) / TENSORS)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert "made elsewhere" in (Path(done["path"]) / "README.md").read_text()


def test_it_outlives_a_restart_and_what_is_half_done_does_not(
    tmp_path: Path, tiny_model: Path, token_file: Path, elsewhere: Path
) -> None:
    store = tmp_path / "store"
    with running_engine(store, token_file, tiny_model) as engine:
        caller = Caller(engine.base_url)
        model = caller.ask("POST", "adapters", {"folder": str(elsewhere), "name": "n"})[1]["id"]
        caller.close()
        engine.kill()
    (store / "adapters" / "adapter-half").mkdir()
    with running_engine(store, token_file, tiny_model) as engine:
        assert model in [each.id for each in engine.client.models.list()]
        assert len(list((store / "adapters").iterdir())) == 1


def test_shorter_numbers_are_taken(caller: Caller, engine: Engine, elsewhere: Path) -> None:
    exact = load_file(elsewhere / TENSORS)
    as_bfloat16(elsewhere / TENSORS)
    assert caller.ask("POST", "adapters", {"folder": str(elsewhere), "name": "bf"})[0] == 201
    newest = max((engine.store / "adapters").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    stored = load_file(newest / TENSORS)
    for name, numbers in exact.items():
        assert stored[name].dtype == np.float32
        np.testing.assert_allclose(stored[name], numbers, rtol=2**-7)


def test_the_base_is_found_by_shape_then_by_name(
    tmp_path: Path, tiny_model: Path, elsewhere: Path
) -> None:
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        order = {"folder": str(elsewhere), "name": "n"}
        write_model(engine.folders.models / "twin.gguf", tiny_weights(3), {})
        change_config(elsewhere, base_model_name_or_path="who/knows")
        status, body = caller.ask("POST", "adapters", order)
        assert (status, body["error"]["param"]) == (400, "folder")
        assert "more than one" in body["error"]["message"]
        change_config(elsewhere, base_model_name_or_path="someone/Twin")
        assert caller.ask("POST", "adapters", order)[1]["id"].startswith("ft:twin:local:n:")
        named = caller.ask("POST", "adapters", order | {"model": MODEL})
        assert named[1]["id"].startswith(f"ft:{MODEL}:local:n:")
        caller.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"use_dora": True}, "options"),
        ({"use_rslora": True}, "options"),
        ({"modules_to_save": ["lm_head"]}, "options"),
        ({"peft_type": "IA3"}, "no LoRA"),
        ({"r": 8}, "another shape"),
        ({"lora_alpha": -1}, "alpha"),
    ],
    ids=str,
)
def test_options_that_cannot_be_followed(
    caller: Caller, engine: Engine, elsewhere: Path, changes: dict[str, object], reason: str
) -> None:
    change_config(elsewhere, **changes)
    assert_refused(caller, engine, elsewhere, reason)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("no tensors", "has no adapter_model.safetensors."),
        ("pickle", "can hold programs"),
        ("no config", "has no adapter_config.json"),
        ("torn", "damaged"),
        ("not numbers", "numbers that are none"),
        ("zeros", "changes nothing"),
        ("other layers", "parts that the model does not"),
        ("integers", "stores numbers as I64"),
        ("huge config", "too large"),
        ("config no json", "cannot be read"),
    ],
)
def test_files_that_are_no_adapter(
    caller: Caller, engine: Engine, elsewhere: Path, what: str, reason: str
) -> None:
    path = elsewhere / TENSORS
    tensors = load_file(path)
    some = next(name for name in tensors if "lora_B" in name)
    if what in {"no tensors", "pickle"}:
        path.unlink()
        if what == "pickle":
            path.with_suffix(".bin").write_bytes(b"x")
    elif what == "no config":
        (elsewhere / CONFIG).unlink()
    elif what == "torn":
        path.write_bytes(path.read_bytes()[:-100])
    elif what == "huge config":
        (elsewhere / CONFIG).write_text(" " * (1 << 21))
    elif what == "config no json":
        (elsewhere / CONFIG).write_text("{")
    else:
        tensors[some][0, 0] = np.nan if what == "not numbers" else 1
        if what == "zeros":
            tensors = {name: 0 * value for name, value in tensors.items()}
        if what == "integers":
            tensors[some] = np.zeros(tensors[some].shape, np.int64)
        if what == "other layers":
            tensors["base_model.model.lm_head.lora_A.weight"] = np.ones((4, 64), np.float32)
        save_file(tensors, path)
    assert_refused(caller, engine, elsewhere, reason)


def assert_refused(caller: Caller, engine: Engine, folder: Path, reason: str) -> None:
    before = [each.id for each in engine.client.models.list()]
    kept = set((engine.store / "adapters").iterdir()) if before[1:] else set()
    status, body = caller.ask("POST", "adapters", {"folder": str(folder), "name": "n"})
    assert status == 400, body
    assert_error(body)
    assert reason in body["error"]["message"]
    assert [each.id for each in engine.client.models.list()] == before
    if kept:
        assert set((engine.store / "adapters").iterdir()) == kept


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"folder": "relative", "name": "n"}, 400, "folder"),
        ({"folder": "/no/such/folder", "name": "n"}, 400, "folder"),
        ({"folder": "/a\0b", "name": "n"}, 400, "folder"),
        ({"folder": "/tmp"}, 400, "name"),
        ({"folder": "/tmp", "name": "x" * 65}, 400, "name"),
        ({"folder": "/tmp", "name": "n", "model": "none"}, 404, "id"),
        ({"folder": "/tmp", "name": "n", "more": 1}, 400, "more"),
    ],
    ids=str,
)
def test_wrong_orders(caller: Caller, body: dict[str, object], status: int, param: str) -> None:
    found, answer = caller.ask("POST", "adapters", body)
    assert (found, answer["error"]["param"]) == (status, param)
    assert_error(answer)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "smollm3"])
def test_adapters_for_models_of_other_kinds_in_folders(
    tmp_path: Path, tiny_model: Path, kind: str
) -> None:
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        base = write_tiny_folder(engine.folders.models / "other-1b", kind=kind, seed=5)
        model = NumpyLlamaModel(base)
        trainer = model.trainer(LoraSettings(2, 8.0), seed=1)
        messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "the sing"}]
        for _ in range(4):
            trainer.step([model.training_example(messages)], 1e-2)
        trainer.export_adapter(tmp_path / "peft")
        change_config(tmp_path / "peft", base_model_name_or_path="someone/Other-1B")
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        order = {"folder": str(tmp_path / "peft"), "name": "n"}
        status, body = caller.ask("POST", "adapters", order)
        caller.close()
        assert status == 201, body
        assert body["id"].startswith("ft:other-1b:local:n:")


def test_an_adapter_for_a_kind_that_numpy_does_not_run(tmp_path: Path, tiny_model: Path) -> None:
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        base = engine.folders.models / "foreign-1b"
        base.mkdir()
        write_json(base / "config.json", {"model_type": "phi9"})
        weights = {"model.layers.0.attn.fused.weight": np.ones((12, 8), np.float32)}
        write_tensors(base / "model.safetensors", weights)
        a, b = np.ones((2, 8), np.float32), np.ones((12, 2), np.float32)
        pairs = [("model.layers.0.attn.fused", a, b)]
        write_adapter_files(tmp_path / "peft", LoraSettings(2, 8.0), pairs, "x/foreign-1b")
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        order = {"folder": str(tmp_path / "peft"), "name": "n"}
        taken, body = caller.ask("POST", "adapters", order)
        write_adapter_files(tmp_path / "zero", LoraSettings(2, 8.0), [(*pairs[0][:2], 0 * b)], "x")
        refused, fault = caller.ask("POST", "adapters", order | {"folder": str(tmp_path / "zero")})
        caller.close()
    assert (taken, body["id"].split(":")[1]) == (201, "foreign-1b")
    assert refused == 400
    assert "changes nothing" in fault["error"]["message"]
