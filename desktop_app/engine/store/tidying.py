"""Removes what a kill left half done: files and folders that no row speaks of."""

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import (
    CHECKPOINTS,
    FILES,
    FINISHED,
    JOBS,
    PARTS,
    UPLOADS,
    UploadStatus,
)


def tidy(database: Database, folders: Folders) -> None:
    """Clear the store before it is used; a row always comes after what it speaks of.

    A row that is damaged still tells that there is something: ids are asked for, not records.
    """
    with database.reading() as connection:
        files, jobs, parts = (table.ids(connection) for table in (FILES, JOBS, PARTS))
        over = {u.id for u in UPLOADS.all(connection) if u.status != UploadStatus.PENDING}
        pending = UPLOADS.ids(connection) - over
    _remove_others(folders.temporary.iterdir(), ())
    # A result file without a row is written again when its job is done.
    _remove_others(folders.files.iterdir(), files)
    _remove_others(folders.uploads.iterdir(), pending)
    _remove_others(folders.uploads.glob("*/*"), parts)
    _remove_others(folders.jobs.iterdir(), jobs)
    _remove_others([*folders.models.glob("*.part"), *folders.root.glob("*.part")], ())
    _remove_deleted_models(database, folders)


def _remove_deleted_models(database: Database, folders: Folders) -> None:
    """Remove adapters whose rows went first; of a job that goes on, some are not told of yet."""
    with database.reading() as connection:
        finished = [job.id for job in JOBS.all(connection) if job.status in FINISHED]
        checkpoints = CHECKPOINTS.all(connection)
        if len(checkpoints) < len(CHECKPOINTS.ids(connection)):
            return  # A damaged row does not tell which adapter it speaks of.
    for job_id in finished:
        kept = {checkpoint.adapter for checkpoint in checkpoints if checkpoint.job == job_id}
        _remove_others((folders.jobs / job_id).glob("adapter-*"), kept)


def _remove_others(paths: Iterable[Path], kept: Collection[str]) -> None:
    for path in list(paths):
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
