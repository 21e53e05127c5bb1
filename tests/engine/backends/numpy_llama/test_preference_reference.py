"""Preference training against PyTorch, transformers and PEFT: see make_preference_reference.py."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from desktop_app.engine.backends.backend import LoraSettings, PreferencePair
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from tests.engine.backends.double_precision import double_weights
from tests.engine.backends.preference_reference import (
    PREFERENCE_REFERENCE,
    begin,
    direction,
    pairs,
)

LORA = LoraSettings(4, 8.0)
CLOSE = 2e-6
"""Even in float64, transformers computes norms and rotations in float32."""


class Found(msgspec.Struct, frozen=True):
    """What one beta gives: mean loss, gains in nats, and of each matrix's gradient two numbers."""

    beta: float
    loss: float
    gains: list[float]
    gradient_norms: dict[str, float]
    along: dict[str, float]


class Reference(msgspec.Struct, frozen=True):
    """Three pairs: log p(preferred) - log p(other) before training, and what follows from it."""

    references: list[float]
    found: list[Found]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return msgspec.json.decode(PREFERENCE_REFERENCE.read_bytes(), type=Reference)


@pytest.fixture
def trainer(tiny_path: Path) -> NumpyLlamaTrainer:
    made = NumpyLlamaTrainer(double_weights(tiny_path), "tiny", LORA, seed=1)
    begun = LoraParameters(made.parameters.shape, LORA)
    begin(begun)
    made.parameters.flat[:] = begun.flat
    return made


def test_the_reference_is_the_model_without_its_adapter(
    tiny_path: Path, reference: Reference
) -> None:
    untrained = NumpyLlamaTrainer(double_weights(tiny_path), "tiny", LORA, seed=1)
    for (preferred, other), expected in zip(pairs(), reference.references, strict=True):
        found = untrained.log_likelihoods([preferred, other])
        assert float(found[0] - found[1]) == pytest.approx(expected, rel=CLOSE)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_loss_and_gradients(trainer: NumpyLlamaTrainer, reference: Reference, place: int) -> None:
    found = reference.found[place]
    batch = [
        PreferencePair(preferred, other, before)
        for (preferred, other), before in zip(pairs(), reference.references, strict=True)
    ]
    measured = trainer.measure_preference_gradients(batch, found.beta)
    assert measured.loss == pytest.approx(found.loss, rel=CLOSE)
    assert measured.accuracy == sum(gain > 0 for gain in found.gains) / 3
    seen = set()
    for module, d_a, d_b in trainer.gradients.pairs():
        for name, gradient in ((f"{module}.lora_A.weight", d_a), (f"{module}.lora_B.weight", d_b)):
            norm = float(np.linalg.norm(gradient))
            assert norm == pytest.approx(found.gradient_norms[name], rel=CLOSE)
            along = float((gradient * direction(gradient)).sum())
            assert along == pytest.approx(found.along[name], abs=CLOSE * norm)
            seen.add(name)
    assert seen == found.along.keys()
