"""Direct preference optimization: its loss, its gradient, and what learning from pairs does."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import (
    BrokenOffError,
    LoraSettings,
    Measurement,
    PreferencePair,
)
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.packing import PACK_TOKENS
from desktop_app.engine.backends.preference import compare, groups
from tests.engine.backends.double_precision import double_weights, random_example

EPSILON = 1e-5


def random_pair(seed: int, *lengths: int, reference: float = 0.0) -> PreferencePair:
    preferred, other = lengths or (12, 9)
    return PreferencePair(
        random_example(seed, preferred), random_example(seed + 100, other), reference
    )


PAIRS = [random_pair(1, 12, 20, reference=3.0), random_pair(2, 7, 7), random_pair(3, 9, 30)]


@pytest.fixture
def trainer(tiny_path: Path) -> NumpyLlamaTrainer:
    """A run in float64 that has learned something already."""
    made = NumpyLlamaTrainer(double_weights(tiny_path), "tiny", LoraSettings(4, 8.0), seed=1)
    generator = np.random.default_rng(2)
    made.parameters.flat[:] = generator.normal(0, 0.1, made.parameters.flat.shape)
    return made


def fresh(model: NumpyLlamaModel, pairs: list[PreferencePair]) -> list[PreferencePair]:
    """Return pairs whose reference is the model itself."""
    trainer = model.trainer(LoraSettings(8), seed=1)
    found = [trainer.log_likelihoods([pair.preferred, pair.other]) for pair in pairs]
    return [
        replace(pair, reference=float(preferred - other))
        for pair, (preferred, other) in zip(pairs, found, strict=True)
    ]


def test_the_loss_of_numbers_worked_out_by_hand() -> None:
    likelihoods = np.array([-10.0, -14.0, -9.0, -5.0])
    found = compare(likelihoods, [random_pair(1, reference=1.0), random_pair(2)], 0.5)
    # Gains are 4 - 1 = 3 and -4 - 0 = -4; sigmoid(1.5) and sigmoid(-2).
    assert found.losses.tolist() == pytest.approx([0.20141327798, 2.12692801104])
    assert found.pulls.tolist() == pytest.approx([0.5 * 0.18242552381, 0.5 * 0.88079707798])
    assert found.right.tolist() == [True, False]


def test_gains_beyond_every_exponential() -> None:
    likelihoods = np.array([-1e6, 0.0, 0.0, -1e6])
    found = compare(likelihoods, [random_pair(1), random_pair(2)], 2.0)
    assert found.losses.tolist() == [2e6, 0.0]
    assert found.pulls.tolist() == [2.0, 0.0]


@pytest.mark.parametrize("beta", [0.1, 0.7, 2.0])
@pytest.mark.parametrize("pack_tokens", [512, 45, 1])
def test_every_lora_matrix_against_differences(
    trainer: NumpyLlamaTrainer, monkeypatch: pytest.MonkeyPatch, beta: float, pack_tokens: int
) -> None:
    """All pairs in one pack, some of them, and each reply by itself."""
    trainer.pack_tokens = pack_tokens
    measured = trainer.measure_preference_gradients(PAIRS, beta)
    assert measured == trainer.validate_preferences(PAIRS, beta)
    gradients = [(d_a.copy(), d_b.copy()) for _, d_a, d_b in trainer.gradients.pairs()]
    generator = np.random.default_rng(5)
    for (_, a, b), (d_a, d_b) in zip(trainer.parameters.pairs(), gradients, strict=True):
        for matrix, gradient in ((a, d_a), (b, d_b)):
            along, original = generator.normal(size=matrix.shape), matrix.copy()
            losses = []
            for side in (1, -1):
                matrix[:] = original + side * EPSILON * along
                losses.append(trainer.validate_preferences(PAIRS, beta).loss)
            matrix[:] = original
            slope = (losses[0] - losses[1]) / (2 * EPSILON)
            assert float((gradient * along).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_pairs_are_packed_whole() -> None:
    pairs = [random_pair(seed, *lengths) for seed, lengths in enumerate([(200, 100), (90, 90)])]
    long = random_pair(9, 300, 290)
    found = [(len(group), fit) for group, fit in groups([*pairs, long, *pairs], PACK_TOKENS)]
    assert found == [(2, True), (1, False), (2, True)]
    assert not list(groups([], PACK_TOKENS))


def test_log_likelihoods_are_those_of_the_model(tiny_model: NumpyLlamaModel) -> None:
    examples = [random_example(seed, length) for seed, length in ((1, 12), (2, 400), (3, 300))]
    silent = replace(examples[0], loss_weights=np.zeros(12, np.float32))
    found = tiny_model.trainer(LoraSettings(4), seed=1).log_likelihoods(
        [examples[0], silent, *examples[1:]]
    )
    expected = [
        float(tiny_model.score(each.tokens)[each.loss_weights > 0].sum()) for each in examples
    ]
    assert found.tolist() == pytest.approx([expected[0], 0.0, *expected[1:]], rel=1e-5)


def test_before_training_no_reply_is_preferred(tiny_model: NumpyLlamaModel) -> None:
    pairs = fresh(tiny_model, PAIRS)
    measured = tiny_model.trainer(LoraSettings(8), seed=1).validate_preferences(pairs, 0.1)
    assert measured.loss == pytest.approx(math.log(2), abs=1e-5)
    assert measured.tokens == 3


def test_the_preferred_reply_gains(tiny_model: NumpyLlamaModel) -> None:
    pairs = fresh(tiny_model, PAIRS)
    trainer = tiny_model.trainer(LoraSettings(8), seed=1)
    first = trainer.step_preferences(pairs, 1e-3, 0.1)
    for _ in range(30):
        trainer.step_preferences(pairs, 1e-3, 0.1)
    last = trainer.validate_preferences(pairs, 0.1)
    assert last.loss < first.loss - 0.1
    assert last.accuracy == 1.0
    for pair in pairs:
        preferred, other = trainer.log_likelihoods([pair.preferred, pair.other])
        assert preferred - other > pair.reference


def test_nothing_to_compare(tiny_model: NumpyLlamaModel) -> None:
    trainer = tiny_model.trainer(LoraSettings(4), seed=1)
    assert trainer.step_preferences([], 1e-3, 0.1) == Measurement(0.0, 0.0, 0)
    assert trainer.validate_preferences([], 0.1) == Measurement(0.0, 0.0, 0)


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_a_step_broken_off_changes_nothing(
    tiny_model: NumpyLlamaModel, tmp_path: Path, calls: int
) -> None:
    """Asked at both layers, on the way there and back."""
    asked = iter([False] * calls)
    trainer = tiny_model.trainer(LoraSettings(4), seed=1, broken_off=lambda: next(asked, True))
    trainer.export_adapter(tmp_path / "before")
    with pytest.raises(BrokenOffError):
        trainer.step_preferences(PAIRS, 1e-3, 0.1)
    with pytest.raises(BrokenOffError):
        trainer.step([random_example(1)], 1e-3)
    with pytest.raises(BrokenOffError):
        trainer.validate([random_example(1)])
    trainer.export_adapter(tmp_path / "after")
    before, after = (
        (tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("before", "after")
    )
    assert before == after
