"""The fixture that make_preference_reference.py made, and the numbers it begins with."""

from pathlib import Path

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TrainingExample
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters

PREFERENCE_REFERENCE = Path(__file__).with_name("preference_reference.json")


def begin(parameters: LoraParameters) -> None:
    """Give every matrix numbers, as if it had learned something."""
    generator = np.random.default_rng(21)
    for _, a, b in parameters.pairs():
        a[:] = generator.normal(0, 0.1, a.shape)
        b[:] = generator.normal(0, 0.1, b.shape)


def pairs() -> list[tuple[TrainingExample, TrainingExample]]:
    """Return three questions, each with a preferred reply and another."""
    generator = np.random.default_rng(31)
    made = []
    for question, preferred, other in ((9, 5, 8), (4, 12, 3), (15, 2, 6)):
        asked = generator.integers(3, 300, question)
        made.append((_answered(asked, preferred, generator), _answered(asked, other, generator)))
    return made


def direction(like: Array) -> Array:
    """Return the direction along which gradients are compared."""
    return np.random.default_rng(11).normal(size=like.shape)


def _answered(
    asked: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    length: int,
    generator: np.random.Generator,
) -> TrainingExample:
    tokens = np.concatenate([asked, generator.integers(3, 300, length)])
    weights = np.zeros(len(tokens), np.float32)
    weights[len(asked) :] = 1
    return TrainingExample(tokens, weights)
