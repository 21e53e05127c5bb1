"""Base models that lie in the store as folders of their own."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.identifiers import random_id
from desktop_app.engine.models.hub_files import CONFIG
from desktop_app.engine.models.origin import Origin, are_whole, read_origin
from desktop_app.engine.store.durable import move_durably

FETCHING = ".fetching"
"""The folder in the models' one where models are while they are fetched."""
_TAKING, _REMOVED = ".taking-", ".removed-"


@dataclass(frozen=True)
class BaseFolder:
    """A model in a folder. `weights` is what a back end opens, None where the model is not whole.

    That is the folder itself if it is made for transformers, else the one GGUF file in it.
    """

    id: str
    folder: Path
    weights: Path | None
    origin: Origin | None


def base_folders(models: Path) -> list[BaseFolder]:
    """Return the models that lie in folders, by name; a damaged one is no reason to fail."""
    try:
        paths = sorted(path for path in models.iterdir() if not path.name.startswith("."))
        return [base_folder(path) for path in paths if path.is_dir()]
    except OSError:
        return []


def base_folder(folder: Path) -> BaseFolder:
    """Look at one folder."""
    origin = read_origin(folder)
    whole = origin is None or are_whole(folder, origin.files)
    return BaseFolder(folder.name, folder, _weights(folder) if whole else None, origin)


def _weights(folder: Path) -> Path | None:
    try:
        names = {path.name for path in folder.iterdir() if path.is_file()}
    except OSError:
        return None
    if CONFIG in names and any(name.endswith(".safetensors") for name in names):
        return folder
    ggufs = [name for name in names if name.lower().endswith(".gguf")]
    return folder / ggufs[0] if len(ggufs) == 1 else None


def new_folder(models: Path) -> Path:
    """Make a folder in which a model is put together, out of sight until it is whole."""
    folder = models / random_id(_TAKING)
    folder.mkdir(mode=0o700)
    return folder


def show(folder: Path, target: Path) -> None:
    """Put a model that is whole and on disk where models are looked for, in place of any other."""
    if target.exists():
        remove(target)
    move_durably(folder, target)


def remove(folder: Path) -> None:
    """Remove a model: at first out of sight, so that a kill leaves no half of it there."""
    hidden = folder.parent / random_id(_REMOVED)
    move_durably(folder, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def tidy(models: Path) -> None:
    """Remove what a kill left half taken or half removed. What is being fetched is kept."""
    for path in models.iterdir():
        if path.name.startswith((_TAKING, _REMOVED)):
            shutil.rmtree(path, ignore_errors=True)
