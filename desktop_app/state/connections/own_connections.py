"""Connections that the user has set up: what is known of them before anything is sent."""

from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.provider.factory import profile_of
from desktop_app.storage.secrets import origin
from desktop_app.storage.settings import ConnectionSettings

OWN_KINDS = (ConnectionKind.OTHER, ConnectionKind.ENGINE)
"""The kinds of which a user may have several."""


def profile_from(settings: ConnectionSettings) -> ConnectionProfile:
    """Return what is known of a connection of the user's. Raises ValueError."""
    each = settings
    return profile_of(each.kind, each.id, each.name, each.base_url, each.certificate)


def shares_host(one: ConnectionProfile, other: ConnectionProfile) -> bool:
    """Whether two connections lead to the same host, and so share a key."""
    return bool(other.base_url) and origin(one.base_url) == origin(other.base_url)
