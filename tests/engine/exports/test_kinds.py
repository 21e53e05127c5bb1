"""Exports of every kind of model, from a GGUF file and from a folder, read by our own engine."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from desktop_app.engine.backends.adapter_files import write_adapter_files
from desktop_app.engine.backends.backend import LoraSettings, ModelFileError
from desktop_app.engine.backends.model_files.hf_folder import SafetensorsFolder
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.exports.folder_files import copy_small_files
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.exports.merging import MergedFolder
from desktop_app.engine.exports.output import Output
from desktop_app.engine.exports.records import ExportRecord
from desktop_app.engine.exports.source import Source
from desktop_app.engine.exports.writing import (
    holds_only_an_export,
    write_export,
    written_bytes,
)
from tests.engine.tiny_folder import write_json, write_tensors, write_tiny_folder
from tests.engine.tiny_model import tiny_weights, write_model

KINDS = ["llama", "qwen2", "qwen3", "smollm3"]
TOKENS = np.arange(3, 120)
MESSAGES = [{"role": "user", "content": "the"}, {"role": "assistant", "content": "and sing"}]
Base = Callable[[str, str], Path]


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """Write a tiny model of a kind, as a "file" or as a "folder"."""

    def written(kind: str, form: str) -> Path:
        if form == "folder":
            return write_tiny_folder(tmp_path / "base", kind=kind, files=2)
        weights = tiny_weights(0, kind)
        return write_model(tmp_path / "base.gguf", weights, {}, kind=kind, exact=True)

    return written


def strong_adapter(base: Path, folder: Path) -> Path:
    """Train an adapter that changes much."""
    model = NumpyLlamaModel(base)
    trainer = model.trainer(LoraSettings(4, 16.0), seed=1)
    for _ in range(8):
        trainer.step([model.training_example(MESSAGES)], 1e-2)
    trainer.export_adapter(folder)
    return folder


def exported(base: Path, adapter: Path | None, out: Path, kind: ExportKind) -> Path:
    """Write an export in float32 where there is a choice."""
    out.mkdir()
    floats = FloatType.FLOAT32
    source = Source("ft:tiny:local:x:abc", "tiny", base, adapter, None, None, "", "")
    size = written_bytes(source, kind, floats)
    record = ExportRecord("e", 0, source.model, kind, floats, str(out), "tiny-x", size)
    output = Output(out, lambda: False)
    write_export(output, source, record)
    assert output.bytes_done == size
    return out


def scores(path: Path, adapter: Path | None = None) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    model = NumpyLlamaModel(path)
    model.use_adapter(adapter)
    return model.score(TOKENS)[1:]


@pytest.mark.parametrize("form", ["file", "folder"])
@pytest.mark.parametrize("kind", KINDS)
def test_exports_answer_as_base_and_adapter_do(
    tmp_path: Path, base: Base, kind: str, form: str
) -> None:
    path = base(kind, form)
    adapter = strong_adapter(path, tmp_path / "adapter")
    wanted = scores(path, adapter)
    assert np.abs(wanted - scores(path)).max() > 0.1
    merged = exported(path, adapter, tmp_path / "merged", ExportKind.MERGED)
    np.testing.assert_allclose(scores(merged), wanted, rtol=0, atol=1e-4)
    assert json.loads((merged / "config.json").read_bytes())["model_type"] == kind
    made = exported(path, adapter, tmp_path / "gguf", ExportKind.GGUF_F16) / "tiny-x.gguf"
    np.testing.assert_allclose(scores(made), wanted, rtol=0, atol=0.02)
    fields = gguf.GGUFReader(made).fields
    assert fields["general.architecture"].contents() == kind
    assert fields[f"{kind}.block_count"].types == [gguf.GGUFValueType.UINT32]
    of_tokens = fields["tokenizer.ggml.token_type"].types
    assert of_tokens == [gguf.GGUFValueType.ARRAY, gguf.GGUFValueType.INT32]
    text = "<|im_start|>user\nthe sing 12 é e\u0301"
    before, after = NumpyLlamaModel(path), NumpyLlamaModel(made)
    assert after.tokenize(text).tolist() == before.tokenize(text).tolist()
    prompt = before.render(MESSAGES, add_generation_prompt=True)
    assert after.render(MESSAGES, add_generation_prompt=True) == prompt


def test_a_folder_comes_out_with_its_own_small_files(tmp_path: Path, base: Base) -> None:
    path = base("qwen3", "folder")
    config = json.loads((path / "config.json").read_bytes())
    write_json(path / "config.json", config | {"auto_map": {"AutoModel": "evil.Model"}, "x": 1})
    (path / "evil.py").write_text("raise SystemExit")
    (path / "tokenizer.model").write_bytes(b"\xff\x00")
    out = exported(path, None, tmp_path / "out", ExportKind.MERGED)
    written = json.loads((out / "config.json").read_bytes())
    del config["dtype"]
    assert written == config | {"x": 1, "torch_dtype": "float32"}
    assert not (out / "evil.py").exists()
    assert (out / "tokenizer.model").read_bytes() == b"\xff\x00"
    assert (out / "tokenizer.json").read_bytes() == (path / "tokenizer.json").read_bytes()
    assert holds_only_an_export(out)


def test_a_folder_without_a_template_gets_the_one_it_is_used_with(
    tmp_path: Path, base: Base
) -> None:
    path = base("llama", "folder")
    named = json.loads((path / "tokenizer_config.json").read_bytes())
    write_json(path / "tokenizer_config.json", named | {"chat_template": None})
    out = exported(path, None, tmp_path / "out", ExportKind.MERGED)
    prompt = NumpyLlamaModel(path).render(MESSAGES, add_generation_prompt=True)
    assert NumpyLlamaModel(out).render(MESSAGES, add_generation_prompt=True) == prompt
    assert (
        "<|im_start|>" in json.loads((out / "tokenizer_config.json").read_bytes())["chat_template"]
    )


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of a kind that NumPy does not run."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    write_json(folder / "config.json", {"model_type": "phi9", "vocab_size": 12})
    generator = np.random.default_rng(1)
    tensors = {
        "model.layers.0.attn.fused.weight": generator.normal(size=(12, 8)).astype(np.float32),
        "model.layers.0.norm.weight": np.ones(8, np.float32),
        "model.embed.weight": generator.normal(size=(12, 8)).astype(np.float32),
    }
    write_tensors(folder / "model.safetensors", tensors)
    return folder


@pytest.fixture
def foreign_adapter(tmp_path: Path) -> Path:
    generator = np.random.default_rng(2)
    a, b = (generator.normal(size=size).astype(np.float32) for size in ((2, 8), (12, 2)))
    pairs = [("model.layers.0.attn.fused", a, b)]
    write_adapter_files(tmp_path / "lora", LoraSettings(2, 6.0), pairs, "foreign")
    return tmp_path / "lora"


def test_a_kind_that_numpy_does_not_run_is_merged_by_names(
    tmp_path: Path, foreign: Path, foreign_adapter: Path
) -> None:
    before = load_file(foreign / "model.safetensors")
    out = exported(foreign, foreign_adapter, tmp_path / "out", ExportKind.MERGED)
    after = load_file(out / "model.safetensors")
    lora = load_file(foreign_adapter / "adapter_model.safetensors")
    (a,), (b,) = (
        [lora[name] for name in lora if f"lora_{matrix}" in name] for matrix in ("A", "B")
    )
    fused = "model.layers.0.attn.fused.weight"
    np.testing.assert_allclose(after.pop(fused), before.pop(fused) + 3 * (b @ a), atol=1e-5)
    assert all(np.array_equal(after[name], before[name]) for name in before)
    assert after.keys() == before.keys()
    assert "rank 2, alpha 6" in (out / "README.md").read_text()
    kept = exported(foreign, foreign_adapter, tmp_path / "adapter", ExportKind.ADAPTER)
    assert load_file(kept / "adapter_model.safetensors").keys() == lora.keys()


@pytest.mark.parametrize("kind", [ExportKind.GGUF_F16, ExportKind.GGUF_Q8_0])
def test_a_kind_that_numpy_does_not_run_becomes_no_gguf(
    tmp_path: Path, foreign: Path, kind: ExportKind
) -> None:
    with pytest.raises(ModelFileError, match="Take the merged folder"):
        exported(foreign, None, tmp_path / "out", kind)


def test_scaled_positions_that_llama_cpp_would_not_read_become_no_gguf(tmp_path: Path) -> None:
    scaling = {
        "rope_type": "llama3",
        "rope_theta": 10000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    for kind in ("qwen2", "llama"):
        config = {"rope_parameters": scaling}
        path = write_tiny_folder(tmp_path / kind, kind=kind, config=config)
        refusal = pytest.raises(ModelFileError, match=r"llama\.cpp does not read")
        with refusal if kind == "qwen2" else nullcontext():
            exported(path, None, tmp_path / f"{kind}-out", ExportKind.GGUF_F16)


@pytest.mark.parametrize(
    ("name", "shape", "refusal"),
    [
        ("model.layers.0.attn.fused", (2, 9), "another shape"),
        ("model.layers.1.attn.fused", (2, 8), "parts that the model does not"),
        ("model.layers.0.norm", (2, 8), "parts that the model does not"),
    ],
)
def test_an_adapter_that_does_not_fit_a_folder_is_refused(
    tmp_path: Path, foreign: Path, name: str, shape: tuple[int, int], refusal: str
) -> None:
    pairs = [(name, np.ones(shape, np.float32), np.ones((12, 2), np.float32))]
    write_adapter_files(tmp_path / "odd", LoraSettings(2, 6.0), pairs, "foreign")
    with pytest.raises(ModelFileError, match=refusal):
        exported(foreign, tmp_path / "odd", tmp_path / "out", ExportKind.MERGED)


def test_transposed_and_quantized_weights_are_refused(
    tmp_path: Path, foreign: Path, foreign_adapter: Path
) -> None:
    config = json.loads((foreign_adapter / "adapter_config.json").read_bytes())
    write_json(foreign_adapter / "adapter_config.json", config | {"fan_in_fan_out": True})
    with pytest.raises(ModelFileError, match="transposed"):
        exported(foreign, foreign_adapter, tmp_path / "out", ExportKind.MERGED)
    config = {"model_type": "llama", "quantization_config": {"bits": 4}}
    write_json(foreign / "config.json", config)
    with (
        SafetensorsFolder(foreign) as file,
        pytest.raises(ModelFileError, match="quantized"),
    ):
        copy_small_files(Output(tmp_path, lambda: False), file, foreign, FloatType.FLOAT16)


def test_an_adapter_of_embeddings_is_merged(tmp_path: Path, foreign: Path) -> None:
    pairs = [("model.embed", np.ones((1, 8), np.float32), np.ones((12, 1), np.float32))]
    write_adapter_files(tmp_path / "lora", LoraSettings(1, 0.5), pairs, "foreign")
    with SafetensorsFolder(foreign) as file:
        merged = MergedFolder(file, tmp_path / "lora")
        moved = {
            part.name: float((merged.weights(part) - file.files.numbers(part.stored)).mean())
            for part in merged.parts
        }
    assert moved == {
        "model.layers.0.attn.fused.weight": 0,
        "model.layers.0.norm.weight": 0,
        "model.embed.weight": pytest.approx(0.5, abs=1e-6),
    }


def test_an_adapter_in_half_precision_is_taken(tmp_path: Path, base: Base) -> None:
    path = base("qwen2", "folder")
    adapter = strong_adapter(path, tmp_path / "adapter")
    wanted = scores(path, adapter)
    tensors = adapter / "adapter_model.safetensors"
    save_file({name: n.astype(np.float16) for name, n in load_file(tensors).items()}, tensors)
    merged = exported(path, adapter, tmp_path / "merged", ExportKind.MERGED)
    np.testing.assert_allclose(scores(merged), wanted, rtol=0, atol=0.05)
