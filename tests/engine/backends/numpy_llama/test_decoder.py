"""One token at a time, of one sequence or several, against the whole text at once."""

from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings, TokenIds
from desktop_app.engine.backends.numpy_llama.attention import attention
from desktop_app.engine.backends.numpy_llama.decoder import NumpyDecoder
from desktop_app.engine.backends.numpy_llama.linear import product
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from tests.engine.backends.double_precision import double_weights
from tests.engine.tiny_model import write_tiny_model

PROMPT = np.random.default_rng(4).integers(3, 300, 12)


def made(path: Path, *, adapted: bool) -> Transformer:
    weights = double_weights(path)
    adapters = None
    if adapted:
        adapters = LoraParameters(weights.shape, LoraSettings(rank=3, alpha=5), np.float64)
        adapters.flat[:] = np.random.default_rng(5).normal(0, 0.1, len(adapters.flat))
    return Transformer(weights, adapters)


def logits_at_once(transformer: Transformer, tokens: TokenIds) -> Array:
    attentions = [attention] * transformer.weights.shape.layers
    states = transformer.states(tokens, np.arange(len(tokens)), attentions)
    logits: Array = transformer.weights.output @ states[-1]
    return logits


@pytest.mark.parametrize("adapted", [False, True])
@pytest.mark.parametrize("sequences", [1, 3, 9])
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "smollm3"])
def test_a_step_is_the_end_of_the_whole(
    tmp_path: Path, kind: str, sequences: int, adapted: bool
) -> None:
    transformer = made(write_tiny_model(tmp_path / "tiny.gguf", kind=kind), adapted=adapted)
    read = NumpyDecoder(transformer, len(PROMPT))
    first = read.next_logits(PROMPT[None])
    np.testing.assert_allclose(first[0], logits_at_once(transformer, PROMPT), rtol=1e-9, atol=1e-9)
    decoder = read.branched(sequences, 4)
    written = np.random.default_rng(6).integers(3, 300, (sequences, 4))
    for step in range(4):
        logits = decoder.next_logits(written[:, step : step + 1])
        for row, tokens in zip(logits, written, strict=True):
            whole = np.concatenate([PROMPT, tokens[: step + 1]])
            expected = logits_at_once(transformer, whole)
            np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-9)


def test_a_dropped_sequence_leaves_the_others_as_they_are(tiny_path: Path) -> None:
    transformer = made(tiny_path, adapted=False)
    read = NumpyDecoder(transformer, len(PROMPT))
    read.next_logits(PROMPT[None])
    decoder = read.branched(3, 2)
    decoder.next_logits(np.array([[5], [6], [7]]))
    decoder.drop(0)
    logits = decoder.next_logits(np.array([[8], [9]]))
    for row, tokens in zip(logits, ([7, 8], [6, 9]), strict=True):
        expected = logits_at_once(transformer, np.concatenate([PROMPT, tokens]))
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 20])
def test_products_of_few_and_many_vectors_are_the_same(rows: int) -> None:
    generator = np.random.default_rng(rows)
    weight, x = generator.normal(size=(7, 5)), generator.normal(size=(rows, 5))
    y = product(weight, x)
    assert y.shape == (rows, 7)
    np.testing.assert_allclose(y, x @ weight.T, rtol=1e-12)
