from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import (
    CheckpointError,
    LoraSettings,
    Measurement,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.backends.double_precision import random_example

BATCHES = [[random_example(seed), random_example(seed + 50)] for seed in range(4)]


def run(trainer: Trainer, batches: Sequence[Sequence[TrainingExample]]) -> list[Measurement]:
    return [trainer.step(batch, 1e-2) for batch in batches]


def exported(trainer: Trainer, folder: Path) -> bytes:
    trainer.export_adapter(folder)
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_loss_falls_and_accuracy_rises(tiny_model: NumpyLlamaModel) -> None:
    trainer = tiny_model.trainer(LoraSettings(8), seed=1)
    before = trainer.validate(BATCHES[0])
    run(trainer, [BATCHES[0]] * 40)
    after = trainer.validate(BATCHES[0])
    assert after.loss < before.loss / 3
    assert after.accuracy > 0.8 > before.accuracy
    assert after.tokens == 10


def test_what_a_step_measures_is_before_the_step(tiny_model: NumpyLlamaModel) -> None:
    trainer = tiny_model.trainer(LoraSettings(4), seed=1)
    validated = trainer.validate(BATCHES[0])
    assert trainer.step(BATCHES[0], 1e-2).loss == pytest.approx(validated.loss, rel=1e-6)


def test_a_fresh_run_begins_at_the_model_itself(tiny_model: NumpyLlamaModel) -> None:
    example = random_example(1)
    scores = tiny_model.score(example.tokens)[example.loss_weights > 0]
    measured = tiny_model.trainer(LoraSettings(4), seed=9).validate([example])
    assert measured.loss == pytest.approx(-float(scores.mean()), rel=1e-5)


def test_the_seed_makes_a_run_reproducible(tiny_model: NumpyLlamaModel, tmp_path: Path) -> None:
    results = []
    for place, seed in enumerate((1, 1, 2)):
        trainer = tiny_model.trainer(LoraSettings(4), seed=seed)
        results.append((run(trainer, BATCHES), exported(trainer, tmp_path / str(place))))
    assert results[0] == results[1]
    assert results[0][1] != results[2][1]


def test_a_resumed_run_is_the_same_bit_for_bit(tiny_model: NumpyLlamaModel, tmp_path: Path) -> None:
    whole = tiny_model.trainer(LoraSettings(4), seed=1)
    measured = run(whole, BATCHES)
    first = tiny_model.trainer(LoraSettings(4), seed=1)
    run(first, BATCHES[:2])
    first.save_checkpoint(tmp_path / "step-2.safetensors")
    second = tiny_model.trainer(LoraSettings(4), seed=1)
    second.load_checkpoint(tmp_path / "step-2.safetensors")
    assert run(second, BATCHES[2:]) == measured[2:]
    assert exported(second, tmp_path / "b") == exported(whole, tmp_path / "a")


def test_weight_0_is_not_learned(tiny_model: NumpyLlamaModel, tmp_path: Path) -> None:
    """Tokens of weight 0 after the last supervised one make no difference at all."""
    example = random_example(1)
    last = int(np.flatnonzero(example.loss_weights)[-1])
    longer = TrainingExample(
        np.concatenate([example.tokens[: last + 1], [7, 8, 9]]),
        np.concatenate([example.loss_weights[: last + 1], np.zeros(3, np.float32)]),
    )
    adapters = []
    for place, chosen in enumerate((example, longer)):
        trainer = tiny_model.trainer(LoraSettings(4), seed=1)
        trainer.step([chosen], 1e-2)
        adapters.append(exported(trainer, tmp_path / str(place)))
    assert adapters[0] == adapters[1]


def test_a_batch_with_nothing_to_learn_changes_nothing(
    tiny_model: NumpyLlamaModel, tmp_path: Path
) -> None:
    trainer = tiny_model.trainer(LoraSettings(4), seed=1)
    before = exported(trainer, tmp_path / "before")
    silent = replace(random_example(1), loss_weights=np.zeros(12, np.float32))
    assert trainer.step([silent], 1e-2) == Measurement(0.0, 0.0, 0)
    assert trainer.validate([]) == Measurement(0.0, 0.0, 0)
    assert exported(trainer, tmp_path / "after") == before


def test_fractional_weights_count_in_the_mean(tiny_model: NumpyLlamaModel) -> None:
    trainer = tiny_model.trainer(LoraSettings(4), seed=1)
    one, other = random_example(1), random_example(2)
    half = replace(other, loss_weights=other.loss_weights * np.float32(0.5))
    losses = [trainer.validate([example]).loss for example in (one, other)]
    expected = (losses[0] + losses[1] / 2) / 1.5
    assert trainer.validate([one, half]).loss == pytest.approx(expected, rel=1e-5)


@pytest.fixture
def saved(tiny_model: NumpyLlamaModel, tmp_path: Path) -> Path:
    trainer = tiny_model.trainer(LoraSettings(4), seed=1)
    run(trainer, BATCHES[:1])
    path = tmp_path / "checkpoint.safetensors"
    trainer.save_checkpoint(path)
    return path


def test_a_checkpoint_leaves_no_other_file(saved: Path) -> None:
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_cut_checkpoint_is_refused(
    tiny_model: NumpyLlamaModel, saved: Path, share: float
) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match="damaged"):
        tiny_model.trainer(LoraSettings(4), seed=1).load_checkpoint(saved)


def test_a_checkpoint_with_one_wrong_bit_is_refused_and_changes_nothing(
    tiny_model: NumpyLlamaModel, saved: Path, tmp_path: Path
) -> None:
    content = bytearray(saved.read_bytes())
    content[-1000] ^= 1
    saved.write_bytes(content)
    trainer = tiny_model.trainer(LoraSettings(4), seed=1)
    before = exported(trainer, tmp_path / "before")
    with pytest.raises(CheckpointError, match="damaged"):
        trainer.load_checkpoint(saved)
    assert exported(trainer, tmp_path / "after") == before


@pytest.mark.parametrize(("rank", "alpha", "seed"), [(8, 32.0, 1), (4, 16.0, 1), (4, 32.0, 2)])
def test_a_checkpoint_of_another_run_is_refused(
    tiny_model: NumpyLlamaModel, saved: Path, rank: int, alpha: float, seed: int
) -> None:
    with pytest.raises(CheckpointError, match="another run"):
        tiny_model.trainer(LoraSettings(rank, alpha), seed=seed).load_checkpoint(saved)


def test_a_missing_checkpoint_is_refused(tiny_model: NumpyLlamaModel, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        tiny_model.trainer(LoraSettings(4), seed=1).load_checkpoint(tmp_path / "none")
