"""One attempt of a worker in a process of its own, forked from one that has everything loaded."""

import os
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import msgspec

from desktop_app.engine import worker
from desktop_app.engine.jobs_runner import job_folder, training_run
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.worker_log import next_attempt

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["pytest", __name__])


def write_job(
    folder: Path, settings: RunSettings, training: list[str], validation: list[str]
) -> Path:
    """Make a job's folder as the service does."""
    folder.mkdir(parents=True)
    (folder / job_folder.TRAINING).write_text("\n".join(training))
    (folder / job_folder.VALIDATION).write_text("\n".join(validation))
    (folder / job_folder.SETTINGS).write_bytes(msgspec.json.encode(settings))
    return folder


def start_attempt(folder: Path) -> ForkServerProcess:
    """Start a worker that saves its state after every step."""
    log_path = next_attempt(folder)
    log_path.touch()
    process = _CONTEXT.Process(target=_work, args=(str(folder), log_path.name))
    process.start()
    return process


def _work(folder: str, log_name: str) -> None:
    # Standard input stays open: the end of it would mean that the worker is to stop.
    os.dup2(os.pipe()[0], 0)
    training_run.SAVE_SECONDS = 0.0
    os._exit(worker.main([folder, log_name]))
