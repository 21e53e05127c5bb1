from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings, TrainingExample
from desktop_app.engine.backends.numpy_llama import transformer
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.packing import PACK_TOKENS, packs
from tests.engine.backends.double_precision import double_weights, random_example

BATCH = [random_example(seed, length) for seed, length in ((1, 12), (2, 40), (3, 7))]


@pytest.fixture
def trainer(tiny_path: Path) -> NumpyLlamaTrainer:
    made = NumpyLlamaTrainer(double_weights(tiny_path), "tiny", LoraSettings(4), seed=1)
    generator = np.random.default_rng(2)
    made.parameters.flat[:] = generator.normal(0, 0.1, made.parameters.flat.shape)
    return made


def gradient(trainer: NumpyLlamaTrainer, batch: Sequence[TrainingExample]) -> Array:
    trainer.measure_gradients(batch)
    return trainer.gradients.flat.copy()


def test_a_pack_is_its_sequences_one_by_one(
    trainer: NumpyLlamaTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(list(packs(BATCH, trainer.pack_tokens, shares=True))) == 1
    together, measured = gradient(trainer, BATCH), trainer.validate(BATCH)
    trainer.pack_tokens = 1
    assert len(list(packs(BATCH, trainer.pack_tokens, shares=True))) == 3
    np.testing.assert_allclose(gradient(trainer, BATCH), together, rtol=1e-9, atol=1e-12)
    assert trainer.validate(BATCH).loss == pytest.approx(measured.loss, rel=1e-12)
    assert trainer.validate(BATCH).tokens == measured.tokens == 15


def test_the_mean_is_over_tokens_and_not_over_examples(trainer: NumpyLlamaTrainer) -> None:
    few, many = random_example(1, 12, 2), random_example(2, 12, 8)
    alone = [trainer.validate([example]).loss for example in (few, many)]
    both = trainer.validate([few, many]).loss
    assert both == pytest.approx((2 * alone[0] + 8 * alone[1]) / 10)


@pytest.mark.parametrize("tokens", [0, 40])
def test_layers_run_again_give_the_very_same_gradient(
    trainer: NumpyLlamaTrainer, monkeypatch: pytest.MonkeyPatch, tokens: int
) -> None:
    """With none of the two layers' tapes kept, and with one."""
    kept = gradient(trainer, BATCH)
    monkeypatch.setattr(transformer, "KEPT_TOKENS", tokens)
    assert np.array_equal(gradient(trainer, BATCH), kept)


def test_packs_hold_as_many_whole_examples_as_fit() -> None:
    lengths = [200, 300, 20, 700, 5]
    made = list(packs([_all_supervised(length) for length in lengths], PACK_TOKENS, shares=True))
    assert [[s.stop - s.start for s in pack.sequences] for pack in made] == [
        [199, 299],
        [19],
        [699],
        [4],
    ]


def test_what_predicts_a_target_is_the_token_before_it() -> None:
    weights = np.array([0, 0, 1, 0, 0.5, 0, 0], np.float32)
    (pack,) = packs([TrainingExample(np.arange(10, 17), weights)] * 2, PACK_TOKENS, shares=True)
    assert pack.tokens.tolist() == [10, 11, 12, 13] * 2
    assert pack.positions.tolist() == [0, 1, 2, 3] * 2
    assert pack.tokens[pack.predicting].tolist() == [11, 13] * 2
    assert pack.targets.tolist() == [12, 14] * 2
    assert pack.weights.tolist() == [1, 0.5] * 2


def test_what_all_begin_with_is_read_once() -> None:
    beginning = np.arange(50, 62)
    weights = np.array([0] * 13 + [1, 1], np.float32)
    examples = [
        TrainingExample(np.concatenate([beginning, [first, 7, 8]]), weights) for first in (1, 2, 2)
    ]
    (pack,) = packs(examples, PACK_TOKENS, shares=True)
    assert pack.shared == 12
    assert pack.tokens.tolist() == [*beginning, 1, 7, 2, 7, 2, 7]
    assert pack.positions.tolist() == [*range(14), 12, 13, 12, 13]
    assert pack.sequences == [slice(0, 14), slice(14, 16), slice(16, 18)]
    assert pack.predicting.tolist() == [12, 13, 14, 15, 16, 17]
    assert pack.targets.tolist() == [7, 8] * 3
    assert pack.sums(np.arange(6.0)).tolist() == [1, 5, 9]
    (apart,) = packs(examples, PACK_TOKENS, shares=False)
    assert apart.shared == 0
    assert len(apart.tokens) == 3 * 14


def test_a_token_that_predicts_something_is_not_shared() -> None:
    tokens = np.arange(20)
    early = np.zeros(20, np.float32)
    early[10] = 1
    late = np.zeros(20, np.float32)
    late[19] = 1
    (pack,) = packs(
        [TrainingExample(tokens, late), TrainingExample(tokens, early)], 512, shares=True
    )
    assert pack.shared == 9
    early[5] = 1
    (pack,) = packs(
        [TrainingExample(tokens, late), TrainingExample(tokens, early)], 512, shares=True
    )
    assert pack.shared == 0


def test_examples_with_nothing_to_learn_make_no_pack() -> None:
    empty = TrainingExample(np.arange(0), np.zeros(0, np.float32))
    assert not list(
        packs(
            [TrainingExample(np.arange(5), np.zeros(5, np.float32)), empty],
            PACK_TOKENS,
            shares=True,
        )
    )
    assert not list(packs([], PACK_TOKENS, shares=True))


def _all_supervised(length: int) -> TrainingExample:
    weights = np.ones(length, np.float32)
    weights[0] = 0
    return TrainingExample(np.zeros(length, np.int64), weights)
