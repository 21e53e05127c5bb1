"""Which Llama-shaped files are taken, and which are refused and how."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import LoraSettings, ModelFileError
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.numpy_llama.lora import lora_size
from desktop_app.engine.backends.numpy_llama.needs import adapter_numbers
from desktop_app.engine.backends.numpy_llama.weights import halves_from_pairs
from tests.engine.backends.double_precision import double_weights
from tests.engine.tiny_model import WIDTH, Array, tiny_weights, write_model, write_tiny_model

TEXT = "the system and the user"


def scores(path: Path) -> Array:
    model = NumpyLlamaBackend().load(path)
    return model.score(model.tokenize(TEXT))[1:]


def written(
    path: Path, weights: Mapping[str, Array] | None = None, changes: Mapping[str, object] = {}
) -> Path:
    return write_model(path / "model.gguf", weights or tiny_weights(0), changes)


def test_the_model_says_what_it_is(tiny_path: Path) -> None:
    model = NumpyLlamaBackend().load(tiny_path)
    assert (model.name, model.context_tokens) == ("tiny", 512)
    assert NumpyLlamaBackend().name == "numpy_llama"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"general.architecture": "gemma3"}, "of the kind 'gemma3'.*PyTorch"),
        ({"general.architecture": "qwen2"}, r"qwen2\.attention\.head_count is missing"),
        ({"general.architecture": None}, "of the kind 'None'"),
        ({"llama.expert_count": 8}, "several experts"),
        ({"llama.attention.sliding_window": 100}, "look back only some way"),
        ({"llama.block_count": 3}, "lacks the tensor blk.2"),
        ({"llama.block_count": 0}, "llama.block_count"),
        ({"llama.block_count": "two"}, "llama.block_count"),
        ({"llama.attention.head_count": 3}, "contradict"),
        ({"llama.attention.head_count": None}, "head_count"),
        ({"llama.embedding_length": 2**24, "llama.feed_forward_length": 2**24}, "only a part"),
        ({"llama.feed_forward_length": 97}, "must be"),
        ({"llama.attention.layer_norm_rms_epsilon": 0.0}, "epsilon"),
        ({"llama.rope.freq_base": float("nan")}, "freq_base"),
        ({"llama.rope.scaling.type": "yarn"}, "scaled as in this model"),
        ({"llama.rope.dimension_count": 8}, "only a part of each head"),
        ({"llama.attention.value_length": 8}, "values of another width"),
        ({"tokenizer.ggml.model": "llama"}, "tokenizer 'llama' is not supported"),
        ({"tokenizer.ggml.pre": "deepseek-coder"}, "Word splitting as 'deepseek-coder'"),
        ({"tokenizer.ggml.tokens": None}, "lacks its tokenizer"),
        ({"tokenizer.ggml.tokens": ["a", "b"]}, "contradicts itself"),
        ({"tokenizer.ggml.merges": ["zz z"]}, "no known token"),
        ({"tokenizer.ggml.merges": ["日 z"]}, "no bytes"),
        ({"tokenizer.ggml.eos_token_id": 300}, "eos token makes no sense"),
        ({"tokenizer.chat_template": "{% for %}"}, "chat template cannot be read"),
    ],
    ids=str,
)
def test_what_cannot_be_run_is_refused(
    tmp_path: Path, change: dict[str, object], refusal: str
) -> None:
    with pytest.raises(ModelFileError, match=refusal):
        NumpyLlamaBackend().load(written(tmp_path, changes=change))


@pytest.mark.parametrize("name", ["blk.0.attn_q.bias", "blk.1.ffn_gate_exps.weight", "extra"])
def test_tensors_unknown_in_a_kind_are_refused(tmp_path: Path, name: str) -> None:
    weights = tiny_weights(0) | {name: np.zeros(WIDTH, np.float32)}
    with pytest.raises(ModelFileError, match=f"'{name}', unknown in a model of the kind"):
        NumpyLlamaBackend().load(written(tmp_path, weights))


def test_an_output_matrix_of_its_own_is_used(tmp_path: Path, tiny_path: Path) -> None:
    weights = tiny_weights(0)
    same = written(tmp_path, weights | {"output.weight": weights["token_embd.weight"]})
    # Stored more coarsely than the embedding, so near but not equal.
    assert np.abs(scores(same) - scores(tiny_path)).max() < 0.5
    other = written(tmp_path, weights | {"output.weight": -weights["token_embd.weight"]})
    assert np.abs(scores(other) - scores(tiny_path)).max() > 0.5


def test_rotary_factors_are_heeded(tmp_path: Path, tiny_path: Path) -> None:
    ones = written(tmp_path, tiny_weights(0) | {"rope_freqs.weight": np.ones(8, np.float32)})
    assert np.array_equal(scores(ones), scores(tiny_path))
    slower = written(tmp_path, tiny_weights(0) | {"rope_freqs.weight": np.full(8, 4, np.float32)})
    assert not np.allclose(scores(slower), scores(tiny_path))
    zero = written(tmp_path, tiny_weights(0) | {"rope_freqs.weight": np.zeros(8, np.float32)})
    with pytest.raises(ModelFileError, match="rotary factors"):
        NumpyLlamaBackend().load(zero)


def test_without_a_template_conversations_are_chatml(tmp_path: Path) -> None:
    model = NumpyLlamaBackend().load(written(tmp_path, changes={"tokenizer.chat_template": None}))
    text = model.render([{"role": "user", "content": "Hi"}], add_generation_prompt=True)
    assert text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_the_order_of_query_rows_is_undone() -> None:
    """The converter's own permutation (llama.cpp, convert_hf_to_gguf.py) and then ours."""
    own = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    stored = own.reshape(2, 2, 3, 5).swapaxes(1, 2).reshape(12, 5)
    assert np.array_equal(halves_from_pairs(stored, 2), own)


def test_training_takes_more_memory_than_answering(tiny_path: Path, tmp_path: Path) -> None:
    backend = NumpyLlamaBackend()
    answering = backend.memory_needed(tiny_path, training=False)
    assert backend.memory_needed(tiny_path, training=True) > answering > tiny_path.stat().st_size
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_path.read_bytes()[:100])
    with pytest.raises(ModelFileError):
        backend.memory_needed(cut, training=False)


def test_the_size_of_adapters_is_known_beforehand(tiny_path: Path) -> None:
    shape = double_weights(tiny_path).shape
    per_layer = (64 + 64) + 2 * (64 + 32) + (64 + 64) + 2 * (64 + 96) + (96 + 64)
    assert lora_size(shape, LoraSettings(4)) == 2 * 4 * per_layer
    assert adapter_numbers(shape, 4) == 2 * 4 * per_layer


def test_another_seed_writes_another_model(tmp_path: Path, tiny_path: Path) -> None:
    other = write_tiny_model(tmp_path / "other.gguf", seed=1)
    assert not np.allclose(scores(other), scores(tiny_path))
