"""The loop of a run: steps, measurements, checkpoints.

What it computes depends on its plan alone, never on when it was interrupted: a run taken up again
gives the same numbers to the last bit.
"""

import math
import threading
import time
from pathlib import Path

from desktop_app.engine.backends.backend import BrokenOffError, Measurement, Trainer
from desktop_app.engine.jobs_runner import ranks
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.clock import EvenClock
from desktop_app.engine.jobs_runner.lessons import Lessons
from desktop_app.engine.jobs_runner.run_keeper import RunKeeper
from desktop_app.engine.jobs_runner.settings import learning_rate
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    LogWriter,
    Measured,
)

SAVE_SECONDS = 30.0
"""How much of a run a kill may cost, where a step takes less; saving takes some tenths of one."""


class DivergedError(Exception):
    """The loss is no number any more."""


class TrainingRun:
    """One attempt at a run, from its last saved state to its end or the wish to stop.

    The trainer of the lessons gives up a step once `stop` is set, so that a pause need not wait
    for a long one.
    """

    def __init__(  # what a run is made of
        self,
        trainer: Trainer,
        lessons: Lessons,
        plan: BatchPlan,
        peak_rate: float,
        folder: Path,
        log: LogWriter,
        stop: threading.Event,
    ) -> None:
        self._lessons = lessons
        self._plan = plan
        self._peak_rate = peak_rate
        self._log = log
        self._stop = stop
        self._clock = EvenClock()
        self._keeper = RunKeeper(trainer, folder, log, stop, self._clock)
        self._sample = plan.validation_sample(lessons.n_validation)
        self._began_at = self._saved_at = time.monotonic()
        self._is_new = False
        self._steps = 0
        self._save_seconds = 0.0
        self._training_seconds = 0.0
        self._training_tokens = 0

    def go_on(self, step: int) -> bool:
        """Train from behind `step`; whether the end was reached. Raises DivergedError."""
        try:
            if step == 0 and self._lessons.n_validation:
                self._log_measured(0, {}, full=True)
            while step < self._plan.total_steps:
                if self._stop.is_set():
                    self._save_what_is_new(step)
                    return False
                step = self._do(step + 1)
            return self._finish(step)
        except BrokenOffError:
            return False

    def _finish(self, step: int) -> bool:
        """Write the model and tell of it; False where it was not to wait for room any more."""
        if not self._keeper.export_patiently(step):
            self._save_what_is_new(step)
            return False
        self._log_done(step)
        return True

    def _do(self, step: int) -> int:
        """Do one step, and what follows it."""
        places = self._plan.batch(step)
        rate = learning_rate(step, self._plan.total_steps, self._peak_rate)
        is_last = step == self._plan.total_steps
        began_at = time.monotonic()
        try:
            measured = self._lessons.step(places, rate)
        except BrokenOffError:
            self._save_what_is_new(step - 1)
            raise
        self._training_seconds += time.monotonic() - began_at
        self._training_tokens += self._lessons.n_tokens(places)
        self._steps += 1
        train = _named("train", measured)
        ends_epoch = self._plan.ends_epoch(step)
        self._log_measured(step, train, full=ends_epoch)
        self._is_new = True
        if ends_epoch and not is_last and self._keeper.export(step):
            self._keeper.tell(Exported(step=step, at=self._clock.now()))
        if ranks.agreed(self._is_due(time.monotonic() - began_at)) and not is_last:
            self._save(step)
        return step

    def _is_due(self, step_seconds: float) -> bool:
        """Whether a state saved behind the next step, if that is as slow, might come too late."""
        passed = time.monotonic() - self._saved_at
        return passed + 1.5 * step_seconds + self._save_seconds > SAVE_SECONDS

    def _log_measured(self, step: int, values: dict[str, float], *, full: bool) -> None:
        n_validation = self._lessons.n_validation
        if n_validation and full:
            measured = self._lessons.validate(range(n_validation))
            values |= _named("full_valid", measured)
        if n_validation and step and self._plan.samples_validation(step):
            values |= _named("valid", self._lessons.validate(self._sample))
        elapsed = time.monotonic() - self._began_at
        left = self._plan.total_steps - step
        line = Measured(
            step=step,
            total_steps=self._plan.total_steps,
            at=self._clock.now(),
            seconds_left=left * elapsed / self._steps if self._steps else 0.0,
            **values,
        )
        self._keeper.tell(line)

    def _log_done(self, step: int) -> None:
        every = range(self._lessons.n_training)
        self._keeper.tell(
            Done(
                step=step,
                at=self._clock.now(),
                trained_tokens=self._plan.n_epochs * self._lessons.n_tokens(every),
                tokens_per_second=self._training_tokens / self._training_seconds
                if self._training_seconds
                else None,
            )
        )
        self._log.sync()

    def _save_what_is_new(self, step: int) -> None:
        """Save what was reached, unless it is on disk already.

        A measurement that was given up leaves nothing to save: the step before it is not told yet.
        """
        if self._is_new:
            self._save(step)

    def _save(self, step: int) -> None:
        began_at = time.monotonic()
        saved = self._keeper.save(step)
        # What is done from here on is not in it. Without room the next try is as far away.
        self._saved_at = began_at
        self._save_seconds = time.monotonic() - began_at
        self._is_new = not saved


def _named(prefix: str, measured: Measurement) -> dict[str, float]:
    if not math.isfinite(measured.loss):
        raise DivergedError
    return {f"{prefix}_loss": measured.loss, f"{prefix}_mean_token_accuracy": measured.accuracy}
