"""What all ways to start the service have in common."""

import errno
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path

from desktop_app.engine.store.database import StoreError
from desktop_app.engine.store.file_lock import LockedError, file_lock
from desktop_app.engine.store.folders import Folders


class Exit(IntEnum):
    """Why the service did not start."""

    OPTIONS = 2
    OCCUPIED = 3
    PORT_TAKEN = 4
    TOKEN_FILE = 5
    STORE = 6
    CERTIFICATE = 7


class StartError(Exception):
    """The service cannot start; the text is meant for whoever started it."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def own_store(root: Path) -> Iterator[Folders]:
    """Make a store where there is none, and hold it for this process alone. Raises StartError."""
    # What is made from here on belongs to its owner alone.
    os.umask(0o077)
    folders = Folders(root.absolute())
    try:
        folders.create()
    except OSError as error:
        message = f"The store cannot be used: {error.strerror}."
        raise StartError(Exit.STORE, message) from error
    try:
        with file_lock(folders.lock):
            with suppress(OSError):  # where it cannot be removed, nothing else can be written
                folders.service.unlink(missing_ok=True)  # of a service that was killed
            yield folders
    except LockedError as error:
        message = "Another service is already running on this store."
        raise StartError(Exit.OCCUPIED, message) from error
    except StoreError as error:
        raise StartError(Exit.STORE, f"The store cannot be used: {error}.") from error


def read_token(path: Path) -> str:
    """Return the token in a file that only its owner may read. Raises StartError."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise StartError(Exit.TOKEN_FILE, "The token file cannot be read.") from error
    if os.name == "posix" and mode & 0o077:
        raise StartError(Exit.TOKEN_FILE, "The token file can be read by others: chmod it to 600.")
    if not token:
        raise StartError(Exit.TOKEN_FILE, "The token file is empty.")
    return token


def listen(port: int, address: str = "127.0.0.1") -> socket.socket:
    """Return a socket listening at an IP address, on loopback if none is given.

    Raises StartError.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # The protocol is named because asyncio looks at it: without, it lets the system hold back the
    # end of an answer for up to 40 ms (Nagle's algorithm).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        raise StartError(Exit.PORT_TAKEN, _why_not(error, address, port)) from error
    return listening


def _why_not(error: Exception, address: str, port: int) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"Port {port} is in use by another program."
    if number == errno.EADDRNOTAVAIL:
        return f"This computer has no address {address}."
    return f"Port {port} cannot be used."


def end_quietly() -> None:
    """Do nothing at a signal: uvicorn ends at it while it serves, and raises it again afterwards.

    To no effect then.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: None)
