"""Runs the jobs: one at a time, oldest first, each in a worker process of its own."""

import logging
import signal
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from typing_extensions import override

from desktop_app.core.jobs.job import JobError
from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.jobs_runner.job_life import JobLife
from desktop_app.engine.jobs_runner.log_intake import LogIntake
from desktop_app.engine.jobs_runner.queue_thread import QueueThread
from desktop_app.engine.jobs_runner.settings import resolve, run_settings
from desktop_app.engine.jobs_runner.speed import SpeedMeter
from desktop_app.engine.jobs_runner.worker_exit import (
    NO_MEMORY_CODE,
    WorkerExit,
    job_error,
    model_error,
)
from desktop_app.engine.jobs_runner.worker_log import LogReader, attempts, next_attempt
from desktop_app.engine.jobs_runner.worker_process import WorkerProcess
from desktop_app.engine.machine import Machine
from desktop_app.engine.memory import give_memory_back
from desktop_app.engine.models.loaded_models import LoadedModels
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.service_log import where
from desktop_app.engine.store.disk_full import is_disk_full
from desktop_app.engine.store.durable import write_durably
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import FINISHED, JobRecord, JobStatus

log = logging.getLogger(__name__)

MOST_KILLS = 3
"""So often in a row may a worker be killed without coming further than the time before."""
MOST_FULL_SECONDS = 600.0
"""So long is a job tried again whose worker ends for want of room on the disk."""
POLL_SECONDS = 0.1
STOP_SECONDS = 60.0


