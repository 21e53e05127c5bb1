"""GGUF files against transformers' own reading of them, and against NumPy's back end."""

from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import Backend, LoraSettings, ModelFileError
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.torch_models.backend import TorchBackend
from tests.engine.backends.conformance.installed import BATCHES
from tests.engine.tiny_model import (
    CONTEXT,
    HEADS,
    INNER,
    KEY_HEADS,
    LAYER_COUNTS,
    LAYERS,
    WIDTH,
    Array,
    tiny_weights,
    write_model,
)

TOKENS = np.random.default_rng(0).integers(3, 300, 40)
KINDS = ["llama", "llama-3.1", "qwen2", "qwen3", "smollm3"]


def weights_of(kind: str) -> dict[str, Array]:
    generator = np.random.default_rng(5)
    if kind == "smollm3":  # one layer in four is another one
        return tiny_weights(0, kind)
    weights = tiny_weights(0)
    keys = WIDTH // HEADS * KEY_HEADS
    for layer in range(LAYERS):
        if kind == "qwen2":
            for part, size in (("q", WIDTH), ("k", keys), ("v", keys)):
                values = generator.normal(0, 0.5, size).astype(np.float32)
                weights[f"blk.{layer}.attn_{part}.bias"] = values
        if kind == "qwen3":
            for part in "qk":
                values = generator.uniform(0.5, 1.5, WIDTH // HEADS).astype(np.float32)
                weights[f"blk.{layer}.attn_{part}_norm.weight"] = values
    if kind == "llama-3.1":
        half = WIDTH // HEADS // 2
        weights["rope_freqs.weight"] = np.linspace(1, 8, half, dtype=np.float32)
    return weights


def settings_of(kind: str) -> dict[str, object]:
    if kind.startswith("llama"):
        return {}
    return {
        "general.architecture": kind,
        f"{kind}.block_count": LAYER_COUNTS.get(kind, LAYERS),
        f"{kind}.context_length": CONTEXT,
        f"{kind}.embedding_length": WIDTH,
        f"{kind}.feed_forward_length": INNER,
        f"{kind}.attention.head_count": HEADS,
        f"{kind}.attention.head_count_kv": KEY_HEADS,
        f"{kind}.attention.key_length": WIDTH // HEADS,
        f"{kind}.attention.layer_norm_rms_epsilon": 1e-5,
        f"{kind}.rope.freq_base": 10000.0,
    }


@pytest.fixture(scope="module", params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / f"{request.param}.gguf"
    return write_model(path, weights_of(request.param), settings_of(request.param))


@pytest.fixture(scope="module")
def backend() -> Backend:
    return TorchBackend("cpu", "float32")


def test_a_file_is_read_as_numpys_back_end_reads_it(backend: Backend, path: Path) -> None:
    try:
        expected = NumpyLlamaBackend().load(path).score(TOKENS)
    except ModelFileError as error:
        pytest.skip(str(error))
    np.testing.assert_allclose(backend.load(path).score(TOKENS), expected, atol=1e-3)


@pytest.mark.filterwarnings("ignore")  # transformers' business
def test_a_file_is_read_as_transformers_reads_it(backend: Backend, path: Path) -> None:
    if path.stem == "llama-3.1":
        pytest.skip("transformers leaves the rotary factors of a GGUF file out")
    if path.stem == "smollm3":
        pytest.skip("transformers does not read GGUF files of this kind")
    pytest.importorskip("accelerate")
    import torch
    import transformers

    network = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    with torch.no_grad():
        logits = network(torch.from_numpy(TOKENS)[None]).logits[0, :-1]
    expected = logits.log_softmax(-1).gather(1, torch.from_numpy(TOKENS[1:, None]))[:, 0]
    found = backend.load(path).score(TOKENS)[1:]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-3)


def test_it_learns(backend: Backend, path: Path) -> None:
    trainer = backend.load(path).trainer(LoraSettings(4, 8.0), seed=1)
    losses = [trainer.step(BATCHES[0], 1e-2).loss for _ in range(10)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"general.architecture": "bloom"}, "of the kind 'bloom'"),
        ({"llama.block_count": 3}, "lacks the tensor model.layers.2"),
        ({"llama.block_count": 1}, "does not fit"),
        ({"llama.feed_forward_length": 97}, "does not fit"),
        ({"llama.attention.head_count": 0}, "head_count"),
        ({"llama.attention.head_count": 3}, "contradict"),
        ({"llama.rope.scaling.type": "yarn"}, "scaled rotary"),
    ],
)
def test_files_that_would_compute_something_else_are_refused(
    backend: Backend, tmp_path: Path, changes: dict[str, object], refusal: str
) -> None:
    path = write_model(tmp_path / "model.gguf", tiny_weights(0), changes)
    with pytest.raises(ModelFileError, match=refusal):
        backend.load(path)


def test_unknown_tensors_are_refused(backend: Backend, tmp_path: Path) -> None:
    weights = {**tiny_weights(0), "blk.0.ffn_gate_exps.weight": np.ones(3, np.float32)}
    with pytest.raises(ModelFileError, match="not known"):
        backend.load(write_model(tmp_path / "model.gguf", weights, {}))
