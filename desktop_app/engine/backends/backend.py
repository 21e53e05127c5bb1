"""The interface between the service and whatever holds the weights.

The NumPy back end is the default; a PyTorch one implements the same four protocols.
Token ids are int64 arrays of shape (tokens,). Everything here is synchronous and single-threaded:
the service calls it from one thread a model, training from a process of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

TokenIds = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
ChatMessages = Sequence[Mapping[str, Any]]
"""Messages as the protocol has them: mappings with role, content, tool_calls, weight and so on."""


class ModelFileError(Exception):
    """A model file is missing, damaged or of a kind that this back end cannot read."""


class ChatTemplateError(ValueError):
    """The model's template refuses a conversation, or what it says cannot be found in its text."""


class CheckpointError(Exception):
    """A checkpoint is damaged or belongs to another run."""


@dataclass(frozen=True)
class TrainingExample:
    """A conversation as tokens.

    `loss_weights` (tokens,) is the weight of predicting tokens[i]: 0 for everything but the
    assistant's words and end-of-turn, and always 0 at position 0.
    """

    tokens: TokenIds
    loss_weights: Floats


@dataclass(frozen=True)
class LoraSettings:
    """Low-rank adapters on every linear layer: W x + (alpha / rank) B A x (Hu et al. 2021)."""

    rank: int = 16
    alpha: float = 32.0


@dataclass(frozen=True)
class Measurement:
    """Mean loss (nats a token) and share of tokens predicted right, over `tokens` weighted ones."""

    loss: float
    accuracy: float
    tokens: int


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    max_tokens: int = 512
    stop: Sequence[str] = ()


@dataclass(frozen=True)
class GeneratedPiece:
    """Text that is final (whole characters, nothing of a stop string), and the tokens so far.

    `finish_reason` is None but on the last piece: "stop" or "length".
    """

    text: str
    completion_tokens: int
    finish_reason: str | None = None


class Trainer(Protocol):
    """One training run over a model's frozen weights. The caller decides the order of examples."""

    def step(self, batch: Sequence[TrainingExample], learning_rate: float) -> Measurement:
        """Do one optimizer step over the batch; what it measures is before the step."""
        ...

    def validate(self, examples: Sequence[TrainingExample]) -> Measurement:
        """Measure without learning."""
        ...

    def save_checkpoint(self, path: Path) -> None:
        """Write all that is needed to go on bit for bit, in one file, whole or not at all."""
        ...

    def load_checkpoint(self, path: Path) -> None:
        """Go on from a checkpoint. Raises CheckpointError."""
        ...

    def export_adapter(self, folder: Path) -> None:
        """Write the adapter as PEFT reads it (adapter_model.safetensors, adapter_config.json)."""
        ...


class Model(Protocol):
    """A base model in memory, with at most one adapter applied at a time."""

    name: str
    context_tokens: int

    def tokenize(self, text: str) -> TokenIds:
        """Encode text; special tokens in it are read as such."""
        ...

    def detokenize(self, tokens: TokenIds) -> str:
        """Decode tokens; bytes that are no UTF-8 become U+FFFD."""
        ...

    def render(self, messages: ChatMessages, *, add_generation_prompt: bool) -> str:
        """Apply the model's chat template. Raises ChatTemplateError."""
        ...

    def training_example(
        self, messages: ChatMessages, tools: Sequence[Mapping[str, Any]] | None = None
    ) -> TrainingExample:
        """Encode a conversation, cut to `context_tokens`. Raises ChatTemplateError."""
        ...

    def use_adapter(self, folder: Path | None) -> None:
        """Apply an exported adapter, or none; does nothing if it is applied already.

        Raises ModelFileError, with the adapter of before still applied.
        """
        ...

    def generate(self, prompt: TokenIds, sampling: Sampling) -> Iterator[GeneratedPiece]:
        """Continue a prompt token by token; closing the iterator stops at once.

        Raises ValueError for a prompt that is empty or leaves no room in the context.
        """
        ...

    def score(self, tokens: TokenIds) -> Floats:
        """Return log p(tokens[i] | tokens[:i]), shape (tokens,); the first is NaN."""
        ...

    def trainer(self, lora: LoraSettings, *, seed: int) -> Trainer:
        """Begin a run with fresh adapters drawn from `seed`; the model's own adapter is ignored."""
        ...


class Backend(Protocol):
    """A way to run models on this machine."""

    name: str

    def load(self, path: Path) -> Model:
        """Read a model file into memory. Raises ModelFileError."""
        ...

    def memory_needed(self, path: Path, *, training: bool) -> int:
        """Estimate the bytes that loading (and training) this model takes, without loading it."""
        ...
