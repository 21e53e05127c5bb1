"""A job that several processes train, started as the service starts it."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from desktop_app.engine.jobs_runner.launching import Launch
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.worker_log import LogReader, Measured, attempts, next_attempt
from desktop_app.engine.jobs_runner.worker_process import WorkerProcess
from tests.engine.service.engine_child import example_lines
from tests.engine.service.worker_child import write_job

EXAMPLES, EPOCHS = 6, 2


def new_job(folder: Path, model: Path, epochs: int = EPOCHS) -> Path:
    """Write a job."""
    settings = RunSettings(
        model_path=str(model),
        seed=7,
        n_epochs=epochs,
        batch_size=2,
        learning_rate_multiplier=3.0,
        has_validation=True,
    )
    return write_job(folder, settings, example_lines(EXAMPLES), example_lines(3))


@contextmanager
def attempt(folder: Path, launch: Launch, **more: str) -> Iterator[WorkerProcess]:
    """Start an attempt at a job; nothing of it is left afterwards."""
    worker = WorkerProcess(folder, next_attempt(folder), {**launch.told(), **more})
    try:
        yield worker
    finally:
        worker.kill()
        worker.close()


def end_of(worker: WorkerProcess, seconds: float = 120) -> int:
    """Wait for the end of an attempt and return its exit code."""
    wait_until(lambda: worker.exit_code() is not None, seconds)
    code = worker.exit_code()
    assert code is not None
    return code


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def measured(folder: Path) -> dict[int, Measured]:
    """Return what was measured, each step as it was told last."""
    lines = [line for path in attempts(folder) for line in LogReader(path).lines()]
    return {line.step: line for line in lines if isinstance(line, Measured)}


def losses(folder: Path) -> Mapping[int, tuple[float | None, float | None]]:
    """Return the losses of each step, in training and held out."""
    told = measured(folder)
    return {step: (line.train_loss, line.full_valid_loss) for step, line in told.items()}


def processes_of(worker: WorkerProcess) -> list[psutil.Process]:
    """Return the processes that train on this computer, the first one first."""
    started = psutil.Process(worker._process.pid).children(recursive=True)
    ranks = [p for p in started if any("rank_worker" in word for word in p.cmdline())]
    return sorted(ranks, key=lambda process: int(process.environ()["RANK"]))


def kill(process: psutil.Process) -> None:
    """End a process as the system does when memory runs out."""
    process.send_signal(signal.SIGKILL)
