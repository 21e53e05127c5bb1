"""Training: each back end by itself, and all of them against NumPy's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import (
    BrokenOffError,
    CheckpointError,
    LoraSettings,
    Measurement,
    Model,
    OtherRunError,
    PreferencePair,
    Trainer,
    TrainingExample,
)
from tests.engine.backends.conformance.installed import BATCHES, example, matrices

LORA = LoraSettings(4, 8.0)
BETA = 0.3
PAIRS = [PreferencePair(example(n), example(n + 60, 17, 7), n / 10) for n in range(5)]


def run(trainer: Trainer, batches: Sequence[Sequence[TrainingExample]]) -> list[Measurement]:
    return [trainer.step(batch, 1e-2) for batch in batches]


def exported(trainer: Trainer, folder: Path) -> bytes:
    trainer.export_adapter(folder)
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_loss_falls_and_accuracy_rises(model: Model) -> None:
    trainer = model.trainer(LORA, seed=1)
    before = trainer.validate(BATCHES[0])
    run(trainer, [BATCHES[0]] * 60)
    after = trainer.validate(BATCHES[0])
    assert after.loss < before.loss / 3
    assert after.accuracy > 0.8 > before.accuracy
    assert after.tokens == 25


def test_what_a_step_measures_is_before_the_step(model: Model) -> None:
    trainer = model.trainer(LORA, seed=1)
    validated = trainer.validate(BATCHES[0])
    assert trainer.step(BATCHES[0], 1e-2).loss == pytest.approx(validated.loss, rel=1e-5)


def test_a_fresh_run_begins_at_the_model_itself(model: Model) -> None:
    scores = model.score(BATCHES[0][2].tokens)[BATCHES[0][2].loss_weights > 0]
    measured = model.trainer(LORA, seed=9).validate([BATCHES[0][2]])
    assert measured.loss == pytest.approx(-float(scores.mean()), rel=1e-5)


def test_a_pack_gives_what_its_sequences_give(model: Model) -> None:
    trainer = model.trainer(LORA, seed=1)
    run(trainer, BATCHES[:1])
    together = trainer.log_likelihoods(BATCHES[1])
    alone = [trainer.log_likelihoods([each])[0] for each in BATCHES[1]]
    assert together == pytest.approx(np.array(alone), abs=1e-4)


def test_the_seed_makes_a_run_reproducible(model: Model, tmp_path: Path) -> None:
    results = []
    for place, seed in enumerate((1, 1, 2)):
        trainer = model.trainer(LORA, seed=seed)
        results.append((run(trainer, BATCHES), exported(trainer, tmp_path / str(place))))
    assert results[0] == results[1]
    assert results[0][1] != results[2][1]


def test_a_resumed_run_is_the_same_bit_for_bit(model: Model, tmp_path: Path) -> None:
    whole = model.trainer(LORA, seed=1)
    measured = run(whole, BATCHES)
    first = model.trainer(LORA, seed=1)
    run(first, BATCHES[:2])
    first.save_checkpoint(tmp_path / "step-2.safetensors")
    run(first, BATCHES[:1])  # what comes after has no part in what was saved
    second = model.trainer(LORA, seed=1)
    second.load_checkpoint(tmp_path / "step-2.safetensors")
    assert run(second, BATCHES[2:]) == measured[2:]
    assert exported(second, tmp_path / "b") == exported(whole, tmp_path / "a")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_cut_checkpoint_is_refused(model: Model, tmp_path: Path, share: float) -> None:
    path = tmp_path / "saved"
    model.trainer(LORA, seed=1).save_checkpoint(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match="damaged"):
        model.trainer(LORA, seed=1).load_checkpoint(path)


def test_a_wrong_bit_is_found_and_changes_nothing(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=1)
    trainer.save_checkpoint(tmp_path / "saved")
    content = bytearray((tmp_path / "saved").read_bytes())
    content[-1000] ^= 1
    (tmp_path / "saved").write_bytes(content)
    before = exported(trainer, tmp_path / "before")
    with pytest.raises(CheckpointError, match="damaged"):
        trainer.load_checkpoint(tmp_path / "saved")
    assert exported(trainer, tmp_path / "after") == before


def test_a_checkpoint_of_another_run_is_refused(model: Model, tmp_path: Path) -> None:
    model.trainer(LORA, seed=1).save_checkpoint(tmp_path / "saved")
    for lora, seed in ((replace(LORA, rank=8), 1), (replace(LORA, alpha=4.0), 1), (LORA, 2)):
        with pytest.raises(OtherRunError, match="another run"):
            model.trainer(lora, seed=seed).load_checkpoint(tmp_path / "saved")


@pytest.mark.parametrize("asked", [1, 2, 3, 4])
def test_a_step_that_is_broken_off_changes_nothing(
    model: Model, tmp_path: Path, asked: int
) -> None:
    """One is asked at least twice a layer, there and back."""
    left = [-1]

    def broken_off() -> bool:
        left[0] -= 1
        return left[0] == 0

    trainer = model.trainer(LORA, seed=1, broken_off=broken_off)
    whole = model.trainer(LORA, seed=1)
    before = exported(trainer, tmp_path / "before")
    left[0] = asked
    with pytest.raises(BrokenOffError):
        trainer.step(BATCHES[0], 1e-2)
    assert exported(trainer, tmp_path / "after") == before
    assert trainer.step(BATCHES[0], 1e-2) == whole.step(BATCHES[0], 1e-2)


def test_with_less_memory_the_numbers_are_the_same(model: Model) -> None:
    usual, saving = (model.trainer(LORA, seed=1) for _ in range(2))
    saving.save_memory()
    assert saving.plan.saves_memory
    assert saving.plan.pack_tokens == usual.plan.pack_tokens // 2
    for found, expected in zip(run(saving, BATCHES), run(usual, BATCHES), strict=True):
        assert found.loss == pytest.approx(expected.loss, rel=1e-5)


def test_preferences_are_learned(model: Model) -> None:
    trainer = model.trainer(LORA, seed=1)
    before = trainer.validate_preferences(PAIRS, BETA)
    for _ in range(20):
        trainer.step_preferences(PAIRS, 1e-2, BETA)
    after = trainer.validate_preferences(PAIRS, BETA)
    assert after.loss < before.loss / 2
    assert after.accuracy == 1


def test_all_back_ends_find_the_same_gradients(models: dict[str, Model]) -> None:
    expected, reference = _gradients(models["numpy_llama"])
    for model in models.values():
        gradients, measured = _gradients(model)
        assert measured.loss == pytest.approx(reference.loss, rel=1e-5)
        assert (measured.accuracy, measured.tokens) == (reference.accuracy, reference.tokens)
        assert gradients.keys() == expected.keys()
        for name, (d_a, d_b) in gradients.items():
            for found, known in ((d_a, expected[name][0]), (d_b, expected[name][1])):
                assert np.linalg.norm(found - known) <= 1e-3 * np.linalg.norm(known), name


def _gradients(model: Model) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], Measurement]:
    trainer = model.trainer(LORA, seed=3)
    trainer.step(BATCHES[0], 1e-2)  # B is no longer 0
    measured = trainer.measure_gradients(BATCHES[1])  # type: ignore[attr-defined]  # PackTrainer
    return matrices(trainer), measured


def test_all_back_ends_take_the_same_steps(models: dict[str, Model]) -> None:
    expected = run(models["numpy_llama"].trainer(LORA, seed=3), BATCHES)
    for model in models.values():
        found = run(model.trainer(LORA, seed=3), BATCHES)
        for one, other in zip(found, expected, strict=True):
            assert one.loss == pytest.approx(other.loss, rel=1e-4)


def test_all_back_ends_compare_alike(models: dict[str, Model]) -> None:
    def steps(model: Model) -> list[Measurement]:
        trainer = model.trainer(LORA, seed=3)
        return [trainer.step_preferences(PAIRS, 1e-3, BETA) for _ in range(4)]

    expected = steps(models["numpy_llama"])
    for model in models.values():
        for one, other in zip(steps(model), expected, strict=True):
            assert one.loss == pytest.approx(other.loss, rel=1e-3)
            assert (one.accuracy, one.tokens) == (other.accuracy, other.tokens)
