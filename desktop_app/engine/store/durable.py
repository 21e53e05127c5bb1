"""Files that are whole or absent, whatever happens while they are written."""

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

CHUNK_BYTES = 1024 * 1024


class WriteStoppedError(Exception):
    """The service is to end before this is done."""


def write_durably(path: Path, data: bytes) -> None:
    """Replace `path` by `data`: a temporary file, fsync, rename, fsync of the folder."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        move_durably(part, path)
    finally:
        part.unlink(missing_ok=True)


def copy_durably(source: Path, path: Path) -> None:
    """Copy a file's bytes to `path`, or nothing."""
    part = path.with_name(path.name + ".part")
    try:
        shutil.copyfile(source, part)
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        move_durably(part, path)
    finally:
        part.unlink(missing_ok=True)


def join_durably(
    sources: Sequence[Path],
    path: Path,
    seen: Callable[[bytes], object],
    *,
    stopped: threading.Event,
) -> None:
    """Write files one behind the other to `path`, showing `seen` every chunk, as for a checksum.

    The bytes are on disk afterwards, the name need not be: move it durably.
    Raises WriteStoppedError.
    """
    with path.open("wb") as whole:
        for source in sources:
            with source.open("rb") as part:
                while chunk := part.read(CHUNK_BYTES):
                    if stopped.is_set():
                        raise WriteStoppedError
                    whole.write(chunk)
                    seen(chunk)
        whole.flush()
        os.fsync(whole.fileno())


def move_durably(source: Path, path: Path) -> None:
    """Rename within one file system so that the new name outlives a power cut."""
    source.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to disk; Windows does so by itself and offers no call for it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
