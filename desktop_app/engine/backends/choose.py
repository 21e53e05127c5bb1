"""Which back end runs a model: NumPy's, which is always there, or PyTorch's where it is installed.

PyTorch is taken where there is a GPU, for models that NumPy's does not know, and for training on a
processor that computes faster in bfloat16 than in float32. Answers come from NumPy wherever it
can: on a processor it is the quicker of the two (64 tokens a second against 50 of the starter
model's). Loading PyTorch takes seconds, so nothing here does before a model asks for it; what it
would find is asked of a child process, once.
"""

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from typing_extensions import override

from desktop_app.engine.backends.backend import PROCESSOR, Backend, Model, ModelFileError
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.thread_settings import environment
from desktop_app.engine.backends.torch_models.facts import (
    Facts,
    ask_child,
    handed_on,
    handing_on,
    lacking,
)
from desktop_app.engine.backends.torch_models.sizes import memory_needed, stored_numbers

Choice = Literal["auto", "numpy", "torch"]
CHOICES: tuple[Choice, ...] = ("auto", "numpy", "torch")
CHOICE_VARIABLE, DEVICE_VARIABLE = "EXEMPLAR_BACKEND", "EXEMPLAR_DEVICE"


class Offer(Struct, frozen=True):
    """A back end as the service tells of it; `device` is None until it was found out."""

    name: str
    device: str | None
    available: bool
    why: str | None = None


