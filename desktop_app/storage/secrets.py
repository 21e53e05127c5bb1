"""Keys, in the keyring of the operating system and nowhere else."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:  # Importing it takes 40 ms, finding the backend 100 more: not at start-up.
    from keyring.backend import KeyringBackend

SERVICE = "Exemplar"
LEAST_PRIORITY = 1
"""Backends below it (plain-text files, a null keyring) keep no secret: keyring, `recommended`."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class SecretsReason(StrEnum):
    """Why the keyring could not be used."""

    NO_KEYRING = "no_keyring"
    LOCKED = "locked"
    FAILED = "failed"


class SecretsUnavailable(Exception):  # noqa: N818  # a state of the machine, not a fault
    """The keyring did not do its part. `detail` holds its own words, and never a key."""

    def __init__(self, reason: SecretsReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


def origin(base_url: str) -> str:
    """Return scheme, host and port of an address: what a key belongs to (RFC 6454, section 4).

    Raises ValueError for an address that has none.
    """
    parts = urlsplit(base_url.strip())
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    if parts.hostname is None or port is None:
        raise ValueError(f"no web address: {base_url!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


class Secrets:
    """One key for each origin, so that no other host ever sees it.

    Every call may block for as long as the keyring asks the user for a password: use a thread.
    """

    def __init__(self) -> None:
        self._this_session: dict[str, str] = {}

    def get(self, base_url: str) -> str | None:
        """Return the key for the host of this address. Raises SecretsUnavailable."""
        account = origin(base_url)
        if account in self._this_session:
            return self._this_session[account]
        try:
            return _backend().get_password(SERVICE, account)
        except Exception as error:  # noqa: BLE001  # backends raise what their platform raises
            raise _unavailable(error) from None

    def set(self, base_url: str, key: str) -> None:
        """Keep the key for the host of this address.

        Raises SecretsUnavailable if the keyring does not take it; the key is then in memory for
        this session and `is_persistent` says no.
        """
        account = origin(base_url)
        self._this_session[account] = key
        try:
            _backend().set_password(SERVICE, account, key)
        except Exception as error:  # noqa: BLE001  # backends raise what their platform raises
            raise _unavailable(error, key) from None
        del self._this_session[account]

    def delete(self, base_url: str) -> None:
        """Forget the key for the host of this address. Raises SecretsUnavailable."""
        account = origin(base_url)
        self._this_session.pop(account, None)
        try:
            backend = _backend()
            if backend.get_password(SERVICE, account) is not None:
                backend.delete_password(SERVICE, account)
        except Exception as error:  # noqa: BLE001  # backends raise what their platform raises
            raise _unavailable(error) from None

    def is_persistent(self, base_url: str) -> bool:
        """Whether the key for this host outlives the session."""
        return origin(base_url) not in self._this_session


def _backend() -> KeyringBackend:
    import keyring  # noqa: PLC0415  # see above
    from keyring.errors import NoKeyringError  # noqa: PLC0415  # see above

    backend = keyring.get_keyring()
    if backend.priority < LEAST_PRIORITY:
        raise NoKeyringError(f"{type(backend).__module__} keeps no secret")
    return backend


def _unavailable(error: Exception, key: str = "") -> SecretsUnavailable:
    from keyring.errors import InitError, KeyringLocked, NoKeyringError  # noqa: PLC0415  # see above

    if isinstance(error, NoKeyringError):
        reason = SecretsReason.NO_KEYRING
    elif isinstance(error, KeyringLocked | InitError):
        reason = SecretsReason.LOCKED
    else:
        reason = SecretsReason.FAILED
    words = str(error) or type(error).__name__
    return SecretsUnavailable(reason, words.replace(key, "…") if key else words)
