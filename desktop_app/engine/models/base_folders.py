"""Base models that lie in the store as folders of their own."""

import shutil
from contextlib import suppress
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
        clear(hide(target))
    move_durably(folder, target)


def hide(place: Path) -> Path:
    """Put a model, a folder or a file, where nobody looks for one, and return where that is.

    From then on it is removed: what a kill leaves of it goes at the next start. Raises OSError.
    """
    hidden = place.parent / random_id(_REMOVED)
    move_durably(place, hidden)
    return hidden


def clear(hidden: Path) -> None:
    """Free the space of a model that is out of sight, as far as that is possible now."""
    if hidden.is_dir():
        shutil.rmtree(hidden, ignore_errors=True)
        return
    with suppress(OSError):
        hidden.unlink()


def tidy(models: Path) -> None:
    """Remove what a kill left half taken or half removed. What is being fetched is kept."""
    for path in models.iterdir():
        if path.name.startswith((_TAKING, _REMOVED)):
            clear(path)
