"""What is known of a service before anything is sent to it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from desktop_app.provider.provider import Capabilities


class ConnectionKind(StrEnum):
    """The ways to connect."""

    THIS_COMPUTER = "this_computer"
    OPENAI = "openai"
    ENGINE = "engine"
    OTHER = "other"


class DataPlace(StrEnum):
    """Where examples go that are sent there; the words are the user interface's."""

    THIS_COMPUTER = "this_computer"
    OPENAI = "openai"
    SERVICE = "service"


@dataclass(frozen=True)
class ConnectionProfile:
    """One connection. `base_url` is "" where the address is known only once the service runs.

    No job can be created from `training_closes` on, and from `models_close` on no tuned model
    answers; None where no such day is known. `certificate` (PEM) is the only one that is trusted;
    "" leaves that to the system.
    """

    id: str
    kind: ConnectionKind
    name: str
    base_url: str
    needs_key: bool
    capabilities: Capabilities
    data_place: DataPlace
    training_closes: date | None = None
    models_close: date | None = None
    certificate: str = ""

    @property
    def is_engine(self) -> bool:
        """Whether an engine of the program's own answers there."""
        return self.kind in (ConnectionKind.THIS_COMPUTER, ConnectionKind.ENGINE)
