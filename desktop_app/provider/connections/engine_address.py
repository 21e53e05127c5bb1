"""Where the service on this computer is, and the token that it wants."""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import psutil
from msgspec import Meta, Struct

from desktop_app.provider.loopback import is_loopback

SERVICE_FILE = "service.json"
TOKEN_FILE = "token"  # noqa: S105  # the file's name


class Announcement(Struct, frozen=True):
    """What the service writes when it is ready, on standard output and in its file."""

    base_url: str
    pid: Annotated[int, Meta(gt=0, lt=2**31)]


@dataclass(frozen=True)
class EngineAddress:
    """A running service. `base_url` ends in /v1."""

    base_url: str
    pid: int
    token: str = field(repr=False)
    tls: None = None
    """Nothing is encrypted that does not leave this computer."""

    @property
    def is_alive(self) -> bool:
        """Whether its process exists; it may have stopped answering all the same."""
        try:
            return bool(psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False


def parse_announcement(data: bytes, token: str) -> EngineAddress | None:
    """Read where a service says that it is; None for anything but a place on this computer."""
    try:
        said = msgspec.json.decode(data, type=Announcement)
        host = urlsplit(said.base_url).hostname or ""
    except (msgspec.MsgspecError, ValueError):
        return None
    # The token goes where this points: nowhere else, even if somebody has changed the file.
    return EngineAddress(said.base_url, said.pid, token) if is_loopback(host) else None


def announced(store: Path) -> EngineAddress | None:
    """Return the service that has announced itself in this store and whose process is there."""
    try:
        data = (store / SERVICE_FILE).read_bytes()
        token = (store / TOKEN_FILE).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    address = parse_announcement(data, token)
    return address if address is not None and token and address.is_alive else None


def ensure_token(store: Path) -> tuple[Path, str]:
    """Return the token file (0600) and what it holds, making it if it is not there or too open.

    A token that is there is kept: another window may be starting the same service. Raises OSError.
    """
    path = store / TOKEN_FILE
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        try:
            token = path.read_text("ascii").strip()
            if token and (os.name == "nt" or path.stat().st_mode & 0o077 == 0):
                return path, token
            path.unlink()
        except FileNotFoundError:
            _make_token(path)
        except ValueError:
            path.unlink(missing_ok=True)


def _make_token(path: Path) -> None:
    """Make the file with a token in it, unless another window has just done so.

    It appears whole: one that is seen empty would be taken for damaged and removed.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        Path(part).unlink()
