"""Checks the files of new jobs, so that a job learns of its faults while another one trains."""

import logging
import threading

import msgspec
from typing_extensions import override

from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.jobs_runner.job_life import JobLife
from desktop_app.engine.jobs_runner.queue_thread import QueueThread
from desktop_app.engine.jobs_runner.supervisor import Supervisor
from desktop_app.engine.jobs_runner.training_file import (
    FileUse,
    InvalidFileError,
    StoppedError,
    count_examples,
    count_shared,
)
from desktop_app.engine.jobs_runner.worker_exit import job_error
from desktop_app.engine.service_log import where
from desktop_app.engine.store.disk_full import is_disk_full
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import JobRecord, JobStatus

log = logging.getLogger(__name__)

SHARED = (
    "{n} example(s) of the validation file are in the training file too: the validation loss says"
    " less about new texts"
)


class Validator(QueueThread):
    """Takes jobs from `validating_files` to `queued` or `failed`.

    Told to stop it breaks off; what was not checked is checked at the next start.
    """

    def __init__(
        self, life: JobLife, folders: Folders, supervisor: Supervisor, stopping: threading.Event
    ) -> None:
        super().__init__("validator", stopping)
        self._life = life
        self._folders = folders
        self._supervisor = supervisor

    @override
    def do_next(self) -> bool:
        job = self._life.first(JobStatus.VALIDATING)
        if job is None:
            return False
        try:
            self._check(job)
        except StoppedError:
            return False
        except Exception as error:  # one job's fault must not end the others'
            if is_disk_full(error):
                raise  # to be tried again: the job waits for room
            log.error("job %s: %s", job.id, where(error))
            self._life.fail(job.id, job_error(1))
        return True

    def _check(self, job: JobRecord) -> None:
        folder = self._folders.jobs / job.id
        training, validation = folder / job_folder.TRAINING, folder / job_folder.VALIDATION
        param, warnings = "training_file", []
        try:
            use = FileUse(job.method, job.training_file)
            n_examples = count_examples(training, use, stopped=self._stopping)
            if job.validation_file is not None:
                param = "validation_file"
                use = FileUse(job.method, job.validation_file, "Validation", minimum=1)
                count_examples(validation, use, stopped=self._stopping)
                if n_shared := count_shared(training, validation, stopped=self._stopping):
                    warnings.append(SHARED.format(n=n_shared))
        except InvalidFileError as invalid:
            self._life.fail(job.id, msgspec.structs.replace(invalid.error, param=param))
        else:
            self._life.validated(job.id, n_examples, warnings)
        self._supervisor.wake()
