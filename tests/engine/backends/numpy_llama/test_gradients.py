"""Every gradient against central differences, in float64: (f(x + εu) - f(x - εu)) / 2ε = ∇f·u."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings, TrainingExample
from desktop_app.engine.backends.numpy_llama.attention import attention, attention_backward
from desktop_app.engine.backends.numpy_llama.cross_entropy import predict, predict_with_gradient
from desktop_app.engine.backends.numpy_llama.rms_norm import (
    inverse_rms,
    rms_norm,
    rms_norm_backward,
)
from desktop_app.engine.backends.numpy_llama.rotary import Rotation, rotate
from desktop_app.engine.backends.numpy_llama.swiglu import swiglu, swiglu_backward
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from tests.engine.backends.double_precision import double_weights, random_example
from tests.engine.tiny_model import write_tiny_model

EPSILON = 1e-5


def slope(value: Callable[[Array], float], at: Array, along: Array) -> float:
    return (value(at + EPSILON * along) - value(at - EPSILON * along)) / (2 * EPSILON)


def assert_gradient(function: Callable[[Array], Array], at: Array, backward: Array) -> None:
    """`backward` is dL/dat for L = sum(function(at) * c), with c as in `coefficients`."""
    generator = np.random.default_rng(99)
    for _ in range(3):
        along = generator.normal(size=at.shape)
        expected = slope(
            lambda x: float((function(x) * coefficients(function(x))).sum()), at, along
        )
        assert float((backward * along).sum()) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def coefficients(like: Array) -> Array:
    return np.random.default_rng(7).normal(size=like.shape)


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(3)


def test_rms_norm(generator: np.random.Generator) -> None:
    x, gain = generator.normal(size=(5, 8)), generator.normal(size=8)

    def forward(x: Array) -> Array:
        return rms_norm(x, gain, inverse_rms(x, 1e-5))

    d_x = rms_norm_backward(coefficients(x), x, gain, inverse_rms(x, 1e-5))
    assert_gradient(forward, x, d_x)


def test_rms_norm_of_heads(generator: np.random.Generator) -> None:
    x, gain = generator.normal(size=(5, 3, 8)), generator.normal(size=(3, 8))

    def forward(x: Array) -> Array:
        return rms_norm(x, gain, inverse_rms(x, 1e-5))

    d_x = rms_norm_backward(coefficients(x), x, gain, inverse_rms(x, 1e-5))
    assert_gradient(forward, x, d_x)


def test_rotation(generator: np.random.Generator) -> None:
    x, angles = generator.normal(size=(5, 3, 8)), generator.normal(size=(5, 1, 4))
    by = Rotation(np.cos(angles), np.sin(angles))
    assert_gradient(lambda x: rotate(x, by), x, rotate(coefficients(x), by.inverse))


def test_swiglu(generator: np.random.Generator) -> None:
    ab = generator.normal(size=(5, 12)) * 3
    assert_gradient(swiglu, ab, swiglu_backward(coefficients(swiglu(ab)), ab))


def test_swiglu_of_numbers_that_overflow_the_exponential() -> None:
    ab = np.array([[-1e4, 1e4, 2.0, 2.0]], np.float32)
    assert swiglu(ab).tolist() == [[0.0, 2e4]]


@pytest.mark.parametrize("length", [1, 9, 150])
def test_attention(generator: np.random.Generator, length: int) -> None:
    q = generator.normal(size=(length, 4, 6))
    k, v = generator.normal(size=(length, 2, 6)), generator.normal(size=(length, 2, 6))
    out = attention(q, k, v)
    d_q, d_k, d_v = attention_backward(coefficients(out), out, q, k, v)
    assert_gradient(lambda q: attention(q, k, v), q, d_q)
    assert_gradient(lambda k: attention(q, k, v), k, d_k)
    assert_gradient(lambda v: attention(q, k, v), v, d_v)


def test_cross_entropy(generator: np.random.Generator) -> None:
    hidden, output = generator.normal(size=(300, 6)), generator.normal(size=(11, 6))
    targets = generator.integers(0, 11, 300)
    weights = generator.uniform(0, 2, 300).astype(np.float32)
    _, d_hidden = predict_with_gradient(hidden, output, targets, weights)

    def loss(hidden: Array) -> float:
        return float(-(predict(hidden, output, targets).log_probabilities @ weights))

    along = generator.normal(size=hidden.shape)
    assert float((d_hidden * along).sum()) == pytest.approx(slope(loss, hidden, along), rel=1e-6)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "smollm3"])
def test_every_lora_matrix_of_the_whole_model(tmp_path: Path, kind: str) -> None:
    weights = double_weights(write_tiny_model(tmp_path / "tiny.gguf", kind=kind))
    trainer = NumpyLlamaTrainer(weights, "tiny", LoraSettings(4, 8.0), seed=1)
    generator = np.random.default_rng(5)
    for _, _, b in trainer.parameters.pairs():
        b[:] = generator.normal(0, 0.1, b.shape)
    batch = [random_example(1, 12), random_example(2, 7), random_example(3, 20)]
    trainer.measure_gradients(batch)
    gradients = [(d_a.copy(), d_b.copy()) for _, d_a, d_b in trainer.gradients.pairs()]
    seen = 0
    for (_, a, b), (d_a, d_b) in zip(trainer.parameters.pairs(), gradients, strict=True):
        for matrix, gradient in ((a, d_a), (b, d_b)):
            along = generator.normal(size=matrix.shape)
            expected = _slope_in_place(trainer, batch, matrix, along)
            assert float((gradient * along).sum()) == pytest.approx(expected, rel=1e-5, abs=1e-9)
            seen += 1
    assert seen == 2 * 7 * weights.shape.layers


def _slope_in_place(
    trainer: NumpyLlamaTrainer, batch: list[TrainingExample], matrix: Array, along: Array
) -> float:
    """As `slope`, moving a matrix of the trainer and putting it back."""
    original = matrix.copy()

    def loss(moved: Array) -> float:
        matrix[:] = moved
        measured = trainer.validate(batch).loss
        matrix[:] = original
        return measured

    return slope(loss, original, along)
