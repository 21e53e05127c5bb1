"""What the service must know of the computer that it runs on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from desktop_app.engine.backends.backend import PROCESSOR, Backend, ModelFileError
from desktop_app.engine.backends.choose import Backends, Offer
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.thread_settings import training_environment

MEMORY_MARGIN = 256 * 1024 * 1024


def _memory_available() -> int:
    return int(psutil.virtual_memory().available)


@dataclass(frozen=True)
class Machine:
    """The back end, and the threads and bytes that it may use.

    `team` are the threads of a trainer that waits without keeping others from their work: all
    physical cores, unless fewer are given.
    """

    backend: Backend
    threads: int
    memory_available: Callable[[], int] = _memory_available
    team: int | None = None

    def memory_bytes(self) -> int:
        """Return the memory of this computer."""
        return int(psutil.virtual_memory().total)

    def lacks_memory(self, model: Path, *, training: bool) -> str | None:
        """Say what is missing in plain words, None if there is enough. Raises ModelFileError."""
        if self.backend.plans_memory(model, training=training):
            return None
        needed = self.backend.memory_needed(model, training=training) + MEMORY_MARGIN
        available = self.memory_available()
        if available >= needed:
            return None
        purpose = "Training" if training else "Answering"
        return (
            f"{purpose} with this model takes about {gigabytes(needed)} of memory, and only"
            f" {gigabytes(available)} is free. Close other programs and try again."
        )

    def runs_on(self, model: Path | None) -> tuple[str, str | None]:
        """Return the back end of a model, and its device; None as long as that is not known."""
        backend = self.backend
        if not isinstance(backend, Backends):
            return backend.name, backend.device
        backend.look()
        if model is None or not backend.is_known:
            return backend.name, None if not backend.is_known else backend.device
        try:
            return backend.named(model)
        except ModelFileError:
            return backend.name, backend.device

    def answers_on_processor(self, model: Path) -> bool:
        """Whether NumPy's back end answers with a model. Raises ModelFileError."""
        backend = self.backend
        name, device = backend.name, backend.device
        if isinstance(backend, Backends):
            name, device = backend.named(model)
        return name == NumpyLlamaBackend.name and device == PROCESSOR

    def offers(self) -> list[Offer]:
        """Return every back end, and whether it is there."""
        backend = self.backend
        if isinstance(backend, Backends):
            return backend.offers()
        return [Offer(backend.name, backend.device, available=True)]

    def worker_environment(self) -> dict[str, str]:
        """Return the variables that must be set before a worker imports NumPy."""
        return {**training_environment(self.threads, self.team), **self.backend.variables()}


def gigabytes(size: int) -> str:
    """Word a number of bytes."""
    return f"{size / 1e9:.1f} GB"
