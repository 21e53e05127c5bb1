"""Several threads with rows of their own compute what one does."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import (
    BrokenOffError,
    LoraSettings,
    PreferencePair,
    TrainingExample,
)
from desktop_app.engine.backends.numpy_llama import transformer
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.thread_settings import TEAM, training_environment
from desktop_app.engine.backends.thread_team import ThreadTeam, team_size
from tests.engine.backends.double_precision import double_weights, random_example

SEVERAL = [random_example(seed, length) for seed, length in ((1, 70), (2, 120), (3, 7), (4, 90))]
LONG = [random_example(5, 260)]


class Switch:
    """Breaks off at the nth question."""

    def __init__(self) -> None:
        self.left = -1
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        with self._lock:
            self.left -= 1
            return self.left == 0


def trainer_of(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch, members: int, switch: Switch | None = None
) -> NumpyLlamaTrainer:
    for name, value in training_environment(1, members).items():
        monkeypatch.setenv(name, value)
    made = NumpyLlamaTrainer(
        double_weights(tiny_path), "tiny", LoraSettings(4), seed=1, broken_off=switch or Switch()
    )
    generator = np.random.default_rng(2)
    made.parameters.flat[:] = generator.normal(0, 0.1, made.parameters.flat.shape)
    return made


def gradient(trainer: NumpyLlamaTrainer, batch: Sequence[TrainingExample]) -> Array:
    trainer.measure_gradients(batch)
    return trainer.gradients.flat.copy()


@pytest.mark.parametrize("batch", [SEVERAL, LONG], ids=["several", "long"])
@pytest.mark.parametrize("members", [2, 3, 8])
def test_the_gradient_of_a_team_is_that_of_one(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch, batch: list[TrainingExample], members: int
) -> None:
    alone = trainer_of(tiny_path, monkeypatch, 1)
    team = trainer_of(tiny_path, monkeypatch, members)
    expected = gradient(alone, batch)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(gradient(team, batch), expected, rtol=1e-9, atol=1e-12)
    assert team.validate(batch).loss == pytest.approx(alone.validate(batch).loss, rel=1e-12)


def test_a_team_gives_the_very_same_bits_again_and_with_layers_run_again(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = trainer_of(tiny_path, monkeypatch, 3)
    first = gradient(team, SEVERAL)
    assert np.array_equal(gradient(team, SEVERAL), first)
    monkeypatch.setattr(transformer, "KEPT_TOKENS", 0)
    assert np.array_equal(gradient(team, SEVERAL), first)


def test_preferences_are_learned_alike(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [PreferencePair(SEVERAL[0], SEVERAL[1], 0.5), PreferencePair(LONG[0], SEVERAL[3], 0)]
    found = []
    for members in (1, 3):
        trainer = trainer_of(tiny_path, monkeypatch, members)
        trainer.measure_preference_gradients(pairs, 0.1)
        found.append(trainer.gradients.flat.copy())
    assert np.abs(found[0]).max() > 0
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("question", [1, 4, 8, 11])
def test_a_team_breaks_off_and_leaves_nothing_behind(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch, question: int
) -> None:
    """The tiny model's two layers are asked at 4 times 3 places, on the way and back."""
    switch = Switch()
    team = trainer_of(tiny_path, monkeypatch, 3, switch)
    expected = gradient(team, SEVERAL)
    switch.left = question
    with pytest.raises(BrokenOffError):
        team.measure_gradients(SEVERAL)
    assert np.array_equal(gradient(team, SEVERAL), expected)


def test_one_who_fails_is_not_waited_for() -> None:
    def work(share: int, meet: object) -> int:
        assert callable(meet)
        if share == 2:
            raise ZeroDivisionError
        meet()
        return share

    with pytest.raises(ZeroDivisionError):
        ThreadTeam(3).run(work, [0, 1, 2])
    assert ThreadTeam(3).run(work, [3, 4]) == [3, 4]


@pytest.mark.parametrize(("told", "size"), [("6", 6), ("", 1), ("many", 1), ("0", 1)])
def test_a_team_is_as_large_as_told(monkeypatch: pytest.MonkeyPatch, told: str, size: int) -> None:
    monkeypatch.setenv(TEAM, told)
    assert team_size() == size
    monkeypatch.delenv(TEAM)
    assert team_size() == 1


def test_a_team_has_all_physical_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.cpu_count", lambda **_: 8)
    variables = training_environment()
    named = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", TEAM)
    assert [variables[name] for name in named] == ["1", "7", "8"]
    assert training_environment(3, 2)[TEAM] == "2"
