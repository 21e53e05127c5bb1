"""The file that holds the token by which clients are known."""

import os
import secrets
import sys
from pathlib import Path

from desktop_app.engine.serve.starting import Exit, StartError, read_token
from desktop_app.engine.store.durable import write_durably

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
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Readable by its owner alone from the first moment on.
        os.umask(0o077)
        write_durably(path, f"{token}\n".encode())
        _give_to_owner(path)
    except OSError as error:
        message = f"The token file cannot be written: {error.strerror}."
        raise StartError(Exit.TOKEN_FILE, message) from error
    return token


def _give_to_owner(path: Path) -> None:
    """Let root make a token for the user who owns the folder, as a service of its own does."""
    if sys.platform != "win32" and os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)
