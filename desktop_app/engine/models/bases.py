"""The base models that are here: listed, taken from this computer, removed."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.backend import Backend, ModelFileError
from desktop_app.engine.machine import gigabytes
from desktop_app.engine.models import base_folders
from desktop_app.engine.models.hub_files import HubFile, NotAModelError, wanted
from desktop_app.engine.models.model_check import check_model
from desktop_app.engine.models.model_list import ModelList, plain_name
from desktop_app.engine.models.origin import Licence, Origin, write_origin
from desktop_app.engine.models.starter_model import StarterFinder
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.durable import CHUNK_BYTES
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import CHECKPOINTS, FINISHED, JOBS, JobStatus
from desktop_app.engine.store.table import UnknownIdError

MARGIN_BYTES = 256 << 20
"""What must stay free beside a model that is copied."""


class BaseInUseError(Exception):
    """A base model cannot be removed; the text says why, for the user."""


class NoSpaceError(Exception):
    """There is no room for a model; the text is meant for the user."""


@dataclass(frozen=True)
class Base:
    """A base model. `path` is None where it is damaged: all that can be done is to remove it."""

    id: str
    path: Path | None
    origin: Origin | None
    is_starter: bool


class Bases:
    """`release` lets go of models in memory that nobody uses, before one is removed.

    `removed` is told afterwards.
    """

    def __init__(
        self,
        database: Database,
        folders: Folders,
        models: ModelList,
        starter: StarterFinder,
        backend: Backend,
        release: Callable[[], None],
        removed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._models_folder = folders.models
        self._models = models
        self._starter = starter
        self._backend = backend
        self._release = release
        self._removed = removed

    def tidy(self) -> None:
        """Remove what a kill left half taken or half removed."""
        base_folders.tidy(self._models_folder)

    def all(self) -> list[Base]:
        """Return every base model, the starter model first, damaged ones last."""
        starter = self._starter.starter.model
        paths = self._models.base_paths()
        found = [
            Base(name, path, self._models.origin(path), name == starter)
            for name, path in paths.items()
        ]
        damaged = [
            Base(base.id, None, base.origin, False)
            for base in base_folders.base_folders(self._models_folder)
            if base.weights is None and base.id not in paths
        ]
        return found + damaged

    def trained_last(self, bases: Sequence[Base]) -> Path | None:
        """Return the model with which this computer's speed was measured last.

        That is the one beneath the last job that succeeded, else the first, on which it is tried.
        """
        with self._database.reading() as connection:
            jobs = [j for j in JOBS.all(connection) if j.status == JobStatus.SUCCEEDED]
        last = max(jobs, key=lambda job: job.finished_at or 0, default=None)
        if last is not None:
            return next((base.path for base in bases if base.id == last.base_model), None)
        return next((base.path for base in bases if base.path is not None), None)

    def free_name(self, name: str, other: str) -> str:
        """Return a name for a new model: `name`, or `other` where somebody has that one."""
        plain = plain_name(name)
        taken = {base.id for base in self.all()} | {self._starter.starter.model}
        return plain_name(other) if plain in taken else plain

    def remove(self, model_id: str) -> None:
        """Remove a model from the disk. Raises UnknownIdError and BaseInUseError."""
        base = next((base for base in self.all() if base.id == model_id), None)
        if base is None:
            raise UnknownIdError("Base", model_id)
        place = self._place(base)
        self._release()
        with self._database.transaction():  # nobody can begin a job with it meanwhile
            self._check_unused(model_id)
            try:
                hidden = base_folders.hide(place)
            except PermissionError as error:  # Windows, where nothing that is open is removed
                raise BaseInUseError(f"Another program holds files of {model_id} open.") from error
        base_folders.clear(hidden)  # gigabytes: nobody should wait for the database meanwhile
        self._removed()

    def take(self, source: Path) -> str:
        """Copy a model's folder into the store and return its name.

        Only files that hold data are taken, and none that lies elsewhere. Raises NotAModelError,
        ModelFileError, NoSpaceError, OSError.
        """
        files = wanted(_files_in(source))
        name = plain_name(source.name)
        taken = {base.id for base in self.all()} | {self._starter.starter.model}
        target = self._models_folder / name
        if name in taken or target.exists():
            raise ModelFileError("there is a model of this name already. Rename the folder first.")
        size = sum(file.size for file in files)
        free = shutil.disk_usage(self._models_folder).free
        if free < size + MARGIN_BYTES:
            raise NoSpaceError(
                f"There is not enough space: this needs {gigabytes(size + MARGIN_BYTES)}, and"
                f" {gigabytes(free)} is free."
            )
        folder = base_folders.new_folder(self._models_folder)
        try:
            for file in files:
                _copy(source / file.path, folder / file.path)
            check_model(self._backend, base_folders.base_folder(folder).weights or folder)
            write_origin(folder, Origin(id=name, files=tuple(files), licence=Licence()))
            base_folders.show(folder, target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return name

    def _place(self, base: Base) -> Path:
        """Return what is to be removed: a file or folder of the store."""
        if base.path is None:
            return self._models_folder / base.id
        for place in (base.path, base.path.parent):
            if place.parent == self._models_folder:
                return place
        raise BaseInUseError(
            f"{base.id} does not lie in the service's own folder, so that it is not removed: it"
            " came with the program, or was named when the service was started."
        )

    def _check_unused(self, model_id: str) -> None:
        with self._database.reading() as connection:
            jobs = [job for job in JOBS.all(connection) if job.status not in FINISHED]
            tuned = [c.model for c in CHECKPOINTS.all(connection) if c.base == model_id]
        job = next((job for job in jobs if job.base_model == model_id), None)
        if job is not None:
            raise BaseInUseError(f"The job {job.id} needs {model_id}. Cancel it, or let it finish.")
        if tuned:
            more = f" and {len(tuned) - 1} more" if len(tuned) > 1 else ""
            raise BaseInUseError(
                f"The tuned model {tuned[0]}{more} cannot answer without {model_id}. Delete what"
                " was made from it first."
            )


def _files_in(folder: Path) -> list[HubFile]:
    """Return the files of a folder, without those below it. Raises NotAModelError, OSError."""
    inside = folder.resolve(strict=True)
    files = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            continue
        if not path.resolve(strict=True).is_relative_to(inside):
            raise NotAModelError(f"{path.name} is a link to a file outside of the folder.")
        if path.is_file():
            files.append(HubFile(path.name, path.stat().st_size))
    return files


def _copy(source: Path, target: Path) -> None:
    """Copy a file's bytes, so that they are on disk."""
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, CHUNK_BYTES)
        written.flush()
        os.fsync(written.fileno())
