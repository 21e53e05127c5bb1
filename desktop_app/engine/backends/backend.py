"""The interface between the service and whatever holds the weights.

The NumPy back end is the default; the PyTorch one implements the same four protocols.
Token ids are int64 arrays of shape (tokens,). Everything here is synchronous and single-threaded:
the service calls it from one thread a model, training from a process of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

TokenIds = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
ChatMessages = Sequence[Mapping[str, Any]]
"""Messages as the protocol has them: mappings with role, content, tool_calls, weight and so on."""

ToolList = Sequence[Mapping[str, Any]]
"""Tools as the protocol has them: {"type": "function", "function": {...}}."""


PROCESSOR = "this computer's processor"
"""The device of whatever needs no other."""


class ModelFileError(Exception):
    """A model file is missing, damaged or of a kind that this back end cannot read."""


class ChatTemplateError(ValueError):
    """The model's template refuses a conversation, or what it says cannot be found in its text."""


class GrammarError(ValueError):
    """A reply cannot be held to this grammar; the text says why, for whoever wrote it."""


class GrammarUnavailableError(Exception):
    """The package that holds replies to a grammar is not installed."""


class CheckpointError(Exception):
    """A checkpoint cannot be used: it is damaged, unless it is an OtherRunError."""


class OtherRunError(CheckpointError):
    """A checkpoint is sound, and belongs to a run of another model, back end or kind of numbers."""


class BrokenOffError(Exception):
    """A step or a measurement was given up at its owner's wish; nothing has changed by it."""


@dataclass(frozen=True)
class TrainingExample:
    """A conversation as tokens.

    `loss_weights` (tokens,) is the weight of predicting tokens[i]: 0 for everything but the
    assistant's words and end-of-turn, and always 0 at position 0.
    """

    tokens: TokenIds
    loss_weights: Floats


@dataclass(frozen=True)
class PreferencePair:
    """Two replies to the same words, as conversations in which nothing but the reply has weight.

    `reference` is log p(preferred) - log p(other) in nats, before training.
    """

    preferred: TrainingExample
    other: TrainingExample
    reference: float


@dataclass(frozen=True)
class LoraSettings:
    """Low-rank adapters on every linear layer: W x + (alpha / rank) B A x (Hu et al. 2021)."""

    rank: int = 16
    alpha: float = 32.0


@dataclass(frozen=True)
class Measurement:
    """What `tokens` weighted tokens gave: their mean loss in nats, and the share predicted right.

    Of preferences: what `tokens` pairs gave: their mean loss, and the share in which the preferred
    reply has gained more by training than the other ("reward accuracy").
    """

    loss: float
    accuracy: float
    tokens: int


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; temperature 0 takes the likeliest.

    `logit_bias` is added to the logits of tokens. From those of tokens that the reply has already,
    c times, `frequency_penalty` c + `presence_penalty` is taken away. `choices` continuations are
    made, each by itself; with a seed, always the same ones. `top_logprobs` asks for the
    log-probability of each token and for so many of the likeliest; None for neither. `grammar` is
    what the reply must be, in llguidance's Lark syntax. `runtime` is what is to answer, as
    `Model.answered_by` said; '' for the default.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    max_tokens: int = 512
    stop: Sequence[str] = ()
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    choices: int = 1
    top_logprobs: int | None = None
    grammar: str | None = None
    runtime: str = ""


@dataclass(frozen=True)
class LikelyToken:
    """The bytes of a token and its log-probability: the model's own, before any sampling."""

    content: bytes
    logprob: float


@dataclass(frozen=True)
class ScoredToken(LikelyToken):
    """A token that was chosen, with the likeliest ones at its place, the likeliest first."""

    likeliest: Sequence[LikelyToken] = ()


@dataclass(frozen=True)
class GeneratedPiece:
    """Text that is final (whole characters, nothing of a stop string), and the tokens so far.

    `finish_reason` is None but on the last piece of its choice: "stop" or "length". `scored` are
    the tokens behind the text, where they were asked for. A piece that says nothing comes where
    there is nothing to be done for it at this moment.
    """

    text: str
    completion_tokens: int
    finish_reason: str | None = None
    choice: int = 0
    scored: Sequence[ScoredToken] = ()

    @property
    def says_nothing(self) -> bool:
        """Whether no reader need hear of it."""
        return not self.text and not self.scored and self.finish_reason is None


@dataclass(frozen=True)
class ToolCallForm:
    """How a model writes a call: before, {"name": ..., <arguments>: {...}}, after."""

    before: str = "<tool_call>\n"
    after: str = "\n</tool_call>"
    arguments: str = "arguments"


@dataclass(frozen=True)
class Plan:
    """How a run uses the machine: on which device, in which numbers, so many tokens at once.

    `saves_memory`: more is computed twice, so that less is kept.
    """

    device: str
    precision: str
    pack_tokens: int
    saves_memory: bool = False


