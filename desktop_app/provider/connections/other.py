"""Any other service that speaks the protocol, at an address that the user enters."""

from urllib.parse import urlsplit, urlunsplit

from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile, DataPlace
from desktop_app.provider.loopback import is_loopback
from desktop_app.provider.provider import Capabilities


def other_profile(connection_id: str, name: str, base_url: str) -> ConnectionProfile:
    """Return the profile of a service of which only the address is known.

    Raises ValueError for what is no web address.
    """
    address = tidy_address(base_url)
    local = is_loopback(urlsplit(address).hostname or "")
    return ConnectionProfile(
        id=connection_id,
        kind=ConnectionKind.OTHER,
        name=name,
        base_url=address,
        needs_key=not local,
        # 64 is the protocol's limit for the suffix; 18 is what every service known takes.
        capabilities=Capabilities(suffix_limit=18),
        data_place=DataPlace.THIS_COMPUTER if local else DataPlace.SERVICE,
    )


def tidy_address(text: str) -> str:
    """Return a base URL without blanks, a closing slash or the endpoint that guides often add.

    Raises ValueError for what is no web address, or one with a password or a query in it.
    """
    parts = urlsplit(text.strip())
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError("not a web address")
    _ = parts.port  # Raises ValueError for a port that is none.
    path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/models")
    return urlunsplit((parts.scheme, parts.netloc.lower(), path, "", ""))
