"""The loop of a run, with the real trainer on the tiny model."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import LoraSettings, Model, Trainer, TrainingExample
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.encoding import RefusedLineError, encode_file, encode_line
from desktop_app.engine.jobs_runner.job_folder import adapter_name, states, step_of
from desktop_app.engine.jobs_runner.lessons import SupervisedLessons
from desktop_app.engine.jobs_runner.settings import PEAK_LEARNING_RATE
from desktop_app.engine.jobs_runner.training_run import DivergedError, TrainingRun
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    LogReader,
    LogWriter,
    Measured,
)
from tests.engine.service.engine_child import example_lines

PLAN = BatchPlan(n_examples=6, batch_size=2, n_epochs=3, seed=4)
LORA = LoraSettings(rank=4, alpha=8)
STEPS = 9


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return NumpyLlamaBackend().load(tiny_model)


@dataclass(frozen=True)
class Material:
    """What is learned from, and what is only measured."""

    training: list[TrainingExample]
    validation: list[TrainingExample]

    def lessons(self, trainer: Trainer) -> SupervisedLessons:
        return SupervisedLessons(trainer, self.training, self.validation)


@pytest.fixture(scope="module")
def material(model: Model) -> Material:
    encoded = [encode_line(model, line.encode()) for line in example_lines(8)]
    return Material(encoded[:6], encoded[6:])


@dataclass
class StopAfter(threading.Event):
    """Stops a run behind a step, as the service would."""

    log: LogReader
    step: int
    seen: list[Measured] = field(default_factory=list)

    def is_set(self) -> bool:
        """Look what the run has told so far."""
        self.seen += [line for line in self.log.lines() if isinstance(line, Measured)]
        return bool(self.seen) and self.seen[-1].step >= self.step


class Runs:
    """Attempts at one job in one folder."""

    def __init__(self, folder: Path, model: Model, material: Material) -> None:
        self.folder = folder
        self._model = model
        self._material = material
        self._attempt = 0

    def attempt(self, stop_after: int = STEPS + 1) -> bool:
        """Go on from the saved state; whether the end was reached."""
        self._attempt += 1
        path = self.folder / f"log-{self._attempt}"
        log, stop = LogWriter(path), StopAfter(LogReader(path), stop_after)
        trainer = self._model.trainer(LORA, seed=PLAN.seed, broken_off=stop.is_set)
        step = 0
        for state in states(self.folder):
            trainer.load_checkpoint(state)
            step = step_of(state)
        lessons = self._material.lessons(trainer)
        run = TrainingRun(trainer, lessons, PLAN, PEAK_LEARNING_RATE, self.folder, log, stop)
        done = run.go_on(step)
        log.close()
        return done

    def measured(self) -> Iterator[tuple[int, float | None, float | None]]:
        """Yield steps with training and full validation loss, over all attempts."""
        for number in range(1, self._attempt + 1):
            for line in LogReader(self.folder / f"log-{number}").lines():
                if isinstance(line, Measured):
                    yield line.step, line.train_loss, line.full_valid_loss

    def adapter(self) -> bytes:
        """Return the last adapter."""
        return (self.folder / adapter_name(STEPS) / "adapter_model.safetensors").read_bytes()


def new_runs(folder: Path, model: Model, material: Material) -> Runs:
    folder.mkdir()
    return Runs(folder, model, material)


@pytest.mark.parametrize("stop_after", [0, 1, 3, 5, 8])
def test_a_run_goes_on_bit_for_bit(
    tmp_path: Path, model: Model, material: Material, stop_after: int
) -> None:
    straight = new_runs(tmp_path / "straight", model, material)
    assert straight.attempt()
    broken = new_runs(tmp_path / "broken", model, material)
    assert not broken.attempt(stop_after)
    assert not broken.attempt(stop_after + 1) or stop_after == STEPS - 1
    while not (broken.folder / adapter_name(STEPS)).exists():
        assert broken.attempt()
    # Step 0, the model before training, is measured again if nothing else was done.
    told = dict.fromkeys(broken.measured())
    assert list(told) == list(straight.measured())
    assert broken.adapter() == straight.adapter()


def test_what_a_run_leaves_on_disk(tmp_path: Path, model: Model, material: Material) -> None:
    runs = new_runs(tmp_path / "run", model, material)
    assert runs.attempt()
    lines = list(LogReader(runs.folder / "log-1").lines())
    assert [line.step for line in lines if isinstance(line, Exported)] == [3, 6]
    done = lines[-1]
    assert isinstance(done, Done)
    assert done.trained_tokens == 3 * sum(len(e.tokens) for e in material.training)
    assert done.tokens_per_second is not None
    adapters = sorted(path.name for path in runs.folder.glob("adapter-*"))
    assert adapters == [adapter_name(step) for step in (3, 6, 9)]
    assert states(runs.folder) == []


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_a_loss_that_is_no_number_ends_the_run(
    tmp_path: Path, model: Model, material: Material
) -> None:
    trainer = model.trainer(LORA, seed=0)
    log = LogWriter(tmp_path / "log")
    lessons = SupervisedLessons(trainer, material.training, [])
    run = TrainingRun(trainer, lessons, PLAN, 1e30, tmp_path, log, threading.Event())
    with pytest.raises(DivergedError):
        run.go_on(0)
    log.close()
    told = list(LogReader(tmp_path / "log").lines())
    assert len(told) < STEPS
    assert all(isinstance(line, Measured | Exported) for line in told)


def test_encoding_takes_every_shape_of_the_format(model: Model, tmp_path: Path) -> None:
    question = b'{"role": "user", "content": "is it"}'
    plain = encode_line(
        model,
        b'{"messages": [' + question + b', {"role": "assistant", "content": "yes"}]}',
    )
    in_parts = encode_line(
        model,
        b'{"messages": ['
        + question.replace(b'"is it"', b'[{"type": "text", "text": "is it"}]')
        + b', {"role": "assistant", "content": "yes", "weight": null, "name": null}],'
        b' "tools": "[]"}',
    )
    assert np.array_equal(plain.tokens, in_parts.tokens)
    assert np.array_equal(plain.loss_weights, in_parts.loss_weights)
    unweighted = example_lines(3, weight=0)
    path = tmp_path / "file"
    path.write_text("\n".join([*unweighted, *example_lines(2)]))
    encoded = encode_file(model, path)
    assert (len(encoded.examples), encoded.skipped) == (2, 3)


def test_an_example_that_the_model_refuses_is_named(model: Model, tmp_path: Path) -> None:
    class Refusing:
        """A model whose template takes no second example."""

        calls = 0

        def training_example(self, messages: object, tools: object) -> TrainingExample:
            self.calls += 1
            if self.calls == 2:
                raise ValueError
            return TrainingExample(np.zeros(1, np.int64), np.ones(1, np.float32))

    path = tmp_path / "validation.jsonl"
    path.write_text("\n\n".join(example_lines(3)))
    with pytest.raises(RefusedLineError) as caught:
        encode_file(Refusing(), path)  # type: ignore[arg-type]  # all that is asked of a model here
    assert (caught.value.number, caught.value.file) == (3, "validation_file")
