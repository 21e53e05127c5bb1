"""Removes what a kill left half done: files and folders that no row speaks of."""

import shutil

from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import FILES, JOBS, PARTS, UPLOADS, UploadStatus


def tidy(database: Database, folders: Folders) -> None:
    """Clear the store before it is used; a row always comes after what it speaks of."""
    with database.reading() as connection:
        files = {file.id for file in FILES.all(connection)}
        jobs = {job.id for job in JOBS.all(connection)}
        pending = {u.id for u in UPLOADS.all(connection) if u.status == UploadStatus.PENDING}
        parts = {part.id for part in PARTS.all(connection)}
    for path in folders.temporary.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for path in folders.files.iterdir():
        # A result file without a row is written again when its job is done.
        if path.name not in files:
            path.unlink()
    for path in folders.uploads.iterdir():
        if path.name not in pending:
            shutil.rmtree(path)
            continue
        for part in path.iterdir():
            if part.name not in parts:
                part.unlink()
    for path in folders.jobs.iterdir():
        if path.name not in jobs:
            shutil.rmtree(path)
    for path in folders.models.glob("*.part"):
        path.unlink()
