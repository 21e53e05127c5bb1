"""The loop of a run: steps, measurements, checkpoints.

What it computes depends on its plan alone, never on when it was interrupted: a run taken up again
gives the same numbers to the last bit.
"""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.backend import Measurement, Trainer, TrainingExample
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.job_folder import adapter_name, state_path, states
from desktop_app.engine.jobs_runner.settings import learning_rate
from desktop_app.engine.jobs_runner.worker_log import Done, Exported, LogWriter, Measured

SAVE_SECONDS = 30.0


class DivergedError(Exception):
    """The loss is no number any more."""


@dataclass(frozen=True)
class Material:
    """What is learned from, and what is only measured."""

    training: Sequence[TrainingExample]
    validation: Sequence[TrainingExample]


class TrainingRun:
    """One attempt at a run, from its last saved state to its end or the wish to stop."""

    def __init__(  # what a run is made of
        self,
        trainer: Trainer,
        plan: BatchPlan,
        material: Material,
        multiplier: float,
        folder: Path,
        log: LogWriter,
    ) -> None:
        self._trainer = trainer
        self._plan = plan
        self._material = material
        self._multiplier = multiplier
        self._folder = folder
        self._log = log
        self._sample = [
            material.validation[place] for place in plan.validation_sample(len(material.validation))
        ]
        self._began_at = self._saved_at = time.monotonic()
        self._steps = 0
        self._training_seconds = 0.0
        self._training_tokens = 0

    def go_on(self, step: int, stop: threading.Event) -> bool:
        """Train from behind `step`; whether the end was reached. Raises DivergedError."""
        if step == 0 and self._material.validation:
            self._log_measured(0, {}, full=True)
        while step < self._plan.total_steps:
            if stop.is_set():
                return False
            step += 1
            self._do(step)
            if step < self._plan.total_steps and self._is_save_due(step, stop):
                self._save(step)
        self._log.write(
            Done(
                step=step,
                at=time.time(),
                trained_tokens=self._plan.n_epochs
                * sum(len(example.tokens) for example in self._material.training),
                tokens_per_second=self._training_tokens / self._training_seconds
                if self._training_seconds
                else None,
            )
        )
        self._log.sync()
        return True

    def _do(self, step: int) -> None:
        batch = [self._material.training[place] for place in self._plan.batch(step)]
        rate = learning_rate(step, self._plan.total_steps, self._multiplier)
        began_at = time.monotonic()
        measured = self._trainer.step(batch, rate)
        self._training_seconds += time.monotonic() - began_at
        self._training_tokens += sum(len(example.tokens) for example in batch)
        self._steps += 1
        if not math.isfinite(measured.loss):
            raise DivergedError
        train = {
            "train_loss": measured.loss,
            "train_mean_token_accuracy": measured.accuracy,
        }
        ends_epoch = self._plan.ends_epoch(step)
        self._log_measured(step, train, full=ends_epoch)
        if ends_epoch:
            self._trainer.export_adapter(self._folder / adapter_name(step))
            if step < self._plan.total_steps:
                self._log.write(Exported(step=step, at=time.time()))

    def _log_measured(self, step: int, values: dict[str, float], *, full: bool) -> None:
        validation = self._material.validation
        if validation and full:
            measured = self._trainer.validate(validation)
            values |= _named("full_valid", measured)
        if validation and step and self._plan.samples_validation(step):
            values |= _named("valid", self._trainer.validate(self._sample))
        elapsed = time.monotonic() - self._began_at
        left = self._plan.total_steps - step
        line = Measured(
            step=step,
            total_steps=self._plan.total_steps,
            at=time.time(),
            seconds_left=left * elapsed / self._steps if self._steps else 0.0,
            **values,
        )
        self._log.write(line)

    def _is_save_due(self, step: int, stop: threading.Event) -> bool:
        late = time.monotonic() - self._saved_at > SAVE_SECONDS
        return late or self._plan.ends_epoch(step) or stop.is_set()

    def _save(self, step: int) -> None:
        """Save the state, behind which lies nothing that the log does not hold."""
        self._log.sync()
        earlier = states(self._folder)
        self._trainer.save_checkpoint(state_path(self._folder, step))
        for path in earlier:
            path.unlink()
        self._saved_at = time.monotonic()


def _named(prefix: str, measured: Measurement) -> dict[str, float]:
    if not math.isfinite(measured.loss):
        raise DivergedError
    return {f"{prefix}_loss": measured.loss, f"{prefix}_mean_token_accuracy": measured.accuracy}
