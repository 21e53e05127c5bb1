"""What generation asks of a back end: logits of the next token, a step at a time."""

from typing import Protocol

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TokenIds


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


class Decoding(Protocol):
    """A model, with the adapter that is applied, as generation sees it."""

    def decoder(self, capacity: int) -> Decoder:
        """Return a decoder of one sequence, empty yet, with room for so many tokens."""
        ...

    def kept_bytes(self, tokens: int) -> int:
        """Return the bytes that are kept of a sequence of so many tokens."""
        ...
