"""What generation asks of a back end: logits of the next token, a step at a time."""

from typing import Protocol, runtime_checkable

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.generation.guessing import Phrases


class Decoder(Protocol):
    """n sequences of one length that began as one, with what is kept of them for the next step."""

    def next_logits(self, tokens: TokenIds) -> Array:
        """Append tokens (n, T), T = 1 but for a single sequence; return the logits (n, V) after."""
        ...

    def branched(self, sequences: int, more: int) -> "Decoder":
        """Return the first sequence so many times, with room for more tokens each."""
        ...

    def drop(self, place: int) -> None:
        """Forget a sequence; the last one takes its place."""
        ...


@runtime_checkable
class CheckingDecoder(Decoder, Protocol):
    """A decoder that reads a few tokens of a single sequence in little more time than one.

    `phrases` are what it has heard; `sure`, how likely a guess must be to be worth its time.
    """

    phrases: Phrases
    sure: float

    def forget(self) -> None:
        """Begin with nothing heard or read: the logits then are the same to the last bit again."""
        ...

    def check(self, tokens: TokenIds) -> Array:
        """Append tokens (T,); return the logits (T, V) after each."""
        ...

    def take_back(self, count: int) -> None:
        """Forget the last so many tokens."""
        ...

    def finish(self) -> None:
        """The reply is at its end: what was read of it may serve the next."""
        ...


class Decoding(Protocol):
    """A model, with the adapter that is applied, as generation sees it."""

    def decoder(self, capacity: int) -> Decoder:
        """Return a decoder of one sequence, empty yet, with room for so many tokens."""
        ...

    def kept_bytes(self, tokens: int) -> int:
        """Return the bytes that are kept of a sequence of so many tokens."""
        ...
