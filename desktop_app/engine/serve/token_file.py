"""The file that holds the token by which clients are known."""

import os
import secrets
import sys
from pathlib import Path

from desktop_app.engine.serve.starting import Exit, StartError, read_token
from desktop_app.engine.store.durable import move_durably

TOKEN_BYTES = 32
"""256 bits: nobody guesses that."""


def ensure_token(path: Path) -> tuple[str, bool]:
    """Return the token, and whether it had to be made. Raises StartError."""
    if path.exists():
        return read_token(path), False
    return renew_token(path), True


def renew_token(path: Path) -> str:
    """Make a new token; whoever has the old one is locked out at the next start.

    Raises StartError.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        os.umask(0o077)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, f"{token}\n".encode())
    except OSError as error:
        message = f"The token file cannot be written: {error.strerror}."
        raise StartError(Exit.TOKEN_FILE, message) from error
    return token


def _write(path: Path, data: bytes) -> None:
    """Replace a file by one that its owner alone can read, from the first moment on.

    Root makes a token for the user who owns the folder, as a service of its own does. That user may
    have put links there: none is followed, or root would write to what it points at.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(part, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _give_to_owner_of(path.parent, file.fileno())
        move_durably(part, path)
    finally:
        part.unlink(missing_ok=True)


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
