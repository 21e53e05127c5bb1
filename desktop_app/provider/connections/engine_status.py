"""What the service on this computer says of itself."""

from msgspec import Struct

READY, MISSING, FETCHING, DAMAGED = "ready", "missing", "fetching", "damaged"


class StarterModel(Struct, frozen=True):
    """The model that comes with the program. `state` is one of the four above; sizes in bytes."""

    state: str = MISSING
    bytes: int | None = None
    bytes_done: int | None = None
    error: str | None = None


class EngineStatus(Struct, frozen=True):
    """The answer to GET /engine.

    `training_tokens_per_second` was measured on this machine; None before anything was.
    """

    version: str = ""
    backend: str = ""
    threads: int = 0
    memory_bytes: int = 0
    memory_available_bytes: int = 0
    training_tokens_per_second: float | None = None
    starter_model: StarterModel = StarterModel()
    models: tuple[str, ...] = ()
    active_jobs: int = 0
