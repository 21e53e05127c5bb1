"""What an engine says of models: those that it has, and those that it can fetch.

Sizes are bytes. Whatever an engine leaves out is not known: an older one knows less.
"""

from enum import StrEnum

from msgspec import Struct


class FetchState(StrEnum):
    """How far a model is on its way."""

    MISSING = "missing"
    FETCHING = "fetching"
    STOPPED = "stopped"
    DAMAGED = "damaged"
    FAILED = "failed"
    READY = "ready"


class Licence(Struct, frozen=True):
    """Under what a model may be used. `url` is its text, "" if none is known."""

    id: str = ""
    name: str = ""
    url: str = ""


class ModelEntry(Struct, frozen=True):
    """A model that can be fetched. `hub` is "owner/name"; `tokens_per_second` is of training.

    `why` says in words what does not fit or is not offered; `error` what went wrong on the way.
    """

    id: str
    hub: str
    title: str = ""
    parameters: int | None = None
    bytes: int | None = None
    licence: Licence = Licence()
    languages: tuple[str, ...] = ()
    context_tokens: int | None = None
    good_for: str = ""
    backend: str = ""
    memory_training: int | None = None
    memory_answering: int | None = None
    fits_training: bool = False
    fits_answering: bool = False
    why: str | None = None
    tokens_per_second: float | None = None
    state: str = FetchState.MISSING.value
    bytes_done: int | None = None
    error: str | None = None


class BaseModel(Struct, frozen=True):
    """A model that is there to start from. `path_kind` is "gguf" or "folder".

    `hub` is where it came from, None if it came from elsewhere.
    """

    id: str
    path_kind: str = ""
    bytes: int | None = None
    parameters: int | None = None
    context_tokens: int | None = None
    licence: Licence | str | None = None
    backend: str = ""
    fits_training: bool = True
    fits_answering: bool = True
    why: str | None = None
    hub: str | None = None
    is_starter: bool = False


class Catalogue(Struct, frozen=True):
    """Models that are recommended; `as_of` is the day of what is said of them."""

    as_of: str = ""
    source: str = ""
    models: tuple[ModelEntry, ...] = ()


class AdapterUse(Struct, frozen=True):
    """What one kept adapter needs on the disk."""

    model: str = ""
    bytes: int = 0
    is_final: bool = False


class JobUse(Struct, frozen=True):
    """What one job needs on the disk."""

    id: str
    bytes: int = 0
    adapters: tuple[AdapterUse, ...] = ()

    @property
    def to_free(self) -> int:
        """Bytes of what can go: of all but the job's model, or, where it made none, the last."""
        spared = [each for each in self.adapters if each.is_final] or self.adapters[-1:]
        return sum(each.bytes for each in self.adapters if each not in spared)


class Storage(Struct, frozen=True):
    """What an engine needs on the disk, and what is free there."""

    jobs: tuple[JobUse, ...] = ()
    total_bytes: int = 0
    free_bytes: int = 0
