"""What the store takes on the disk, and what of it can go."""

from pathlib import Path

from desktop_app.engine.jobs_runner.job_life import JobLife, NotPossibleError
from desktop_app.engine.jobs_runner.results import Results
from desktop_app.engine.models.model_list import IMPORTED, ModelList
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import CHECKPOINTS, FINISHED, JOBS, CheckpointRecord


class DiskUse:
    """Counts bytes by job and by model; removes checkpoints that nobody needs any more."""

    def __init__(
        self,
        database: Database,
        folders: Folders,
        models: ModelList,
        life: JobLife,
        results: Results,
    ) -> None:
        self._database = database
        self._folders = folders
        self._models = models
        self._life = life
        self._results = results

    def body(self) -> dict[str, object]:
        """Return the bytes of everything. Base models may lie outside the store."""
        with self._database.reading() as connection:
            jobs = JOBS.all(connection)
            imported = CHECKPOINTS.all(connection, IMPORTED)
        models = [
            {"id": name, "bytes": path_bytes(path), "in_store": self._is_ours(path)}
            for name, path in self._models.base_paths().items()
        ]
        return {
            "object": "engine.storage",
            "jobs": [self._job(job.id, job.fine_tuned_model) for job in jobs],
            "imported_adapters": [self._adapter(record) for record in imported],
            "models": models,
            "files_bytes": folder_bytes(self._folders.files),
            "uploads_bytes": folder_bytes(self._folders.uploads),
            "answering_bytes": folder_bytes(self._folders.answering),
            "total_bytes": folder_bytes(self._folders.root),
        }

    def prune(self, job_id: str) -> int:
        """Delete a job's checkpoints but its model, or the last where it made none.

        Return the bytes that are free again. Raises UnknownIdError, and NotPossibleError while
        anything may still happen to the job.
        """
        job = self._life.job(job_id)
        if job.status not in FINISHED:
            raise NotPossibleError(job.status)
        with self._database.reading() as connection:
            checkpoints = CHECKPOINTS.all(connection, job_id)
        final = [c for c in checkpoints if c.model == job.fine_tuned_model] or checkpoints[-1:]
        freed = 0
        for checkpoint in checkpoints:
            if checkpoint not in final:
                freed += folder_bytes(self._path(checkpoint))
                self._results.delete_model(checkpoint)
        return freed

    def _job(self, job_id: str, final: str | None) -> dict[str, object]:
        with self._database.reading() as connection:
            checkpoints = CHECKPOINTS.all(connection, job_id)
        adapters = [{**self._adapter(c), "is_final": c.model == final} for c in checkpoints]
        total = folder_bytes(self._folders.jobs / job_id)
        kept = sum({c.adapter: folder_bytes(self._path(c)) for c in checkpoints}.values())
        return {"id": job_id, "bytes": total, "working_bytes": total - kept, "adapters": adapters}

    def _adapter(self, checkpoint: CheckpointRecord) -> dict[str, object]:
        size = folder_bytes(self._path(checkpoint))
        return {"model": checkpoint.model, "step": checkpoint.step, "bytes": size}

    def _path(self, checkpoint: CheckpointRecord) -> Path:
        return self._folders.jobs / checkpoint.job / checkpoint.adapter

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self._folders.root)


def path_bytes(path: Path) -> int:
    """Return the bytes of a model: a file or a folder."""
    return folder_bytes(path) if path.is_dir() else path.stat().st_size


def folder_bytes(folder: Path) -> int:
    """Return the bytes of a folder's files; what is removed meanwhile counts for nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