class Backends(Backend):
    """Every back end there is, and which of them a model gets."""

    def __init__(
        self,
        choice: Choice,
        device: str | None,
        find_facts: Callable[[], Facts | None],
        lacks: Callable[[], str | None] = lacking,
    ) -> None:
        self._choice = choice
        self._wanted_device = device
        self._find_facts = find_facts
        self._lacks = lacks
        self._lock = threading.Lock()
        self._facts: Facts | None = None
        self._has_looked = False
        self._looking: threading.Thread | None = None
        self._numpy = NumpyLlamaBackend()
        self._torch: Backend | None = None
        self.name = "torch" if choice == "torch" else self._numpy.name
        self.device = PROCESSOR if device in {None, "cpu"} else str(device)

    def of(self, path: Path, *, training: bool = False) -> Backend:
        """Return the back end for a model. Raises ModelFileError if none can run it."""
        if self._choice == "numpy":
            return self._numpy
        if self._choice == "torch":
            return self._torch_backend()
        refusal = self._numpy.refusal(path)
        if refusal is None and not self._prefers_torch(training=training):
            return self._numpy
        if refusal is not None and self._lacks() is not None:
            raise refusal
        return self._torch_backend()

    @override
    def load(self, path: Path) -> Model:
        return self.of(path).load(path)

    @override
    def load_to_train(self, path: Path, precision: str | None = None) -> Model:
        return self.of(path, training=True).load_to_train(path, precision)

    @override
    def memory_needed(self, path: Path, *, training: bool) -> int:
        name, _ = self.named(path, training=training)
        if name == self._numpy.name:
            return self._numpy.memory_needed(path, training=training)
        # Where it is decided only as the model is loaded, the larger is counted with.
        itemsize = 2 if self._precision() == "bfloat16" else 4
        return memory_needed(path, itemsize, training=training)

    @override
    def check(self, path: Path) -> None:
        """As the interface has it; what PyTorch finds on this computer is not waited for."""
        refusal = self._numpy.refusal(path) if self._choice != "torch" else None
        if refusal is not None and (self._choice == "numpy" or self._lacks() is not None):
            raise refusal
        stored_numbers(path)

    @override
    def plans_memory(self, path: Path, *, training: bool) -> bool:
        name, _ = self.named(path, training=training)
        return name == "torch" and self._has_gpu(self._known())

    def named(self, path: Path, *, training: bool = False) -> tuple[str, str]:
        """Return the name and the device of a model's back end, without loading either."""
        numpy = self._numpy.name, self._numpy.device
        if self._choice == "numpy":
            return numpy
        if self._choice == "auto":
            refusal = self._numpy.refusal(path)
            if refusal is None and not self._prefers_torch(training=training):
                return numpy
            if refusal is not None and self._lacks() is not None:
                raise refusal
        facts = self._known()
        if self._wanted_device == "cpu":
            return "torch", PROCESSOR
        return "torch", self._wanted_device or (facts.device if facts else PROCESSOR)

    def offers(self) -> list[Offer]:
        """Say what there is, and begin to look for what is not known yet."""
        numpy = Offer(self._numpy.name, self._numpy.device, available=True)
        missing = self._lacks()
        if missing is not None:
            why = f"The package {missing} is not installed."
            return [numpy, Offer("torch", None, available=False, why=why)]
        self.look()
        with self._lock:
            facts, has_looked = self._facts, self._has_looked
        if not has_looked:
            return [numpy, Offer("torch", None, available=True, why="It is being looked at.")]
        if facts is None:
            return [numpy, Offer("torch", None, available=False, why="PyTorch does not start.")]
        return [numpy, Offer("torch", facts.device, available=True)]

    def look(self) -> None:
        """Begin to find out what PyTorch finds, on a thread, unless that was begun."""
        if self.is_known:
            return
        with self._lock:
            if self._looking is not None:
                return
            self._looking = threading.Thread(target=self._look, name="torch-facts", daemon=True)
            self._looking.start()

    @property
    def is_known(self) -> bool:
        """Whether all is known that a choice depends on."""
        with self._lock:
            return self._has_looked or self._choice == "numpy" or self._lacks() is not None

    @override
    def variables(self) -> dict[str, str]:
        with self._lock:
            told = {CHOICE_VARIABLE: self._choice, **handing_on(self._facts)}
        return told | ({DEVICE_VARIABLE: self._wanted_device} if self._wanted_device else {})

    def _look(self) -> None:
        facts = self._find_facts()
        with self._lock:
            self._facts, self._has_looked = facts, True

    def _known(self) -> Facts | None:
        """Return what PyTorch finds, waiting for it; None where it is of no use."""
        if self._lacks() is not None:
            return None
        self.look()
        if self._looking is not None:
            self._looking.join()
        return self._facts

    def _prefers_torch(self, *, training: bool) -> bool:
        facts = self._known()
        if facts is None:
            return False
        return self._has_gpu(facts) or (training and facts.kind == "cpu" and facts.halves)

    def _has_gpu(self, facts: Facts | None) -> bool:
        if self._wanted_device is not None:
            return not self._wanted_device.startswith("cpu")
        return facts is not None and facts.has_gpu

    def _torch_backend(self) -> Backend:
        missing = self._lacks()
        if missing is not None:
            raise ModelFileError(
                "This model needs the PyTorch add-on, and its package"
                f" {missing} is not installed. How to install it is written in the program's"
                " README, under “Larger models, GPUs, another computer”."
            )
        if self._torch is None:
            from desktop_app.engine.backends.torch_models.backend import (  # noqa: PLC0415  # slow
                TorchBackend,
            )

            self._torch = TorchBackend(self._wanted_device, self._precision())
        return self._torch

    def _precision(self) -> Literal["auto", "float32", "bfloat16"]:
        """Return what was found out, so that all processes of a run take the same numbers."""
        facts = self._known()
        wanted = (self._wanted_device or "").partition(":")[0]
        if facts is None or wanted not in {"", facts.kind}:
            return "auto"
        return "bfloat16" if facts.halves else "float32"


def backends(
    choice: Choice = "auto", device: str | None = None, threads: int | None = None
) -> Backends:
    """Return the back ends of this computer. `device` is PyTorch's, as "cuda:1" or "cpu"."""
    variables: Mapping[str, str] = environment(threads)
    return Backends(choice, device, lambda: handed_on() or ask_child(variables))


def from_environment() -> Backends:
    """Return what the service chose, in a worker."""
    choice = os.environ.get(CHOICE_VARIABLE, "auto")
    return backends(
        next((known for known in CHOICES if known == choice), "auto"),
        os.environ.get(DEVICE_VARIABLE),
    )
