"""The models that are being fetched or were: begun, stopped, gone on with, forgotten."""

import hashlib
import logging
import shutil
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from desktop_app.engine.machine import gigabytes
from desktop_app.engine.models.base_folders import FETCHING, show
from desktop_app.engine.models.hub_client import Hub, HubError
from desktop_app.engine.models.hub_description import described
from desktop_app.engine.models.hub_fetch import HubFetch, bytes_there
from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.origin import Origin, read_origin, write_origin
from desktop_app.engine.store.folders import Folders

log = logging.getLogger(__name__)

MARGIN_BYTES = 256 << 20
"""What must stay free beside a model, so that the computer goes on working."""
NO_SPACE = 507


class FetchState(StrEnum):
    """How far a model is that is not here yet."""

    FETCHING = "fetching"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Fetched:
    """A model on its way. `error` tells why the last attempt failed."""

    origin: Origin
    state: FetchState
    bytes_done: int
    error: str | None = None


class HubFetches:
    """A thread a model; what is on disk is found again after a restart, and goes on when asked."""

    def __init__(self, folders: Folders) -> None:
        self._models = folders.models
        self._folder = folders.models / FETCHING
        self._lock = threading.RLock()
        self._fetches: dict[str, HubFetch] = {}

    def all(self) -> list[Fetched]:
        """Return every model that is on its way."""
        with self._lock:
            paths = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
            found = [self._state(path.name) for path in paths]
        return [fetched for fetched in found if fetched is not None]

    def of(self, name: HubName) -> Fetched | None:
        """Return how far a model is, None if nobody began to fetch it."""
        with self._lock:
            return self._state(name.key)

    def begin(self, name: HubName, model_id: str) -> Fetched:
        """Fetch a model, or go on with it; its licence was accepted now.

        Asks the hub. Raises HubError, also where there is not enough space.
        """
        hub = Hub()
        known = self.of(name)
        if known is not None and known.state is FetchState.FETCHING:
            if known.origin.revision != name.revision:
                raise HubError(409, f"Another revision of {name.full} is being fetched.")
            return known
        if known is not None and known.origin.revision == name.revision:
            origin = known.origin
        else:
            origin = described(hub, name, model_id)
            origin = msgspec.structs.replace(origin, accepted_at=int(time.time()))
        with self._lock:
            return self._begin(hub, name, origin)

    def stop(self, name: HubName) -> None:
        """Break off, and wait until it is so."""
        with self._lock:
            fetch = self._fetches.get(name.key)
        if fetch is not None:
            fetch.stop()

    def forget(self, name: HubName) -> None:
        """Break off and remove what was fetched."""
        self.stop(name)
        with self._lock:
            self._fetches.pop(name.key, None)
            shutil.rmtree(self._folder / name.key, ignore_errors=True)

    def is_busy(self) -> bool:
        """Whether anything is being fetched."""
        with self._lock:
            return any(fetch.running for fetch in self._fetches.values())

    def close(self) -> None:
        """Break off everything; it can go on later."""
        with self._lock:
            fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.stop()

    def _state(self, key: str) -> Fetched | None:
        folder = self._folder / key
        origin = read_origin(folder)
        if origin is None:
            return None
        fetch, state = self._fetches.get(key), FetchState.STOPPED
        if fetch is not None:
            running = FetchState.FETCHING if fetch.running else FetchState.STOPPED
            state = FetchState.FAILED if fetch.error else running
        error = fetch.error if fetch is not None else None
        return Fetched(origin, state, bytes_there(folder, origin), error)

    def _begin(self, hub: Hub, name: HubName, origin: Origin) -> Fetched:
        running = self._fetches.get(name.key)
        if running is not None and running.running:  # somebody else was faster
            state = self._state(name.key)
            return state or Fetched(origin, FetchState.FETCHING, origin.bytes)
        folder = self._folder / name.key
        there = read_origin(folder)
        if there is not None and there.commit != origin.commit:
            shutil.rmtree(folder)
        self._check_space(folder, origin)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        write_origin(folder, origin)
        fetch = HubFetch(hub, folder, origin, lambda: self._install(folder, origin))
        self._fetches[name.key] = fetch
        fetch.start()
        return Fetched(origin, FetchState.FETCHING, bytes_there(folder, origin))

    def _check_space(self, folder: Path, origin: Origin) -> None:
        """Raise HubError if this and what else is being fetched will not find room."""
        needed = origin.bytes - bytes_there(folder, origin) + MARGIN_BYTES
        for key, fetch in self._fetches.items():
            if fetch.running:
                needed += fetch.origin.bytes - bytes_there(self._folder / key, fetch.origin)
        free = shutil.disk_usage(self._models).free
        if free < needed:
            message = (
                f"There is not enough space: this needs {gigabytes(needed)}, and"
                f" {gigabytes(free)} is free."
            )
            raise HubError(NO_SPACE, message)

    def _install(self, folder: Path, origin: Origin) -> None:
        """Put a model that is whole where models are looked for, in place of a damaged one."""
        text = next((f for f in origin.files if "licen" in f.path.lower()), None)
        if text is not None:
            digest = _sha256(folder / text.path)
            origin = msgspec.structs.replace(origin, licence_sha256=digest)
            write_origin(folder, origin)
        for path in folder.iterdir():
            if path.name.endswith(".part"):
                path.unlink()
        show(folder, self._models / self._free_id(folder, origin))
        log.info("fetched a model of %d bytes", origin.bytes)

    def _free_id(self, folder: Path, origin: Origin) -> str:
        """Return the name chosen at the beginning, or the longer one if it was taken meanwhile."""
        there = self._models / origin.id
        if not there.exists() and not there.with_name(f"{origin.id}.gguf").exists():
            return origin.id
        known = read_origin(there)
        if known is not None and known.hub.lower() == origin.hub.lower():
            return origin.id
        write_origin(folder, msgspec.structs.replace(origin, id=folder.name))
        return folder.name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
