"""What the service on this computer says of itself."""

from msgspec import Struct

READY, MISSING, FETCHING, DAMAGED = "ready", "missing", "fetching", "damaged"


class StarterModel(Struct, frozen=True):
    """The model that comes with the program. `state` is one of the four above; sizes in bytes."""

    state: str = MISSING
    bytes: int | None = None
    bytes_done: int | None = None
    error: str | None = None


class EngineBackend(Struct, frozen=True):
    """Something an engine can reckon with. `why` says in words why it is not to be had."""

    name: str
    device: str | None = None
    available: bool = True
    why: str | None = None


class EngineStatus(Struct, frozen=True):
    """The answer to GET /engine.

    `device` is what the first model would run on, in words. `training_tokens_per_second` was
    measured on this machine; None before anything was.
    """

    version: str = ""
    backend: str = ""
    device: str | None = None
    backends: tuple[EngineBackend, ...] = ()
    threads: int = 0
    memory_bytes: int = 0
    memory_available_bytes: int = 0
    training_tokens_per_second: float | None = None
    starter_model: StarterModel = StarterModel()
    models: tuple[str, ...] = ()
    active_jobs: int = 0
