"""What was fetched and cannot be run is shown so, and no job begins with it."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.choose import backends
from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.models import usable
from desktop_app.engine.models.hub_files import INDEX
from desktop_app.engine.models.torch_kinds import torch_kinds, unknown_to_torch
from desktop_app.engine.models.usable import UsableModels
from desktop_app.engine.store.database import Database
from tests.engine.service.engine_child import MODEL, Engine, running_engine
from tests.engine.service.models.journey import engine_beside_hub, files_of
from tests.engine.service.models.unusable import assert_unusable, fetched, refused_job
from tests.engine.service.own_api import Caller
from tests.engine.tiny_folder import write_tiny_folder
from tests.engine.tiny_model import write_tiny_model

Files = dict[str, bytes]
PART = "model-00002-of-00003.safetensors"
KNOWN = "Qwen/Qwen3-0.6B"
"""A model of the catalogue."""


def with_config(**changes: object) -> Callable[[Files], Files]:
    """Change a model's config.json."""

    def change(files: Files) -> Files:
        config = json.loads(files["config.json"]) | changes
        return files | {"config.json": json.dumps(config).encode()}

    return change


def with_index(change: Callable[[dict[str, str]], Mapping[str, str]]) -> Callable[[Files], Files]:
    """Change where a model in parts says that its tensors are."""

    def changed(files: Files) -> Files:
        places = change(json.loads(files[INDEX])["weight_map"])
        return files | {INDEX: json.dumps({"weight_map": places}).encode()}

    return changed


def without_part(places: dict[str, str]) -> dict[str, str]:
    return {name: file for name, file in places.items() if file != PART}


BROKEN: dict[str, tuple[Callable[[Files], Files], str]] = {
    "unknown-kind": (with_config(model_type="nobody_knows"), "of the kind 'nobody_knows'"),
    "no-kind": (with_config(model_type=None), "does not say what kind of model it is"),
    "odd-config": (with_config(rms_norm_eps="small"), "rms_norm_eps makes no sense"),
    "layer-too-many": (with_config(num_hidden_layers=3), "lacks the tensor blk.2"),
    "other-width": (with_config(hidden_size=16), "contradict its weights: the tensor token_embd"),
    "other-heads": (with_config(num_key_value_heads=1), "contradict its weights: the tensor blk.0"),
    "left-out-part": (with_index(without_part), f"leaves out {PART}"),
    "named-part": (
        with_index(lambda places: places | {"more": "model-00009-of-00009.safetensors"}),
        "model-00009-of-00009.safetensors is missing",
    ),
    "no-index": (lambda files: files | {INDEX: b"{}"}, f"{INDEX} is damaged"),
    "odd-tokenizer": (
        lambda files: files | {"tokenizer.json": b"{ nonsense"},
        "tokenizer.json is damaged",
    ),
    "empty-tokenizer": (
        lambda files: files | {"tokenizer.json": b'{"model": {"type": "BPE"}}'},
        "it has no vocabulary",
    ),
    "cut-weights": (lambda files: files | {PART: files[PART][:99]}, f"{PART} is damaged"),
}


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, token_file: Path, tiny_model: Path
) -> Iterator[tuple[Engine, Caller]]:
    """A service, and a hub with all that is broken and one model that is whole."""
    place = tmp_path_factory.mktemp("broken")
    sound = files_of(write_tiny_folder(place / "sound", files=3))
    found = {name: change(sound) for name, (change, _) in BROKEN.items()}
    cut = write_tiny_model(place / "cut.gguf").read_bytes()[:5000]
    more = {"sound": sound, "cut-file": {"cut-q8_0.gguf": cut}}
    with engine_beside_hub(place, token_file, tiny_model, found | more) as running:
        yield running


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_run_is_shown_so_everywhere(
    running: tuple[Engine, Caller], name: str
) -> None:
    hub = f"maker/{name}"
    assert fetched(running[1], hub) == name
    assert_unusable(*running, hub, name, BROKEN[name][1])
    assert running[1].ask("DELETE", f"bases/{name}")[0] == 200


def test_a_file_that_is_cut_is_shown_so(running: tuple[Engine, Caller]) -> None:
    fetched(running[1], "maker/cut-file")
    assert_unusable(*running, "maker/cut-file", "cut-file", "ends too early")


