"""Which addresses a connection may have: a key must not cross a network unencrypted."""

from enum import StrEnum
from urllib.parse import urlsplit

from desktop_app.provider.connections.engine_elsewhere import engine_address
from desktop_app.provider.connections.other import tidy_address
from desktop_app.provider.connections.profile import ConnectionKind
from desktop_app.provider.loopback import is_loopback


class AddressProblem(StrEnum):
    """Why an address is not taken."""

    NOT_AN_ADDRESS = "not_an_address"
    NOT_ENCRYPTED = "not_encrypted"


def problem_with(base_url: str) -> AddressProblem | None:
    """Return why a service may not be reached under this address, None if it may."""
    try:
        address = tidy_address(base_url)
    except ValueError:
        return AddressProblem.NOT_AN_ADDRESS
    if any(character.isspace() for character in address):
        return AddressProblem.NOT_AN_ADDRESS
    if address.startswith("http:") and not is_loopback(urlsplit(address).hostname or ""):
        return AddressProblem.NOT_ENCRYPTED
    return None


def tidied(text: str, kind: ConnectionKind) -> str:
    """Return what was typed as an address: an engine is also named by its host alone.

    What is no address is returned as it was typed, for `problem_with` to say so.
    """
    if kind is not ConnectionKind.ENGINE:
        return text.strip()
    try:
        return engine_address(text)
    except ValueError:
        return text.strip()
