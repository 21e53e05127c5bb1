"""Fetches one model from a hub into a folder: on a thread, with progress, Stop, and going on later.

A file that is being fetched is called *.part; it gets its own name once its checksum is right and
it is on disk. Whatever ends a fetch, the next one goes on behind the bytes that are there.
"""

import asyncio
import errno
import hashlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.engine.models.hub_client import LOST, Hub, HubError
from desktop_app.engine.models.hub_files import HubFile
from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.origin import Origin
from desktop_app.engine.service_log import where
from desktop_app.engine.store.durable import CHUNK_BYTES, move_durably

if TYPE_CHECKING:  # see hub_client
    import httpx2

log = logging.getLogger(__name__)

PART = ".part"
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each new attempt; the count begins anew whenever something has come."""
WRONG = "{file} is not what the model hub announced: its checksum is wrong. Try again."
TOO_LONG = "The model hub sends more of {file} than it announced."
DISK_FULL = "The disk is full. Free some space; what was fetched is kept."
FAILED = "The service failed on this. Its log says where. Try again."
NOT_STORED = "The model could not be stored: {reason}."


class HubFetch:
    """One attempt at fetching. `install` is called on its thread when all files are there."""

    def __init__(self, hub: Hub, folder: Path, origin: Origin, install: Callable[[], None]) -> None:
        self.origin = origin
        self.error: str | None = None
        self._hub = hub
        self._folder = folder
        self._name = HubName.of(f"{origin.hub}@{origin.revision}")
        self._install = install
        self._lock = threading.Lock()
        self._stopped = False
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._ended = threading.Event()
        name = f"fetch-{self._name.key}"
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return not self._ended.is_set()

    def start(self) -> None:
        """Begin; call it once."""
        self._thread.start()

    def stop(self) -> None:
        """Break off and wait until nothing is written any more; what was fetched stays."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                loop, task = self._running
                loop.call_soon_threadsafe(task.cancel)
        # Not for the thread: a name that is being looked up holds it, and cannot be broken off.
        self._ended.wait()

    def _work(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        try:
            await self._fetch_all()
        except asyncio.CancelledError:
            pass
        except HubError as error:
            self.error = str(error)
        except OSError as error:
            log.error("fetching failed: %s", where(error))
            reason = error.strerror or type(error).__name__
            full = error.errno == errno.ENOSPC
            self.error = DISK_FULL if full else NOT_STORED.format(reason=reason)
        except Exception as error:  # noqa: BLE001  # it would end unseen, as if it was stopped
            log.error("fetching failed: %s", where(error))
            self.error = FAILED
        finally:
            self._ended.set()

    async def _fetch_all(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            if self._stopped:
                return
            self._running = asyncio.get_running_loop(), task
        try:
            async with self._hub.client() as client:
                for file in self.origin.files:
                    await self._fetch(client, file)
        finally:
            with self._lock:  # from here on nothing is left to be broken off
                self._running = None
        if not self._stopped:
            self._install()

    async def _fetch(self, client: "httpx2.AsyncClient", file: HubFile) -> None:
        whole = self._folder / file.path
        if _size(whole) == file.size:
            return
        part = self._folder / (file.path + PART)
        attempt, come = 0, _size(part)
        while (there := _size(part)) != file.size:
            if there > come:
                attempt, come = 0, there
            try:
                await self._fetch_rest(client, file, part)
            except HubError as error:
                if not error.again or attempt == len(PAUSES):
                    raise
                await asyncio.sleep(PAUSES[attempt])
                attempt += 1
        await _check(part, file)
        move_durably(part, whole)

    async def _fetch_rest(self, client: "httpx2.AsyncClient", file: HubFile, part: Path) -> None:
        """Fetch what is missing of a file. Raises HubError, with what has come on disk."""
        start = max(0, _size(part))
        if start > file.size:
            start = 0
        opened = self._hub.open_file(client, self._name, self.origin.commit, file, start)
        async with opened as response:
            if start and not _goes_on(response, start):
                start = 0
            with part.open("ab" if start else "wb") as written:
                async for piece in response.aiter_raw():  # as they come
                    start += len(piece)
                    if start > file.size:
                        raise HubError(502, TOO_LONG.format(file=file.path))
                    written.write(piece)
                    written.flush()
        if start < file.size:
            raise HubError(502, LOST, again=True)


def _goes_on(response: "httpx2.Response", start: int) -> bool:
    """Whether an answer begins at this byte. Source: RFC 9110, 14.4 and 15.3.7."""
    said = response.headers.get("content-range", "")
    return response.status_code == 206 and said.startswith(f"bytes {start}-")


async def _check(part: Path, file: HubFile) -> None:
    """Compare a file on disk with its checksum, and remove it if it is another. Raises HubError.

    Git names a file by the SHA-1 of "blob", its size, a zero byte and its content;
    only large files have a SHA-256.
    Source: Git, gitformat-object ("blob").
    """
    if file.sha256:
        digest, expected = hashlib.sha256(), file.sha256
    else:
        digest, expected = hashlib.sha1(usedforsecurity=False), file.blob or ""
        digest.update(b"blob %d\0" % file.size)
    with part.open("r+b") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
            await asyncio.sleep(0)  # so that Stop is heard
        os.fsync(content.fileno())
    if expected and digest.hexdigest() != expected:
        _forget(part)
        raise HubError(502, WRONG.format(file=file.path))


def bytes_there(folder: Path, origin: Origin) -> int:
    """Return how much of a model has come."""
    total = 0
    for file in origin.files:
        for path in (folder / file.path, folder / (file.path + PART)):
            try:
                total += min(path.stat().st_size, file.size)
                break
            except OSError:
                continue
    return total


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    """Return the size of a file, -1 where there is none."""
    return path.stat().st_size if path.is_file() else -1