def test_a_whole_model_beside_them_is_listed(running: tuple[Engine, Caller]) -> None:
    engine, caller = running
    fetched(caller, "maker/sound")
    fetched(caller, "maker/no-kind")
    assert {model.id for model in engine.client.models.list()} == {MODEL, "sound"}
    assert set(engine.get("../engine")["models"]) == {MODEL, "sound"}


def test_the_catalogue_tells_of_its_own_model_that_cannot_be_run(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    files = BROKEN["unknown-kind"][0](files_of(write_tiny_folder(tmp_path / "made")))
    with engine_beside_hub(tmp_path, token_file, tiny_model, {KNOWN: files}) as (
        engine,
        caller,
    ):
        name = fetched(caller, KNOWN)
        assert name == "qwen3-0.6b"
        (entry,) = [e for e in caller.ask("GET", "catalogue")[1]["models"] if e["hub"] == KNOWN]
        assert (entry["state"], entry["fits_training"], entry["fits_answering"]) == (
            *("ready", False),
            False,
        )
        assert "of the kind 'nobody_knows'" in entry["why"]
        assert_unusable(engine, caller, KNOWN, name, "of the kind 'nobody_knows'")


@pytest.mark.skipif(lacking() is None, reason="PyTorch is installed")
def test_without_pytorch_its_models_say_that_they_need_it(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    made = files_of(write_tiny_folder(tmp_path / "made"))
    files = with_config(model_type="gpt_neox", architectures=["GPTNeoXForCausalLM"])(made)
    with engine_beside_hub(tmp_path, token_file, tiny_model, {"neox": files}) as running:
        entry = running[1].ask("GET", "hub?name=maker/neox")[1]
        assert (entry["state"], entry["backend"], entry["fits_training"]) == (
            *("missing", "torch"),
            False,
        )
        assert "PyTorch add-on, which is not installed" in entry["why"]
        fetched(running[1], "maker/neox")
        words = "kind 'gpt_neox'.*With PyTorch more kinds of models can be run"
        assert_unusable(*running, "maker/neox", "neox", words)


def test_a_model_that_was_mended_can_be_used(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    store = tmp_path / "s"
    folder = write_tiny_folder(store / "models" / "mended")
    tokenizer = (folder / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").unlink()
    for path in (store, store / "models"):
        path.chmod(0o700)
    for _ in range(2):  # at the second time it is remembered
        with running_engine(store, token_file, tiny_model) as engine:
            error = refused_job(engine, "mended")
            assert "It has no tokenizer.json" in error.message
            assert [model.id for model in engine.client.models.list()] == [MODEL]
    with running_engine(store, token_file, tiny_model) as engine:
        (folder / "tokenizer.json").write_bytes(tokenizer)
        assert [model.id for model in engine.client.models.list()] == [MODEL, "mended"]
        engine.client.completions.create(model="mended", prompt="x", max_tokens=1)


def test_what_is_installed_later_is_looked_at_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []
    monkeypatch.setattr(usable, "check_model", lambda _, path: looked.append(path))
    database, folder = Database(tmp_path / "db"), write_tiny_folder(tmp_path / "model")
    for missing in ("torch", "torch", None):
        monkeypatch.setattr(usable, "lacking", lambda missing=missing: missing)
        known = UsableModels(database, backends("auto"))
        assert known.why_not(folder) is None
        assert known.why_not(folder) is None
    assert looked == [folder, folder]
    database.close()


def at_once(*_: object) -> None:
    raise OSError(5, "Input/output error")


def deep_down(*_: object) -> None:
    try:
        at_once()
    except OSError as error:
        raise ModelFileError("The file config.json cannot be read.") from error


def without_memory(*_: object) -> None:
    raise MemoryError


@pytest.mark.parametrize("fail", [at_once, deep_down, without_memory])
def test_what_fails_for_a_moment_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]
) -> None:
    database, folder = Database(tmp_path / "db"), write_tiny_folder(tmp_path / "model")
    known = UsableModels(database, backends("auto"))
    with monkeypatch.context() as patch:
        patch.setattr(usable, "check_model", fail)
        assert "cannot be read" in str(known.why_not(folder))
    assert known.why_not(folder) is None
    database.close()


def test_kinds_are_those_of_the_installed_package() -> None:
    if lacking() is not None:
        assert torch_kinds() == frozenset()
        assert unknown_to_torch("nobody_knows") is None
        return
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    assert torch_kinds() == set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    assert "'nobody_knows'" in str(unknown_to_torch("nobody_knows"))
    assert unknown_to_torch("gpt_neox") is None