class Trainer(Protocol):
    """One training run over a model's frozen weights. The caller decides the order of examples.

    What steps and measures may raise BrokenOffError: see `Model.trainer`. Where memory runs out
    they raise MemoryError; with `save_memory` and the last checkpoint they may be tried again.
    """

    @property
    def plan(self) -> Plan:
        """Return how the run uses the machine from here on."""
        ...

    def save_memory(self) -> None:
        """Take less memory from here on, and more time."""
        ...

    def take_up(self, plan: Plan) -> None:
        """Use memory as an earlier attempt at this run did, so as to give the same to the last bit.

        The device and the numbers are the model's: see `Backend.load_to_train`.
        """
        ...

    def step(self, batch: Sequence[TrainingExample], learning_rate: float) -> Measurement:
        """Do one optimizer step over the batch; what it measures is before the step."""
        ...

    def validate(self, examples: Sequence[TrainingExample]) -> Measurement:
        """Measure without learning."""
        ...

    def step_preferences(
        self, batch: Sequence[PreferencePair], learning_rate: float, beta: float
    ) -> Measurement:
        """Do one optimizer step over pairs by direct preference optimization.

        The loss of a pair is -log sigmoid(beta (d - reference)), where d is log p(preferred) - log
        p(other) now (Rafailov et al. 2023, eq. 7).
        """
        ...

    def validate_preferences(self, pairs: Sequence[PreferencePair], beta: float) -> Measurement:
        """Measure pairs without learning."""
        ...

    def log_likelihoods(self, examples: Sequence[TrainingExample]) -> Doubles:
        """Return the sum of weight times log p over the tokens of each example, shape (n,)."""
        ...

    def save_checkpoint(self, path: Path) -> None:
        """Write all that is needed to go on bit for bit, in one file, whole or not at all."""
        ...

    def load_checkpoint(self, path: Path) -> None:
        """Go on from a checkpoint. Raises CheckpointError, of a run not this one OtherRunError."""
        ...

    def export_adapter(self, folder: Path) -> None:
        """Write the adapter as PEFT reads it (adapter_model.safetensors, adapter_config.json)."""
        ...


class Model(Protocol):
    """A base model in memory, with at most one adapter applied at a time."""

    name: str
    context_tokens: int
    tool_call_form: ToolCallForm

    def tokenize(self, text: str) -> TokenIds:
        """Encode text; special tokens in it are read as such."""
        ...

    def detokenize(self, tokens: TokenIds) -> str:
        """Decode tokens; bytes that are no UTF-8 become U+FFFD."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes of one token, none for a number that stands for nothing."""
        ...

    def render(
        self, messages: ChatMessages, *, add_generation_prompt: bool, tools: ToolList | None = None
    ) -> str:
        """Apply the model's chat template. Raises ChatTemplateError."""
        ...

    def training_example(
        self, messages: ChatMessages, tools: ToolList | None = None
    ) -> TrainingExample:
        """Encode a conversation, cut to `context_tokens`. Raises ChatTemplateError."""
        ...

    def use_adapter(self, folder: Path | None) -> None:
        """Apply an exported adapter, or none; does nothing if it is applied already.

        Raises ModelFileError, with the adapter of before still applied.
        """
        ...

    def answered_by(self, prompt_tokens: int, sampling: Sampling) -> str:  # noqa: ARG002  # of most
        """Name the runtime that is going to answer, with its version; '' for the default."""
        return ""

    def generate(self, prompt: TokenIds, sampling: Sampling) -> Iterator[GeneratedPiece]:
        """Continue a prompt token by token; closing the iterator stops at once.

        Raises ValueError for a prompt that is empty or leaves no room in the context, and what
        `check_grammar` raises.
        """
        ...

    def check_grammar(self, grammar: str) -> None:
        """Raise GrammarError or GrammarUnavailableError where a reply cannot be held to it."""
        ...

    def score(self, tokens: TokenIds) -> Floats:
        """Return log p(tokens[i] | tokens[:i]), shape (tokens,); the first is NaN."""
        ...

    def likeliest(self, tokens: TokenIds, count: int) -> list[list[LikelyToken]]:
        """Return the likeliest tokens after tokens[:i], for i of 1 to len(tokens) - 1."""
        ...

    def trainer(
        self,
        lora: LoraSettings,
        *,
        seed: int,
        start: Path | None = None,
        broken_off: Callable[[], bool] = lambda: False,
    ) -> Trainer:
        """Begin a run with fresh adapters drawn from `seed`; the model's own adapter is ignored.

        With `start`, an exported adapter, the run begins at that one and takes its rank and alpha;
        layers that it leaves out begin fresh. Raises ModelFileError where it does not fit.
        `broken_off` is asked again and again during a step or a measurement, which raises
        BrokenOffError once it says yes.
        """
        ...


class Backend(Protocol):
    """A way to run models on this machine; `device` says on what, in plain words."""

    name: str
    device: str

    def load(self, path: Path) -> Model:
        """Read a model file into memory. Raises ModelFileError."""
        ...

    def load_to_train(self, path: Path, precision: str | None = None) -> Model:  # noqa: ARG002  # of most
        """Read a model file that is going to be trained. Raises ModelFileError.

        `precision` is that of the plan of an earlier attempt, whose numbers are taken again.
        """
        return self.load(path)

    def memory_needed(self, path: Path, *, training: bool) -> int:
        """Estimate the bytes that loading (and training) this model takes, without loading it."""
        ...

    def check(self, path: Path) -> None:
        """Look whether this model can be run here, at once. Raises ModelFileError."""
        self.memory_needed(path, training=False)

    def plans_memory(self, path: Path, *, training: bool) -> bool:  # noqa: ARG002  # of most
        """Whether the model has memory of its own, a GPU's, and a run plans what it does with it.

        Raises ModelFileError.
        """
        return False

    def variables(self) -> dict[str, str]:
        """Return what a worker must be told to choose as this process does."""
        return {}
