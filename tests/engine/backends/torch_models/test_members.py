"""Several threads with sequences of their own compute what one does."""

import threading
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from desktop_app.engine.backends.backend import (
    BrokenOffError,
    LoraSettings,
    PreferencePair,
    TrainingExample,
)
from desktop_app.engine.backends.thread_settings import TEAM
from desktop_app.engine.backends.torch_models import model as torch_model
from desktop_app.engine.backends.torch_models import readout
from desktop_app.engine.backends.torch_models.backend import TorchBackend
from desktop_app.engine.backends.torch_models.plan import MemoryPlan
from desktop_app.engine.backends.torch_models.trainer import TorchTrainer
from tests.engine.backends.double_precision import random_example

SEVERAL = [random_example(seed, length) for seed, length in ((1, 70), (2, 120), (3, 7), (4, 90))]
ALONE = [random_example(5, 260)]
LORA = LoraSettings(4)
CLOSE = {"rtol": 1e-4, "atol": 1e-6}


class Switch:
    """Breaks off at the nth question, and from then on."""

    def __init__(self) -> None:
        self.left = 1 << 30
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        with self._lock:
            self.left -= 1
            return self.left <= 0


@pytest.fixture(autouse=True)
def same_threads_afterwards() -> object:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def trainer_of(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch, members: int, switch: Switch | None = None
) -> TorchTrainer:
    monkeypatch.setenv(TEAM, str(members))
    model = TorchBackend("cpu", "float32").load(tiny_path)
    made = model.trainer(LORA, seed=1, broken_off=switch or Switch())
    assert isinstance(made, TorchTrainer)
    torch.manual_seed(2)
    with torch.no_grad():
        made.adapters.flat.normal_(0, 0.1)
    return made


def gradient(trainer: TorchTrainer, batch: Sequence[TrainingExample]) -> torch.Tensor:
    trainer.measure_gradients(batch)
    return trainer.gradients.clone()


@pytest.mark.parametrize("batch", [SEVERAL, ALONE, SEVERAL * 3], ids=["several", "one", "packs"])
@pytest.mark.parametrize("members", [2, 3, 8])
def test_the_gradient_of_several_is_that_of_one(
    tiny_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    batch: list[TrainingExample],
    members: int,
) -> None:
    alone = trainer_of(tiny_path, monkeypatch, 1)
    several = trainer_of(tiny_path, monkeypatch, members)
    expected = gradient(alone, batch)
    assert float(expected.norm()) > 0.1
    torch.testing.assert_close(gradient(several, batch), expected, **CLOSE)
    found = several.validate(batch)
    assert astuple(found) == pytest.approx(astuple(alone.validate(batch)), rel=1e-5)


def test_the_threads_of_this_process_stay_what_they_were(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(2)
    several = trainer_of(tiny_path, monkeypatch, 3)
    for batch in (SEVERAL, ALONE):
        several.step(batch, 1e-2)
        assert torch.get_num_threads() == 2


def test_several_give_the_very_same_bits_again(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = trainer_of(tiny_path, monkeypatch, 3)
    first = gradient(several, SEVERAL)
    assert torch.equal(gradient(several, SEVERAL), first)
    several.save_memory()
    torch.testing.assert_close(gradient(several, SEVERAL), first, **CLOSE)


def test_several_follow_the_optimizer(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each member sees the numbers that a step has made."""
    losses = []
    for members in (1, 3):
        trainer = trainer_of(tiny_path, monkeypatch, members)
        losses.append([trainer.step(SEVERAL, 1e-2).loss for _ in range(5)])
    assert losses[0][-1] < 0.9 * losses[0][0]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_preferences_are_learned_alike(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [PreferencePair(SEVERAL[0], SEVERAL[1], 0.5), PreferencePair(ALONE[0], SEVERAL[3], 0)]
    found = []
    for members in (1, 3):
        trainer = trainer_of(tiny_path, monkeypatch, members)
        trainer.measure_preference_gradients(pairs, 0.1)
        found.append(trainer.gradients.clone())
    assert float(found[0].norm()) > 0
    torch.testing.assert_close(found[1], found[0], **CLOSE)


@pytest.mark.parametrize("question", [1, 4, 8, 11])
def test_several_break_off_and_leave_nothing_behind(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch, question: int
) -> None:
    switch = Switch()
    several = trainer_of(tiny_path, monkeypatch, 3, switch)
    expected = gradient(several, SEVERAL)
    switch.left = question
    with pytest.raises(BrokenOffError):
        several.measure_gradients(SEVERAL)
    switch.left = 1 << 30
    assert torch.equal(gradient(several, SEVERAL), expected)


def test_one_who_finds_no_memory_speaks_for_all(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = trainer_of(tiny_path, monkeypatch, 2)
    expected = gradient(several, SEVERAL)
    chosen, calls = readout._chosen, iter(range(100))  # the fault is put there

    def failing(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if next(calls) == 1:
            raise torch.OutOfMemoryError
        return chosen(logits, targets)

    with patch.object(readout, "_chosen", failing), pytest.raises(MemoryError):
        several.measure_gradients(SEVERAL)
    assert torch.equal(gradient(several, SEVERAL), expected)


def test_there_are_several_only_where_one_process_has_the_processor(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_model, "plan", lambda _demand, _free, most: MemoryPlan(most))
    assert trainer_of(tiny_path, monkeypatch, 1).plan.pack_tokens == 512
    assert trainer_of(tiny_path, monkeypatch, 3).plan.pack_tokens == 1536
    assert trainer_of(tiny_path, monkeypatch, 99).plan.pack_tokens == 2048
