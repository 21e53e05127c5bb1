"""The folder of one job: its examples, its settings, its state, its adapters."""

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from desktop_app.engine.store.durable import copy_durably, sync_folder
from desktop_app.engine.store.file_lock import LockedError, file_lock
from desktop_app.engine.store.table import UnknownIdError

TRAINING = "training.jsonl"
VALIDATION = "validation.jsonl"
SETTINGS = "job.json"
PLAN = "plan.json"
LOCK = "lock"
START = "start"
REFERENCE = "reference.jsonl"
HELD_OUT_REFERENCE = "held-out-reference.jsonl"
KEPT_STATES = 2
"""The newest, and the one before in case that the newest is damaged."""


def adapter_name(step: int) -> str:
    """Return the name of the folder that holds the adapter of a step."""
    return f"adapter-{step:08}"


def state_path(folder: Path, step: int) -> Path:
    """Return the file from which training goes on behind a step."""
    return folder / f"state-{step:08}.safetensors"


def states(folder: Path) -> list[Path]:
    """Return the saved states, oldest first."""
    return sorted(folder.glob("state-*.safetensors"))


def step_of(state: Path) -> int:
    """Return the step behind which a saved state goes on."""
    return int(state.stem.removeprefix("state-"))


def create(
    folder: Path, training: Path, validation: Path | None, start: Path | None = None
) -> None:
    """Make a job's folder with all that it needs: anything else may be deleted meanwhile.

    `start` is the folder of the adapter from which training goes on. Raises OSError, and
    UnknownIdError for a file whose bytes are not where they should be.
    """
    folder.mkdir(mode=0o700)
    _link(training, folder / TRAINING)
    if validation is not None:
        _link(validation, folder / VALIDATION)
    if start is not None:
        (folder / START).mkdir(mode=0o700)
        for path in filter(Path.is_file, start.iterdir()):
            _link(path, folder / START / path.name)
        sync_folder(folder / START)
    sync_folder(folder)


def is_cleared(folder: Path) -> bool:
    """Whether `clear` has been at it to its end."""
    return not (folder / TRAINING).exists()


def clear(folder: Path, kept: Collection[str]) -> None:
    """Remove everything but the adapters named: nothing else is needed once a job has ended.

    Where a worker, orphaned by a kill of the service, is still at it, nothing is done.
    """
    with suppress(LockedError), file_lock(folder / LOCK):
        for path in folder.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path)
            elif not path.is_dir() and path.name not in {LOCK, TRAINING}:
                path.unlink()
        _remove_half_written(folder)
        # The last of all: as long as it is there, a kill has left something to do.
        (folder / TRAINING).unlink()
    if is_cleared(folder):
        (folder / LOCK).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed workers left half written, unless one that lives has the folder."""
    with suppress(LockedError), file_lock(folder / LOCK):
        _remove_half_written(folder)


def _remove_half_written(folder: Path) -> None:
    for pattern in (".*", "*.part", "adapter-*/.*"):
        for path in folder.glob(pattern):
            path.unlink()


def _link(source: Path, path: Path) -> None:
    if not source.exists():
        raise UnknownIdError("File", source.name, param=f"{path.stem}_file")
    try:
        os.link(source, path)
    except OSError:  # a file system without hard links
        copy_durably(source, path)
