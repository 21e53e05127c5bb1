"""The loop of a run: steps, measurements, checkpoints.

What it computes depends on its plan alone, never on when it was interrupted: a run taken up again
gives the same numbers to the last bit.
"""

import errno
import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from desktop_app.engine.backends.backend import BrokenOffError, Measurement, Trainer
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.clock import EvenClock
from desktop_app.engine.jobs_runner.job_folder import (
    KEPT_STATES,
    adapter_name,
    state_path,
    states,
)
from desktop_app.engine.jobs_runner.lessons import Lessons
from desktop_app.engine.jobs_runner.settings import learning_rate
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    LogWriter,
    Measured,
    NotSaved,
)

SAVE_SECONDS = 30.0
"""How much of a run a kill may cost; saving takes some tenths of a second."""


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
        self._trainer = trainer
        self._lessons = lessons
        self._plan = plan
        self._peak_rate = peak_rate
        self._folder = folder
        self._log = log
        self._stop = stop
        self._clock = EvenClock()
        self._sample = plan.validation_sample(lessons.n_validation)
        self._began_at = self._saved_at = time.monotonic()
        self._is_new = False
        self._steps = 0
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
        except BrokenOffError:
            return False
        self._log_done(step)
        return True

    def _do(self, step: int) -> int:
        """Do one step, and what follows it."""
        places = self._plan.batch(step)
        rate = learning_rate(step, self._plan.total_steps, self._peak_rate)
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
        if ends_epoch:
            self._trainer.export_adapter(self._folder / adapter_name(step))
            if step < self._plan.total_steps:
                self._log.write(Exported(step=step, at=self._clock.now()))
        is_due = time.monotonic() - self._saved_at > SAVE_SECONDS
        if is_due and step < self._plan.total_steps:
            self._save(step)
        return step

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
        self._log.write(line)

    def _log_done(self, step: int) -> None:
        every = range(self._lessons.n_training)
        self._log.write(
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
        """Save the state, behind which lies nothing that the log does not hold.

        On a full disk the state before the last makes room. If that is not enough, the run goes
        on without, says so, and tries again later.
        """
        self._log.sync()
        path = state_path(self._folder, step)
        earlier = [state for state in states(self._folder) if state != path]
        saved = self._saved(path)
        if not saved:
            _remove(earlier[:-1])
            saved = self._saved(path)
        if saved:
            _remove(earlier[: 1 - KEPT_STATES])
        else:
            self._log.write(NotSaved(step=step, at=self._clock.now()))
        self._saved_at = time.monotonic()
        self._is_new = False

    def _saved(self, path: Path) -> bool:
        """Write the state; False if the disk is full."""
        try:
            self._trainer.save_checkpoint(path)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return False
        return True


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _named(prefix: str, measured: Measurement) -> dict[str, float]:
    if not math.isfinite(measured.loss):
        raise DivergedError
    return {f"{prefix}_loss": measured.loss, f"{prefix}_mean_token_accuracy": measured.accuracy}
