"""Whether llama.cpp answers, and why not, for the whole service."""

import importlib.metadata
import importlib.util
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from desktop_app import __version__
from desktop_app.engine.backends.backend import Model, ModelFileError
from desktop_app.engine.backends.llama_cpp.files import (
    NoRoomError,
    RuntimeFiles,
    Verdict,
    refusal,
)
from desktop_app.engine.backends.llama_cpp.process import LlamaProcess, RuntimeFailedError
from desktop_app.engine.backends.llama_cpp.sizes import Sizes, loading, sizes_of

Choice = Literal["default", "llama.cpp", "auto"]
CHOICES: tuple[Choice, ...] = ("default", "llama.cpp", "auto")
PACKAGE = "xllamacpp"
NAME = "llama.cpp"
MOST_ADAPTERS = 4
"""Adapters that a process holds: those asked for last."""
UNUSABLE = (RuntimeFailedError, ModelFileError, NoRoomError, OSError)
"""What may come in the way of starting a process."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What is asked of the service: the back end's words, and the free memory."""

    threads: int
    memory_available: Callable[[], int]
    is_on_processor: Callable[[Path], bool]


class Answering:
    """The choice between the default back end and llama.cpp, used from several threads.

    With "auto" a model is tried out first, and answered by llama.cpp if that says the same in
    less time (`is_worth_it`, of both times); with "llama.cpp" that is taken wherever it can be.
    """

    def __init__(
        self,
        choice: Choice,
        files: RuntimeFiles,
        surroundings: Surroundings,
        is_installed: Callable[[], bool] = lambda: importlib.util.find_spec(PACKAGE) is not None,
        is_worth_it: Callable[[float, float], bool] = lambda its, the_defaults: its < the_defaults,
    ) -> None:
        self.files = files
        self.is_worth_it = is_worth_it
        self.is_forced = choice == "llama.cpp"
        self._choice = choice
        self._surroundings = surroundings
        self._is_installed = is_installed
        self._lock = threading.Lock()
        self._failed: str | None = None
        self._told: dict[tuple[Path, Path | None], str | None] = {}

    @property
    def name(self) -> str:
        """The runtime's name with its version: the same answer to a seed depends on it."""
        try:
            return f"{NAME} {importlib.metadata.version(PACKAGE)}"
        except importlib.metadata.PackageNotFoundError:
            return NAME

    @property
    def versions(self) -> str:
        """Everything that a verdict about a model depends on."""
        return f"{__version__} numpy {np.__version__} {self.name}"

    def why_not(self) -> str | None:
        """Say why it answers nothing at all, None if it may."""
        if self._choice == "default":
            return "The service was started with the default back end for answers."
        if not self._is_installed():
            return f"The package {PACKAGE} is not installed."
        with self._lock:
            return self._failed

    def why_not_for(self, base: Path) -> str | None:
        """Say why it does not answer with a base model, whatever the adapter."""
        why = self.why_not() or refusal(base)
        if why is None and not self._surroundings.is_on_processor(base):
            return "Another device than the processor answers with this model."
        return why

    def verdict(self, base: Path, adapter: Path | None) -> Verdict | None:
        """Return whether it answers with a model; None as long as that was not tried."""
        if self.is_forced:
            return Verdict(self.versions, same=True, used=True)
        return self.files.verdict(base, adapter, self.versions)

    def has_copies(self, base: Path, adapter: Path | None) -> bool:
        """Make what a process reads, where it is not there. Raises ModelFileError."""
        try:
            self.files.base(base)
            if adapter is not None:
                self.files.adapter(adapter, base)
        except (NoRoomError, OSError) as error:
            self.fail(base, adapter, error)
            return False
        return True

    def start(self, base: Path, adapters: list[Path]) -> LlamaProcess:
        """Start a process with a base model's copy and its adapters' copies.

        Raises RuntimeFailedError, ModelFileError, NoRoomError and OSError.
        """
        model = self.files.base(base)
        copies = [self.files.adapter(adapter, base) for adapter in adapters]
        sizes = self.sizes(base)
        needed = sizes.memory(model.stat().st_size + sum(one.stat().st_size for one in copies))
        if self._surroundings.memory_available() < needed:
            raise NoRoomError(f"It takes about {needed / 1e9:.1f} GB of memory more.")
        return LlamaProcess(loading(model, copies, sizes, self._surroundings.threads))

    def sizes(self, base: Path) -> Sizes:
        """Return how much a process holds. Raises ModelFileError."""
        return sizes_of(base)

    def fail(self, base: Path, adapter: Path | None, error: Exception) -> None:
        """Something came in the way; where it was the runtime itself, it answers no more."""
        if not isinstance(error, RuntimeFailedError):
            self.tell(base, adapter, str(error) or type(error).__name__)
            return
        with self._lock:
            is_first, self._failed = self._failed is None, f"It failed: {error}."
        if is_first:
            log.warning("llama.cpp failed (%s); the default back end answers", error)

    def tell(self, base: Path, adapter: Path | None, why: str | None) -> None:
        """Remember why a model is not answered by it, None if it is."""
        with self._lock:
            self._told[base, adapter] = why

    def state_of(self, base: Path, adapter: Path | None) -> tuple[bool, str | None]:
        """Return whether it answers with a model, and why not."""
        try:
            why = self.why_not_for(base)
            verdict = None if why else self.verdict(base, adapter)
        except ModelFileError as error:
            return False, str(error)
        if why is not None:
            return False, why
        with self._lock:
            told = self._told.get((base, adapter))
        if told is not None:
            return False, told
        if verdict is None:
            return False, "It is tried out after the model's first answer."
        return verdict.used, verdict.why


LoadModel = Callable[[], Model]
"""Loads the default back end's model; raises what loading raises."""
