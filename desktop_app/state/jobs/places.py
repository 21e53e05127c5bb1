"""Where a job was sent: it is followed, looked for and stopped there and nowhere else."""

from desktop_app.state.connections.connections import Connections
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.settings import THIS_COMPUTER


def is_local(connection_id: str) -> bool:
    """Whether a connection is the engine on this computer."""
    return connection_id == THIS_COMPUTER


def is_engine(connections: Connections, connection_id: str) -> bool:
    """Whether a connection is an engine of the program's own, here or on another computer.

    It charges nothing and counts no requests, so that a job can be asked for every second.
    """
    profile = connections.profile(connection_id)
    return profile is not None and profile.is_engine


def address(connections: Connections, connection_id: str) -> str:
    """Return the base URL to remember. The engine's is empty: its port changes at every start."""
    profile = connections.profile(connection_id)
    return "" if profile is None or is_local(connection_id) else profile.base_url


def leads_elsewhere(connections: Connections, record: JobRecord) -> bool:
    """Whether the job's connection is gone or points to another address by now."""
    gone = connections.profile(record.connection) is None
    return gone or address(connections, record.connection) != record.base_url
