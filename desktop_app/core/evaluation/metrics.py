"""How well a model gives the wanted replies."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReplyLoss:
    """The negative log-likelihood (nats) of a wanted reply, and its tokens."""

    total: float
    tokens: int

    @classmethod
    def of(cls, logprobs: Sequence[float]) -> "ReplyLoss":
        """Sum the log-probabilities (natural) that a model gave the tokens of a reply."""
        return cls(-math.fsum(logprobs), len(logprobs))

    @property
    def mean(self) -> float:
        """Loss per token; NaN for a reply without tokens."""
        return self.total / self.tokens if self.tokens else math.nan


def mean_loss(replies: Iterable[ReplyLoss]) -> float:
    """Return the loss per token over all replies, long ones weighing more; NaN if none."""
    pairs = [(reply.total, reply.tokens) for reply in replies]
    tokens = sum(count for _, count in pairs)
    return math.fsum(total for total, _ in pairs) / tokens if tokens else math.nan


def perplexity(loss: float) -> float:
    """Return exp(loss): among how many equally likely tokens the model seems to choose."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def is_exact_match(reply: str, wanted: str) -> bool:
    """Whether two texts are the same but for Unicode's composition (NFC) and white space."""
    return normalised(reply) == normalised(wanted)


def normalised(text: str) -> str:
    """Return text composed, with single spaces between words and none around."""
    return " ".join(unicodedata.normalize("NFC", text).split())
