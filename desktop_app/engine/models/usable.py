"""Which of the base models that are here can be run, and why the others cannot."""

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from desktop_app import __version__
from desktop_app.engine.backends.backend import Backend, ModelFileError
from desktop_app.engine.backends.choose import CHOICE_VARIABLE
from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.models.model_check import check_model
from desktop_app.engine.models.torch_kinds import torch_kinds
from desktop_app.engine.service_log import where
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.facts import fact, set_fact

log = logging.getLogger(__name__)

T = TypeVar("T")

DAMAGED, UNREADABLE = "Its files are damaged.", "Its files cannot be read."


class UsableModels:
    """Looks at each model once, as long as its files and what runs them stay the same.

    What was found is remembered in the store: a large vocabulary takes a second to read.
    """

    def __init__(self, database: Database, backend: Backend) -> None:
        self._database = database
        self._backend = backend
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}

    def why_not(self, path: Path) -> str | None:
        """Say why a model cannot be run here, None if it can."""
        try:
            key = f"usable:{__version__}:{means_of(self._backend)}:{path}:{stamp(path)}"
        except OSError:
            return UNREADABLE
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = fact(self._database, key)
        if known is None:
            known = or_why(lambda: check_model(self._backend, path)) or ""
            if isinstance(known, MayPass):
                return known
            with suppress(sqlite3.OperationalError):  # a full disk: until the service ends
                set_fact(self._database, key, known)
        with self._lock:
            self._known[key] = known
        return known or None


class MayPass(str):
    """Why a model cannot be used at this moment: not to be remembered."""

    __slots__ = ()


def or_why(look: Callable[[], T]) -> T | str:
    """Return what was found out of a model's files, or why they cannot be used."""
    try:
        return look()
    except ModelFileError as error:
        return MayPass(error) if _may_pass(error) else str(error)
    except (OSError, MemoryError, ImportError):
        return MayPass(UNREADABLE)
    except Exception as error:  # noqa: BLE001  # of files that nobody vouches for: the other
        # models must be told of all the same.
        log.error("a model cannot be understood: %s", where(error))
        return DAMAGED


def _may_pass(error: BaseException | None) -> bool:
    """Whether the system, and not a file's content, is at the bottom of an error."""
    while error is not None:
        if isinstance(error, (OSError, MemoryError, ImportError)):
            return True
        error = error.__cause__
    return False


def stamp(path: Path) -> str:
    """Return what changes with a model's files. Raises OSError."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [(file.name, file.stat()) for file in files]
    told = [(name, state.st_size, state.st_mtime_ns) for name, state in states]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def means_of(backend: Backend) -> str:
    """Return what decides which models can be run: the choice, and what is installed."""
    choice = backend.variables().get(CHOICE_VARIABLE, backend.name)
    return f"{choice} without {lacking() or 'nothing'} of {len(torch_kinds())}"
