"""Trains one job.

python -m desktop_app.engine.worker JOB_FOLDER LOG_NAME

Its standard input stays open as long as the service wants it to go on; when it closes, by the
service's wish or death, the worker saves its state after the step in hand and ends.
"""

import errno
import gc
import os
import signal
import sys
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from desktop_app.engine.backends.backend import (
    BrokenOffError,
    CheckpointError,
    LoraSettings,
    Model,
    ModelFileError,
    OtherRunError,
    Plan,
    Trainer,
)
from desktop_app.engine.backends.choose import from_environment
from desktop_app.engine.jobs_runner import job_folder, kept_plan, ranks
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.clock import EvenClock
from desktop_app.engine.jobs_runner.encoding import RefusedLineError
from desktop_app.engine.jobs_runner.lessons import Material, read_material
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.training_run import DivergedError, TrainingRun
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.jobs_runner.worker_log import (
    LogWriter,
    Planned,
    Refused,
    Started,
    Unusable,
)
from desktop_app.engine.service_log import where
from desktop_app.engine.store.file_lock import LockedError, file_lock

NICENESS = 10
LOCK_SECONDS = 90.0
"""How long an earlier worker of the same job, orphaned by a kill, may take to save and end."""


def main(arguments: list[str], stop: threading.Event | None = None) -> WorkerExit:
    """Train and say how it ended. `stop` is there if somebody else hears of the wish to end."""
    folder, log_name = Path(arguments[0]), arguments[1]
    lower_priority()
    if stop is None:
        stop = stop_when_told()
    try:
        with file_lock(folder / job_folder.LOCK, wait=LOCK_SECONDS):
            return _train(folder, folder / log_name, stop)
    except LockedError:
        return WorkerExit.OCCUPIED
    except StartFileError:
        return WorkerExit.START_FILE
    except OtherRunError:
        return WorkerExit.OTHER_RUN
    except MemoryError:
        return WorkerExit.NO_MEMORY
    except DivergedError:
        return WorkerExit.NOT_A_NUMBER
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return WorkerExit.NO_SPACE
        raise


def lower_priority() -> None:
    """Leave the computer to whoever works at it."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        psutil.Process().nice(NICENESS)


def stop_when_told() -> threading.Event:
    """Return what is set once standard input closes, or at SIGTERM."""
    stop = threading.Event()

    def wait_for_end() -> None:
        # Not through sys.stdin: its lock, held by this thread, would disturb the exit.
        while os.read(0, 1024):
            pass
        stop.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    return stop


def _train(folder: Path, log_path: Path, stop: threading.Event) -> WorkerExit:
    settings = msgspec.json.decode((folder / job_folder.SETTINGS).read_bytes(), type=RunSettings)
    with closing(LogWriter(log_path)) as log:
        try:
            before = kept_plan.kept(folder)
            model = from_environment().load_to_train(
                Path(settings.model_path), before.plan.precision if before else None
            )
            material = read_material(model, folder, settings, stop.is_set)
            if not material.n_training:
                return WorkerExit.NOTHING_TO_LEARN
            # What is there by now stays: it need not be gone through with every collection.
            gc.collect()
            gc.freeze()
            return _run(_Attempt(model, material, settings, folder, log, stop))
        except RefusedLineError as error:
            log.write(Refused(example=error.number, file=error.file))
            return WorkerExit.REFUSED
        except ModelFileError as error:
            log.write(Unusable(why=str(error)))
            return WorkerExit.MODEL_FILE
        except BrokenOffError:
            return WorkerExit.STOPPED


@dataclass(frozen=True)
class _Attempt:
    """What one worker has in hand."""

    model: Model
    material: Material
    settings: RunSettings
    folder: Path
    log: LogWriter
    stop: threading.Event

    def trainer(self) -> Trainer:
        """Return a trainer at the beginning of the run. Raises StartFileError."""
        start = self.folder / job_folder.START if self.settings.continues else None
        lora = LoraSettings(self.settings.rank, self.settings.alpha)
        try:
            return self.model.trainer(
                lora, seed=self.settings.seed, start=start, broken_off=self.stop.is_set
            )
        except ModelFileError as error:
            raise StartFileError from error


class StartFileError(Exception):
    """The adapter from which training is to go on cannot be used."""


def _run(attempt: _Attempt) -> WorkerExit:
    """Train; where memory runs out, once more from the last state, with less of it."""
    with suppress(MemoryError):
        return _run_once(attempt, saves_memory=False)
    # What the first try held is let go of: it hung on the error.
    gc.collect()
    return _run_once(attempt, saves_memory=True)


def _run_once(attempt: _Attempt, *, saves_memory: bool) -> WorkerExit:
    settings, material = attempt.settings, attempt.material
    plan = BatchPlan(
        n_examples=material.n_training,
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        seed=settings.seed,
    )
    trainer = attempt.trainer()
    kept_plan.follow(trainer, attempt.folder, saves_memory=saves_memory)
    lessons = material.lessons(trainer)
    step, damaged = _restore(trainer, attempt.folder)
    started = Started(
        step=step,
        total_steps=plan.total_steps,
        at=EvenClock().now(),
        skipped_examples=material.skipped,
        checkpoint_damaged=damaged,
    )
    attempt.log.write(started)
    attempt.log.write(_planned(trainer.plan, again=saves_memory))
    peak_rate = settings.peak_rate * settings.learning_rate_multiplier
    # Several processes must end in the same step: there, and only there, they hear of the wish.
    stop = threading.Event() if ranks.are_several() else attempt.stop
    run = TrainingRun(trainer, lessons, plan, peak_rate, attempt.folder, attempt.log, stop)
    return WorkerExit.DONE if run.go_on(step) else WorkerExit.STOPPED


def _planned(plan: Plan, *, again: bool) -> Planned:
    return Planned(
        device=plan.device,
        precision=plan.precision,
        pack_tokens=plan.pack_tokens,
        saves_memory=plan.saves_memory,
        at=EvenClock().now(),
        again=again,
    )


def _restore(trainer: Trainer, folder: Path) -> tuple[int, bool]:
    """Take up the last sound state; return the step behind it, and whether one was damaged.

    Raises OtherRunError for a sound one of another run, which is left where it is.
    """
    damaged = False
    for state in reversed(job_folder.states(folder)):
        try:
            trainer.load_checkpoint(state)
        except OtherRunError:
            raise
        except CheckpointError:
            state.unlink()
            damaged = True
            continue
        return job_folder.step_of(state), damaged
    return 0, damaged


if __name__ == "__main__":
    try:
        code = int(main(sys.argv[1:]))
    except Exception as error:  # noqa: BLE001  # a traceback could quote somebody's examples
        sys.stderr.write(where(error))
        code = 1
    sys.exit(code)
