import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from desktop_app.engine.backends.backend import LoraSettings, ModelFileError
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.numpy_llama.weights import group_shapes
from tests.engine.backends.double_precision import double_weights, random_example

EXAMPLE = random_example(1)
ENTRY = "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"


@pytest.fixture
def model(tiny_path: Path) -> NumpyLlamaModel:
    return NumpyLlamaModel(tiny_path)


@pytest.fixture
def folder(model: NumpyLlamaModel, tmp_path: Path) -> Path:
    trainer = model.trainer(LoraSettings(4, 8.0), seed=1)
    for _ in range(5):
        trainer.step([EXAMPLE], 1e-2)
    trainer.export_adapter(tmp_path / "adapter")
    return tmp_path / "adapter"


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "adapter_config.json"
    config: dict[str, Any] = json.loads(path.read_bytes())
    path.write_text(json.dumps(config | changes))


def change_tensors(folder: Path, **changes: Any) -> None:  # noqa: ANN401 - arrays of any kind
    path = folder / "adapter_model.safetensors"
    save_file(load_file(path) | changes, path)


def test_a_reloaded_adapter_predicts_as_the_trainer_did(
    model: NumpyLlamaModel, tmp_path: Path
) -> None:
    trainer = model.trainer(LoraSettings(4, 8.0), seed=1)
    base = model.score(EXAMPLE.tokens)
    for _ in range(5):
        trainer.step([EXAMPLE], 1e-2)
    trainer.export_adapter(tmp_path / "new" / "adapter")
    model.use_adapter(tmp_path / "new" / "adapter")
    tuned = model.score(EXAMPLE.tokens)
    supervised = EXAMPLE.loss_weights > 0
    assert -float(tuned[supervised].mean()) == pytest.approx(
        trainer.validate([EXAMPLE]).loss, rel=1e-5
    )
    assert not np.allclose(tuned[1:], base[1:])
    model.use_adapter(None)
    assert np.array_equal(model.score(EXAMPLE.tokens)[1:], base[1:])


def test_the_files_are_those_of_peft(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    config = json.loads((folder / "adapter_config.json").read_bytes())
    assert (config["peft_type"], config["r"], config["lora_alpha"]) == ("LORA", 4, 8.0)
    assert config["target_modules"] == sorted(
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    )
    tensors = load_file(folder / "adapter_model.safetensors")
    assert len(tensors) == 2 * 7 * 2
    query = "base_model.model.model.layers.0.self_attn.q_proj"
    assert tensors[f"{query}.lora_A.weight"].shape == (4, 64)
    assert tensors[f"{query}.lora_B.weight"].shape == (64, 4)
    assert tensors[ENTRY].shape == (64, 4)


def test_an_adapter_is_w_plus_scaled_b_times_a(folder: Path, tiny_path: Path) -> None:
    """Merging by the formula, with numbers of the file alone, gives the same losses."""
    weights = double_weights(tiny_path)
    tensors = load_file(folder / "adapter_model.safetensors")
    for index, layer in enumerate(weights.layers):
        stacked = (layer.qkv, layer.output, layer.gate_up, layer.down)
        for group, weight in zip(group_shapes(weights.shape), stacked, strict=True):
            for module, rows in zip(group.modules, group.slices, strict=True):
                name = f"base_model.model.model.layers.{index}.{module}"
                b, a = tensors[f"{name}.lora_B.weight"], tensors[f"{name}.lora_A.weight"]
                weight[rows] += 8.0 / 4 * (b.astype(np.float64) @ a)
    merged = NumpyLlamaTrainer(weights, "tiny", LoraSettings(4), seed=5).validate([EXAMPLE])
    model = NumpyLlamaModel(tiny_path)
    model.use_adapter(folder)
    scores = model.score(EXAMPLE.tokens)[EXAMPLE.loss_weights > 0]
    assert -float(scores.mean()) == pytest.approx(merged.loss, rel=1e-4)


def test_an_adapter_of_a_few_layers_leaves_the_others_alone(
    model: NumpyLlamaModel, folder: Path
) -> None:
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    save_file({name: value for name, value in tensors.items() if "q_proj" in name}, path)
    base = model.score(EXAMPLE.tokens)
    model.use_adapter(folder)
    assert not np.allclose(model.score(EXAMPLE.tokens)[1:], base[1:])
    save_file({name: value for name, value in tensors.items() if "lora_A" in name}, path)
    again = folder.rename(folder.with_name("again"))
    model.use_adapter(again)
    assert np.array_equal(model.score(EXAMPLE.tokens)[1:], base[1:])


@pytest.mark.parametrize(
    "changes",
    [
        {"peft_type": "IA3"},
        {"r": 0},
        {"r": "4"},
        {"r": 10**9},
        {"lora_alpha": float("nan")},
        {"use_dora": True},
        {"use_rslora": True},
        {"bias": "all"},
        {"r": 8},
    ],
    ids=str,
)
def test_settings_that_cannot_be_followed_are_refused(
    model: NumpyLlamaModel, folder: Path, changes: dict[str, object]
) -> None:
    change_config(folder, **changes)
    with pytest.raises(ModelFileError):
        model.use_adapter(folder)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff" * 50])
def test_damaged_and_missing_files_are_refused(
    model: NumpyLlamaModel, folder: Path, name: str, content: bytes | None
) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelFileError):
        model.use_adapter(folder)


def test_tensors_that_do_not_fit_are_refused_and_change_nothing(
    model: NumpyLlamaModel, folder: Path
) -> None:
    base = model.score(EXAMPLE.tokens)
    change_tensors(folder, **{ENTRY: np.zeros((3, 3), np.float32)})
    with pytest.raises(ModelFileError, match="another shape"):
        model.use_adapter(folder)
    change_tensors(folder, **{ENTRY: np.zeros((64, 4), np.float32), "more": np.zeros(1)})
    with pytest.raises(ModelFileError, match="parts that the model does not"):
        model.use_adapter(folder)
    assert np.array_equal(model.score(EXAMPLE.tokens)[1:], base[1:])


def test_half_precision_adapters_are_read(model: NumpyLlamaModel, folder: Path) -> None:
    model.use_adapter(folder)
    full = model.score(EXAMPLE.tokens)
    path = folder / "adapter_model.safetensors"
    save_file({name: value.astype(np.float16) for name, value in load_file(path).items()}, path)
    model.use_adapter(None)
    model.use_adapter(folder)
    np.testing.assert_allclose(model.score(EXAMPLE.tokens)[1:], full[1:], atol=0.02)
