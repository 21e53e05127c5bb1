"""Whether a model fits this machine: memory for training and for answering, and expected speed.

For a model that is here, its back end says what it needs. For one that is not, the same is computed
from its measures.
"""

from dataclasses import dataclass, replace

import msgspec

from desktop_app.engine.backends.choose import CHOICE_VARIABLE, DEVICE_VARIABLE
from desktop_app.engine.backends.numpy_llama.needs import NUMBER, PROGRAM, memory_needed
from desktop_app.engine.backends.torch_models.facts import VARIABLE, Facts, lacking
from desktop_app.engine.backends.torch_models.sizes import needed_by
from desktop_app.engine.machine import MEMORY_MARGIN, Machine, gigabytes
from desktop_app.engine.models.shape import Shape
from desktop_app.engine.models.torch_kinds import unknown_to_torch

NUMPY, TORCH = "numpy", "torch"
_BFLOAT16 = 2
"""Bytes of a number."""
_RESERVED_PART, _MOST_RESERVED = 4, 2 << 30
"""The system keeps a quarter of the memory for itself, 2 GiB at most: our own assumption."""
NO_TORCH = (
    "This model needs the PyTorch add-on, which is not installed. How to install it is written in"
    " the program's README, under “Larger models, GPUs, another computer”."
)
NUMPY_ONLY = "The service was told to work with NumPy alone, which does not run this model."
CROWDED = (
    "Training takes about {needed} of memory, and {free} is free now: close other programs first."
)
AT_LEAST = "Its measures are known only when it is here; it takes more memory than is told here."
ANSWERS_ONLY = (
    "It can answer on this computer, but not be trained: that takes about {needed} of memory, and"
    " {usable} can be used."
)
TOO_LARGE = "It is too large: answering takes about {needed} of memory, and {usable} can be used."


@dataclass(frozen=True)
class Fit:
    """What a model needs in bytes, and whether this machine has it. `why`: what is in the way."""

    backend: str
    memory_training: int
    memory_answering: int
    fits_training: bool
    fits_answering: bool
    why: str | None = None


@dataclass(frozen=True)
class MeasuredSpeed:
    """Tokens a second in training, of a model with so many `multiplied_parameters`."""

    tokens_per_second: float
    parameters: int
    backend: str


def memory_of(shape: Shape, backend: str, *, training: bool, number: int = _BFLOAT16) -> int:
    """Return the bytes that a model takes, from its measures, as its back end would.

    The program, the weights, and for an answer the keys and values of a conversation. For training,
    adapters of r (in + out) numbers a matrix (Hu et al. 2021, 4.1) with gradients and Adam's two
    moments in float32 (Kingma and Ba 2015), and what every layer keeps of a pack for the way back
    (Korthikanti et al. 2022, 4.1). `number`: bytes of a number with PyTorch.
    """
    if backend == TORCH:
        return needed_by(shape.parameters, shape.layers, shape.width, number, training=training)
    return memory_needed(shape, shape.parameters, training=training)


class Fits:
    """Compares needs with what this machine has; what its GPU is may be found out meanwhile."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def of(self, shape: Shape) -> Fit:
        """Judge a model that is not here, by its measures."""
        backend, numbers = self._backend_of(shape)
        training = memory_of(shape, backend, training=True, number=numbers)
        answering = memory_of(shape, backend, training=False, number=numbers)
        refusal = self._refusal(backend, shape)
        if refusal is not None:
            return Fit(backend, training, answering, False, False, refusal)
        return self.judged(backend, training, answering)

    def at_least(self, parameters: int) -> Fit:
        """Judge a GGUF file that is not here: of its needs only the weights are known."""
        needed = PROGRAM + parameters * NUMBER
        fit = self.judged(NUMPY, needed, needed)
        return replace(fit, why=fit.why or AT_LEAST)

    def judged(self, backend: str, training: int, answering: int) -> Fit:
        """Judge by what is needed, in the GPU's memory where it has one of its own."""
        facts = self._facts() if backend == TORCH else None
        if facts is not None and facts.memory:
            usable = free = facts.memory
        else:
            total, free = self._machine.memory_bytes(), self._machine.memory_available()
            usable = max(free, total - min(total // _RESERVED_PART, _MOST_RESERVED))
        answers = answering + MEMORY_MARGIN <= usable
        trains = training + MEMORY_MARGIN <= usable
        why = None
        if not answers:
            why = TOO_LARGE.format(needed=gigabytes(answering), usable=gigabytes(usable))
        elif not trains:
            why = ANSWERS_ONLY.format(needed=gigabytes(training), usable=gigabytes(usable))
        elif training + MEMORY_MARGIN > free:
            why = CROWDED.format(needed=gigabytes(training), free=gigabytes(free))
        return Fit(backend, training, answering, trains, answers, why)

    def _backend_of(self, shape: Shape) -> tuple[str, int]:
        """Return the back end that would train a model, and its bytes a number.

        The rules are those of backends/choose.py, which asks the model's files.
        """
        facts, choice = self._facts(), self._choice()
        number = _BFLOAT16 if facts is None or facts.halves else NUMBER
        faster = facts is not None and (facts.has_gpu or facts.halves)
        if choice == "torch" or (choice == "auto" and (faster or not shape.plain)):
            return TORCH, number
        return (NUMPY, NUMBER) if shape.plain else (TORCH, number)

    def _refusal(self, backend: str, shape: Shape) -> str | None:
        if backend != TORCH:
            return None
        if self._choice() == "numpy" and not shape.plain:
            return NUMPY_ONLY
        return NO_TORCH if lacking() is not None else unknown_to_torch(shape.architecture)

    def _choice(self) -> str:
        return self._machine.backend.variables().get(CHOICE_VARIABLE, "auto")

    def _facts(self) -> Facts | None:
        """Return what PyTorch finds on this computer, None where that is not known yet.

        Of another device than the one that was wanted, nothing is known but its kind.
        """
        variables = self._machine.backend.variables()
        told, wanted = variables.get(VARIABLE), variables.get(DEVICE_VARIABLE, "")
        if not told:
            return None
        facts = msgspec.json.decode(told, type=Facts)
        kind = wanted.partition(":")[0]
        return facts if kind in {"", facts.kind} else Facts(kind, wanted)


def expected_speed(shape: Shape, backend: str, measured: MeasuredSpeed | None) -> float | None:
    """Estimate the tokens a second in training by those of another model on this machine.

    The work for a token grows with the weights by which it is multiplied (Kaplan et al. 2020, 2.1);
    what attention adds is left out. None where the other ran on another back end.
    """
    if measured is None or measured.backend != backend or measured.parameters <= 0:
        return None
    return measured.tokens_per_second * measured.parameters / shape.multiplied_parameters
