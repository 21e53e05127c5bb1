"""What sequences begin with is read once for all of them, and nothing comes out otherwise."""

from collections.abc import Callable

import numpy as np
import pytest

from desktop_app.engine.backends import packing
from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import (
    LoraSettings,
    Measurement,
    Model,
    PreferencePair,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.thread_settings import TEAM
from tests.engine.backends.conformance.installed import matrices

LORA = LoraSettings(4, 8.0)


def alike(beginning: int, lengths: tuple[int, ...]) -> list[TrainingExample]:
    """Examples that begin with the same tokens, and go on by themselves; half is learned."""
    generator = np.random.default_rng(beginning)
    same = generator.integers(3, 300, beginning)
    made = []
    for length in lengths:
        tokens = np.concatenate([same, generator.integers(3, 300, length)])
        weights = np.zeros(len(tokens), np.float32)
        weights[beginning + length // 2 :] = 1
        made.append(TrainingExample(tokens, weights))
    return made


def found(trainer: Trainer, learn: Callable[[Trainer], Measurement]) -> tuple[Measurement, Array]:
    measured = learn(trainer)
    return measured, np.concatenate([x.ravel() for ab in matrices(trainer).values() for x in ab])


def learn_examples(examples: list[TrainingExample]) -> Callable[[Trainer], Measurement]:
    return lambda trainer: trainer.measure_gradients(examples)  # type: ignore[attr-defined]  # a PackTrainer


def learn_pairs(examples: list[TrainingExample]) -> Callable[[Trainer], Measurement]:
    pairs = [PreferencePair(a, b, 0.1) for a, b in zip(examples[::2], examples[1::2], strict=True)]
    return lambda trainer: trainer.measure_preference_gradients(pairs, 0.3)  # type: ignore[attr-defined]  # a PackTrainer


@pytest.mark.parametrize("learn", [learn_examples, learn_pairs])
@pytest.mark.parametrize("team", [1, 2, 5])
@pytest.mark.parametrize(
    ("beginning", "lengths"),
    [(20, (30, 6, 41, 12)), (150, (40, 20, 3, 8)), (9, (1, 1)), (300, (90, 100, 80, 120))],
)
def test_gradients_are_those_without(
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    learn: Callable[[list[TrainingExample]], Callable[[Trainer], Measurement]],
    team: int,
    beginning: int,
    lengths: tuple[int, ...],
) -> None:
    examples = alike(beginning, lengths)
    monkeypatch.setenv(TEAM, str(team))
    trainer = model.trainer(LORA, seed=1)
    for _ in range(2):  # B is no longer 0
        trainer.step(examples, 1e-2)
    measured, gradient = found(trainer, learn(examples))
    (pack,) = packing.packs(examples, 2000, shares=True)
    assert beginning - 1 <= pack.shared <= beginning
    monkeypatch.setattr(packing, "LEAST_SHARED", 10_000)
    expected, expected_gradient = found(trainer, learn(examples))
    size = float(np.linalg.norm(expected_gradient))
    assert size > 0
    assert float(np.linalg.norm(gradient - expected_gradient)) < 1e-4 * size
    assert measured.loss == pytest.approx(expected.loss, rel=1e-5)


def test_likelihoods_are_those_of_each_alone(model: Model) -> None:
    examples = alike(33, (10, 25, 4))
    trainer = model.trainer(LORA, seed=1)
    trainer.step(examples, 1e-2)
    together = trainer.log_likelihoods(examples)
    assert together == pytest.approx(
        np.array([trainer.log_likelihoods([each])[0] for each in examples]), abs=1e-4
    )