class Supervisor(QueueThread):
    """Takes jobs from the queue. Told to stop it interrupts the running one at a checkpoint.

    That one goes on at the next start.
    """

    def __init__(  # it stands between all of these
        self,
        life: JobLife,
        intake: LogIntake,
        models: ModelList,
        loaded: LoadedModels,
        machine: Machine,
        speed: SpeedMeter,
        folders: Folders,
        stopping: threading.Event,
    ) -> None:
        super().__init__("supervisor", stopping)
        self._life = life
        self._intake = intake
        self._models = models
        self._loaded = loaded
        self._machine = machine
        self._speed = speed
        self._folders = folders
        self._kills: dict[str, _Kills] = {}
        self._full_since: dict[str, float] = {}

    @override
    def start(self) -> None:
        for job in self._life.unfinished():
            job_folder.sweep(self._folders.jobs / job.id)
        super().start()

    @override
    def do_next(self) -> bool:
        """Run the job whose turn it is; without one, do what can wait and return False."""
        # Here no worker runs: whatever a kill or a full disk kept from being told is told now.
        self._life.recover()
        job = self._life.first(JobStatus.RUNNING, JobStatus.QUEUED)
        if job is not None:
            return self._run_safely(job)
        self._clear_finished()
        self._speed.measure_if_asked(give_up=self._has_work)
        return False

    def _clear_finished(self) -> None:
        """Drop the working files of jobs that were cancelled while no worker had them."""
        for job in self._life.finished():
            folder = self._folders.jobs / job.id
            if not job_folder.is_cleared(folder):
                job_folder.clear(folder, self._life.adapters(job.id))

    def _has_work(self) -> bool:
        return self._stopping.is_set() or self.is_woken

    def _run_safely(self, job: JobRecord) -> bool:
        """Run a job; False if it is to be tried again after a pause, for want of room."""
        began_at = time.monotonic()
        try:
            code = self._run(job)
        except Exception as error:  # one job's fault must not end the others'
            if is_disk_full(error):
                self._tell_full(job.id)
                raise  # The job is left as it is.
            log.error("job %s: %s", job.id, where(error))
            self._life.fail(job.id, job_error(1))
            return True
        if code != WorkerExit.NO_SPACE:
            self._full_since.pop(job.id, None)
            return True
        since = self._full_since.setdefault(job.id, began_at)
        if time.monotonic() - since > MOST_FULL_SECONDS:
            self._life.fail(job.id, job_error(code))
            return True
        self._tell_full(job.id)
        return False

    def _tell_full(self, job_id: str) -> None:
        """Say that a job waits for room, if there is room to say it."""
        attempt = attempts(self._folders.jobs / job_id)[-1:]
        with suppress(sqlite3.OperationalError):
            self._life.waits_for_room(job_id, attempt[0].stem if attempt else "")

    def _run(self, job: JobRecord) -> int | None:
        """Run a job's worker and return how it ended, None if there was nothing to run.

        A job whose worker found no room is not concluded.
        """
        folder = self._folders.jobs / job.id
        logs = [LogReader(path) for path in attempts(folder)]
        self._take(job.id, logs)
        if self._life.job(job.id).status in FINISHED:
            return None
        if error := self._prepare(job, folder):
            self._life.fail(job.id, error)
            return None
        log_path = next_attempt(folder)
        worker = WorkerProcess(folder, log_path, self._machine.worker_environment())
        log.info("job %s: %s", job.id, log_path.stem)
        # A worker orphaned by a kill of the service may still add to its log, then its lock ends.
        logs.append(LogReader(log_path))
        try:
            code = self._attend(job.id, worker, logs)
        finally:
            worker.close()
        log.info("job %s: worker ended with %s %s", job.id, code, worker.last_words())
        self._conclude(job.id, code, log_path.stem)
        return code

    def _prepare(self, job: JobRecord, folder: Path) -> JobError | None:
        """Write the worker's settings; what stands in the way is returned."""
        path = self._models.base_path(job.base_model)
        if path is None:
            return job_error(WorkerExit.MODEL_FILE)
        try:
            missing = self._machine.lacks_memory(path, training=True)
            # What is planned is planned by what is free when the worker begins.
            if missing or self._machine.backend.plans_memory(path, training=True):
                self._loaded.release_idle(seconds=0, patience=5)
                give_memory_back()
                missing = self._machine.lacks_memory(path, training=True)
        except ModelFileError as error:
            return model_error(str(error))
        if missing:
            return JobError(code=NO_MEMORY_CODE, message=missing)
        resolved = job.resolved or resolve(job.requested, job.n_examples)
        settings = run_settings(
            resolved,
            model_path=str(path),
            seed=job.seed,
            has_validation=job.validation_file is not None,
            continues=job.base is not None,
        )
        job_folder.sweep(folder)
        write_durably(folder / job_folder.SETTINGS, msgspec.json.encode(settings))
        self._life.begin(job.id, resolved)
        return None

    def _take(self, job_id: str, logs: list[LogReader]) -> None:
        """Take what is new; what could not be kept is read again the next time."""
        for place, reader in enumerate(logs):
            try:
                self._intake.take(job_id, reader)
            except BaseException:
                logs[place] = LogReader(reader.path)
                raise

    def _take_if_room(self, job_id: str, logs: list[LogReader]) -> None:
        """Take what is new; on a full disk it can wait, for the worker has written it down."""
        try:
            self._take(job_id, logs)
        except (OSError, sqlite3.OperationalError) as error:
            if not is_disk_full(error):
                raise

    def _attend(self, job_id: str, worker: WorkerProcess, logs: list[LogReader]) -> int:
        """Follow a worker to its end and return its exit code."""
        asked_at: float | None = None
        has_begun = False
        while (code := worker.exit_code()) is None:
            self._take_if_room(job_id, logs)
            has_begun = has_begun or logs[-1].has_read
            status = self._life.job(job_id).status
            if status == JobStatus.CANCELLED:
                worker.kill()
            elif asked_at is not None:
                if time.monotonic() - asked_at > STOP_SECONDS:
                    worker.kill()
            elif self._stopping.is_set() or status != JobStatus.RUNNING:
                if has_begun:
                    worker.ask_to_stop()
                else:
                    # It is still loading: nothing can be lost, and it would not hear for seconds.
                    worker.kill()
                asked_at = time.monotonic()
            self.wait(POLL_SECONDS)
        self._take(job_id, logs)
        return code

    def _conclude(self, job_id: str, code: int, attempt: str) -> None:
        status = self._life.job(job_id).status
        if status == JobStatus.RUNNING and not self._stopping.is_set():
            if code == WorkerExit.STOPPED:
                self._life.halted(job_id)
            elif code < 0 and self._may_go_on(job_id):
                # It is still running, and so the next to be taken from the queue.
                self._life.worker_killed(job_id, attempt, signal.Signals(-code).name)
            elif code != WorkerExit.NO_SPACE:
                self._life.fail(job_id, job_error(code))
        elif status == JobStatus.PAUSING:
            self._life.halted(job_id)

    def _may_go_on(self, job_id: str) -> bool:
        """Whether a run whose worker was killed is tried once more.

        A kill from outside costs little. One for want of memory comes back at the same step.
        """
        reached = self._life.reached(job_id)
        before = self._kills.get(job_id, _Kills())
        times = before.times + 1 if reached <= before.reached else 1
        self._kills[job_id] = _Kills(reached, times)
        return times < MOST_KILLS


@dataclass(frozen=True)
class _Kills:
    """How far a job had come when its worker was killed last, and how often no further."""

    reached: int = -1
    times: int = 0
