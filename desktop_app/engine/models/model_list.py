"""The models that can be asked for by name."""

import re
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.models.base_folders import base_folders
from desktop_app.engine.models.origin import Origin, read_origin
from desktop_app.engine.models.starter_model import STARTER_MODEL, StarterFinder
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import CHECKPOINTS, CheckpointRecord
from desktop_app.engine.store.table import UnknownIdError

STARTER_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""The model of which the starter model's file is a copy in 4 bits."""

IMPORTED = "../adapters"
"""The "job" of adapters that were trained elsewhere: where they lie, seen from the jobs' folder.

So they are found, used and deleted as if a job had made them, and no job is made up for them.
"""


@dataclass(frozen=True)
class ModelFiles:
    """What a model is made of: a base model's file and, if it is a tuned one, an adapter."""

    base: Path
    adapter: Path | None


@dataclass(frozen=True)
class ListedModel:
    """A model as the protocol lists it."""

    id: str
    created: int


class ModelList:
    """Base models from the disk, tuned ones from the store."""

    def __init__(self, database: Database, folders: Folders, starter: StarterFinder) -> None:
        self._database = database
        self._folders = folders
        self._starter = starter

    def base_paths(self) -> dict[str, Path]:
        """Return every base model that is here, the starter model first."""
        paths = {}
        starter = self._starter.find().path
        if starter is not None:
            paths[self._starter.starter.model] = starter
        for path in sorted(self._folders.models.glob("*.gguf")):
            if path.name != self._starter.starter.file_name:
                paths.setdefault(path.stem.lower(), path)
        for base in base_folders(self._folders.models):
            if base.weights is not None:
                paths.setdefault(base.id, base.weights)
        return paths

    def base_path(self, model: str) -> Path | None:
        """Return the file of a base model."""
        return self.base_paths().get(model)

    def listed(self) -> list[ListedModel]:
        """Return all models but base models that cannot be run here, base models first."""
        bases = [
            ListedModel(model, _changed_at(path))
            for model, path in self.base_paths().items()
            if self._why_not(model, path) is None
        ]
        return bases + [ListedModel(c.model, c.created_at) for c in self._checkpoints()]

    def checkpoint(self, model: str) -> CheckpointRecord | None:
        """Return the record of a tuned model."""
        return next((c for c in self._checkpoints() if c.model == model), None)

    def files(self, model: str) -> ModelFiles:
        """Return what a model is made of. Raises UnknownIdError, and ModelFileError for damage."""
        checkpoint = self.checkpoint(model)
        base = self.base_files(model if checkpoint is None else checkpoint.base)
        if checkpoint is None:
            return ModelFiles(base, None)
        return ModelFiles(base, self._folders.jobs / checkpoint.job / checkpoint.adapter)

    def trainable(self, model: str) -> Path:
        """Return the file of a base model that can be run here, as far as is known beforehand.

        Raises UnknownIdError, and ModelFileError.
        """
        path = self.base_files(model)
        if why := self._why_not(model, path):
            raise ModelFileError(why)
        return path

    def base_files(self, model: str) -> Path:
        """Return the file of a base model. Raises UnknownIdError, and ModelFileError for damage."""
        path = self.base_path(model)
        if path is not None:
            return path
        if model == self._starter.starter.model and self._starter.find().damaged:
            raise ModelFileError("its file is damaged. Fetch the model again.")
        if any(base.id == model for base in base_folders(self._folders.models)):
            raise ModelFileError("its files are not whole. Remove the model and fetch it again.")
        raise UnknownIdError("Model", model)

    def origin(self, base: Path) -> Origin | None:
        """Return where a base model came from, None where that is not kept beside it."""
        folder = base if base.is_dir() else base.parent
        return read_origin(folder) if folder.parent == self._folders.models else None

    def hub_name(self, base: Path) -> str:
        """Return the name under which a base model is published, '' where that is not known."""
        origin = self.origin(base)
        if origin is not None:
            return origin.hub
        if base.is_dir():
            return ""
        is_starter = self._starter.starter == STARTER_MODEL and self._starter.is_sound(base)
        return STARTER_HUB if is_starter else ""

    def _why_not(self, model: str, path: Path) -> str | None:
        """Say why a base model cannot be run; the starter was looked at when it was found."""
        if model == self._starter.starter.model:
            return None
        return self._starter.usable.why_not(path)

    def _checkpoints(self) -> list[CheckpointRecord]:
        with self._database.reading() as connection:
            return CHECKPOINTS.all(connection)


def _changed_at(path: Path) -> int:
    """Return when a model was put here, 0 where it was removed this moment."""
    try:
        return int(path.stat().st_mtime)
    except OSError:
        return 0


def plain_name(name: str) -> str:
    """Return a name that a model can have, as like another one as can be."""
    return (re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip(".-") or "model")[:100]


def file_name_for(path: Path) -> str:
    """Return a plain name under which a model file taken from elsewhere is kept."""
    return f"{plain_name(path.stem)}.gguf"
