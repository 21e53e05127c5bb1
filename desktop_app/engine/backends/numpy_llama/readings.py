"""Keeps keys and values of what was read, for a prompt that begins in the same way.

A chat that goes on sends all that was said before again, and different chats begin with the same
instructions. What a token's keys and values are depends on nothing but the tokens up to it and the
weights; so those of the common beginning serve, and only the rest is read.
"""

from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.numpy_llama.transformer import Transformer

_MOST_BYTES = 64 << 20
"""Of all readings together. A token of the starter model takes 46 KB."""
_FEWEST = 8
"""Fewer common tokens are read anew."""


@dataclass(frozen=True)
class Reading:
    """Tokens (T,), and the keys and values of all layers (layers, K, T, h) that they gave."""

    transformer: Transformer
    tokens: TokenIds
    keys: Array
    values: Array

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return self.keys.nbytes + self.values.nbytes

    def common(self, tokens: TokenIds) -> int:
        """Return how many tokens both begin with."""
        length = min(len(self.tokens), len(tokens))
        differ = np.flatnonzero(self.tokens[:length] != tokens[:length])
        return int(differ[0]) if len(differ) else length


class Readings:
    """The last readings of one model, under whichever adapters."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: list[Reading] = []
        """The latest last."""

    def keep(self, transformer: Transformer, tokens: TokenIds, keys: Array, values: Array) -> None:
        """Keep copies of keys and values (layers, K, S, h), S >= T; their beginning if too long."""
        each = 2 * keys.itemsize * keys.shape[0] * keys.shape[1] * keys.shape[3]
        length = min(len(tokens), self._most_bytes // each)
        reading = Reading(
            transformer,
            tokens[:length],
            keys[:, :, :length].copy(),
            values[:, :, :length].copy(),
        )
        self._kept = [old for old in self._kept if not _holds(reading, old)]
        self._kept.append(reading)
        while sum(kept.bytes for kept in self._kept) > self._most_bytes:
            self._kept.pop(0)

    def find(self, transformer: Transformer, tokens: TokenIds) -> tuple[int, Reading] | None:
        """Return the reading that begins with the most of these tokens, and with how many."""
        usable = [kept for kept in self._kept if kept.transformer is transformer]
        found = max(
            ((kept.common(tokens), kept) for kept in usable), key=lambda x: x[0], default=None
        )
        return found if found is not None and found[0] >= _FEWEST else None


def _holds(reading: Reading, old: Reading) -> bool:
    """Whether a reading holds all that an old one does."""
    same = reading.transformer is old.transformer
    return same and old.common(reading.tokens) == len(old.tokens)
