"""What is kept beside a base model: where it came from, under which licence, which files it has."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from desktop_app.engine.models.hub_files import HubFile
from desktop_app.engine.models.shape import Shape
from desktop_app.engine.store.durable import write_durably

ORIGIN = "exemplar-origin.json"
MOST_BYTES = 1 << 20


class Licence(Struct, frozen=True):
    """A licence as a model's card states it; `id` is '' where none is stated."""

    id: str = ""
    name: str = ""
    url: str = ""


class Origin(Struct, frozen=True):
    """Where a model came from. `hub` is '' for one taken from this computer.

    `accepted_at` (Unix seconds) is when the licence was accepted, `licence_sha256` the checksum of
    its text where the model brought one along. What the hub does not tell is None.
    """

    id: str
    files: tuple[HubFile, ...]
    hub: str = ""
    revision: str = ""
    commit: str = ""
    licence: Licence = Licence()
    accepted_at: int | None = None
    licence_sha256: str = ""
    languages: tuple[str, ...] = ()
    parameters: int | None = None
    context_tokens: int | None = None
    shape: Shape | None = None

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


def read_origin(folder: Path) -> Origin | None:
    """Return what is kept beside a model; None where nothing is, or nothing readable."""
    path = folder / ORIGIN
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return msgspec.json.decode(path.read_bytes(), type=Origin)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_origin(folder: Path, origin: Origin) -> None:
    """Keep it, whole or not at all."""
    write_durably(folder / ORIGIN, msgspec.json.format(msgspec.json.encode(origin)))


def are_whole(folder: Path, files: Sequence[HubFile]) -> bool:
    """Whether all files are there in their full sizes."""
    try:
        return all((folder / file.path).stat().st_size == file.size for file in files)
    except OSError:
        return False
