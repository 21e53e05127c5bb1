"""What a run leaves behind: checkpoints, the tuned model, the result file."""

import csv
import io
import shutil
import sqlite3
import time
from collections.abc import Iterable

from desktop_app.engine.identifiers import derived_id
from desktop_app.engine.jobs_runner.job_folder import adapter_name
from desktop_app.engine.jobs_runner.job_life import METRICS, add_event, change, event_id_of
from desktop_app.engine.jobs_runner.origin import model_name
from desktop_app.engine.jobs_runner.worker_log import Done, Exported
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.durable import write_durably
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import (
    CHECKPOINTS,
    EVENTS,
    FILES,
    FINISHED,
    JOBS,
    CheckpointRecord,
    EventRecord,
    FileRecord,
    JobRecord,
    JobStatus,
)

KEPT_CHECKPOINTS = 3


class Results:
    """Takes what a worker has made into the store. Telling it twice changes nothing."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def exported(self, job_id: str, line: Exported) -> None:
        """Offer an epoch's model, and drop the oldest beyond the last three."""
        with self._database.transaction() as connection:
            job = JOBS.get(connection, job_id)
            if job.status in FINISHED:
                return
            model = model_name(job, line.step)
            message = f"Checkpoint created at step {line.step} with Snapshot ID: {model}"
            if not add_event(connection, job_id, f"exported:{line.step}", message):
                return
            self._add_checkpoint(connection, job, model, line.step)
        self._drop_old(job_id)

    def succeeded(self, job_id: str, line: Done) -> None:
        """End a job with its model and its result file."""
        with self._database.transaction() as connection:
            job = JOBS.get(connection, job_id)
            if job.status in FINISHED:
                return
            file = self._write_result_file(connection, job_id)
            model = model_name(job)
            self._add_checkpoint(connection, job, model, line.step)
            change(
                connection,
                job,
                status=JobStatus.SUCCEEDED,
                fine_tuned_model=model,
                finished_at=max(int(line.at), job.created_at),
                estimated_finish=None,
                trained_tokens=line.trained_tokens,
                result_files=(file.id,),
            )
            add_event(connection, job_id, "model", f"New fine-tuned model created: {model}")
            add_event(connection, job_id, "done", "The job has successfully completed")
        self._drop_old(job_id)

    def delete_model(self, checkpoint: CheckpointRecord) -> None:
        """Remove a tuned model: from the list first, then from the disk."""
        folder = self._folders.jobs / checkpoint.job / checkpoint.adapter
        with self._database.transaction() as connection:
            CHECKPOINTS.delete(connection, checkpoint.id)
            self._database.after_commit(lambda: shutil.rmtree(folder, ignore_errors=True))

    def _drop_old(self, job_id: str) -> None:
        with self._database.reading() as connection:
            checkpoints = CHECKPOINTS.all(connection, job_id)
        for checkpoint in checkpoints[:-KEPT_CHECKPOINTS]:
            self.delete_model(checkpoint)

    def _write_result_file(self, connection: sqlite3.Connection, job_id: str) -> FileRecord:
        table = result_table(EVENTS.all(connection, job_id))
        file = FileRecord(
            id=derived_id("file-", job_id, "result"),
            filename="step_metrics.csv",
            purpose="fine-tune-results",
            bytes=len(table),
            created_at=int(time.time()),
        )
        write_durably(self._folders.files / file.id, table)
        FILES.add(connection, file, owner=file.purpose)
        return file

    def _add_checkpoint(
        self, connection: sqlite3.Connection, job: JobRecord, model: str, step: int
    ) -> None:
        measured = EVENTS.get(connection, event_id_of(job.id, f"step:{step}")).data
        checkpoint = CheckpointRecord(
            id=derived_id("ftckpt_", job.id, step),
            created_at=int(time.time()),
            model=model,
            base=job.base_model,
            job=job.id,
            step=step,
            adapter=adapter_name(step),
            metrics={name: value for name, value in measured.items() if name != "total_steps"},
        )
        CHECKPOINTS.add(connection, checkpoint, owner=job.id)


def result_table(events: Iterable[EventRecord]) -> bytes:
    """Return the metrics as CSV, a row a step, cells empty where nothing was measured."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ("step", *METRICS), restval="", lineterminator="\n")
    writer.writeheader()
    for event in events:
        if event.type == "metrics":
            row = {name: event.data[name] for name in METRICS if name in event.data}
            writer.writerow({"step": int(event.data["step"]), **row})
    return text.getvalue().encode()
