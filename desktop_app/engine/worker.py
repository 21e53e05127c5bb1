"""Trains one job.

python -m desktop_app.engine.worker JOB_FOLDER LOG_NAME

Its standard input stays open as long as the service wants it to go on; when it closes, by the
service's wish or death, the worker saves its state after the step in hand and ends.
"""

import errno
import os
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec
import psutil

from desktop_app.engine.backends.backend import (
    CheckpointError,
    LoraSettings,
    Model,
    ModelFileError,
    Trainer,
)
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.encoding import EncodedFile, RefusedLineError, encode_file
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.training_run import DivergedError, Material, TrainingRun
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.jobs_runner.worker_log import LogWriter, Refused, Started
from desktop_app.engine.service_log import where
from desktop_app.engine.store.file_lock import LockedError, file_lock

NICENESS = 10
LOCK_SECONDS = 90.0
"""How long an earlier worker of the same job, orphaned by a kill, may take to save and end."""


def main(arguments: list[str]) -> WorkerExit:
    """Train and say how it ended."""
    folder, log_name = Path(arguments[0]), arguments[1]
    lower_priority()
    stop = _stop_when_told()
    try:
        with file_lock(folder / job_folder.LOCK, wait=LOCK_SECONDS):
            return _train(folder, folder / log_name, stop)
    except LockedError:
        return WorkerExit.OCCUPIED
    except ModelFileError:
        return WorkerExit.MODEL_FILE
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


def _stop_when_told() -> threading.Event:
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
    model = NumpyLlamaBackend().load(Path(settings.model_path))
    log = LogWriter(log_path)
    try:
        training, validation = _encoded(model, folder, settings)
    except RefusedLineError as error:
        log.write(Refused(example=error.number, file=error.file))
        return WorkerExit.REFUSED
    if not training.examples:
        return WorkerExit.NOTHING_TO_LEARN
    plan = BatchPlan(
        n_examples=len(training.examples),
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        seed=settings.seed,
    )
    lora = LoraSettings(settings.rank, settings.alpha)
    trainer, step, damaged = _restored(model, lora, settings.seed, folder)
    started = Started(
        step=step,
        total_steps=plan.total_steps,
        at=time.time(),
        skipped_examples=training.skipped,
        checkpoint_damaged=damaged,
    )
    log.write(started)
    material = Material(training.examples, validation.examples)
    run = TrainingRun(trainer, plan, material, settings.learning_rate_multiplier, folder, log)
    return WorkerExit.DONE if run.go_on(step, stop) else WorkerExit.STOPPED


def _encoded(model: Model, folder: Path, settings: RunSettings) -> tuple[EncodedFile, EncodedFile]:
    training = encode_file(model, folder / job_folder.TRAINING)
    if not settings.has_validation:
        return training, EncodedFile([], 0)
    return training, encode_file(model, folder / job_folder.VALIDATION)


def _restored(
    model: Model, lora: LoraSettings, seed: int, folder: Path
) -> tuple[Trainer, int, bool]:
    """Return a trainer, the step behind which it stands, and whether its saved state was lost."""
    trainer = model.trainer(lora, seed=seed)
    saved = job_folder.states(folder)
    if not saved:
        return trainer, 0, False
    try:
        trainer.load_checkpoint(saved[-1])
    except CheckpointError:
        for path in saved:
            path.unlink()
        return model.trainer(lora, seed=seed), 0, True
    return trainer, job_folder.step_of(saved[-1]), False


if __name__ == "__main__":
    try:
        code = int(main(sys.argv[1:]))
    except Exception as error:  # noqa: BLE001  # a traceback could quote somebody's examples
        sys.stderr.write(where(error))
        code = 1
    sys.exit(code)
