"""The folder of one job: its examples, its settings, its state, its adapters."""

import os
import shutil
from pathlib import Path

from desktop_app.engine.store.durable import copy_durably, sync_folder

TRAINING = "training.jsonl"
VALIDATION = "validation.jsonl"
SETTINGS = "job.json"
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

    `start` is the folder of the adapter from which training goes on. Raises OSError.
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


def clear(folder: Path) -> None:
    """Remove everything but the adapters: nothing else is needed once a job has ended."""
    for path in folder.iterdir():
        if not path.is_dir():
            path.unlink()
        elif not path.name.startswith("adapter-") or path.name.endswith(".part"):
            shutil.rmtree(path)


def _link(source: Path, path: Path) -> None:
    try:
        os.link(source, path)
    except OSError:  # a file system without hard links
        copy_durably(source, path)
