"""Lays sequences end to end, so that linear layers see one batch without padding.

Attention alone must know where one sequence ends, and takes them one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Doubles, Floats, TokenIds, TrainingExample

PACK_TOKENS = 512
"""The size of a pack on a processor: long enough for fast matrix products, short enough for
memory."""
MOST_PACK_TOKENS = 2048
"""However many threads there are: the tape of one token of the starter model takes 0.7 MB."""
SMALLEST_PACK = 128
"""Below it, products of matrices are slow and little memory is won."""


def pack_tokens(members: int, each: int) -> int:
    """Return the size of the packs that so many threads share, with so many tokens for each."""
    return max(PACK_TOKENS, min(MOST_PACK_TOKENS, each * members))


@dataclass(frozen=True)
class Pack:
    """Sequences end to end: tokens and positions (T,); where each begins and ends.

    The state at `predicting[i]` predicts `targets[i]` with `weights[i]`, i < S.
    """

    tokens: TokenIds
    positions: TokenIds
    sequences: list[slice]
    predicting: TokenIds
    targets: TokenIds
    weights: Floats

    def sums(self, values: Array) -> Doubles:
        """Add up values (S,) of the targets within each of n sequences: (n,), in double."""
        sums = np.zeros(len(self.sequences))
        np.add.at(sums, self._owners(), values)
        return sums

    def spread(self, values: Doubles) -> Array:
        """Give every target the value (n,) of its sequence: (S,)."""
        return values[self._owners()].astype(self.weights.dtype)

    def _owners(self) -> TokenIds:
        """Of which sequence each target is."""
        ends = [sequence.stop for sequence in self.sequences]
        return np.searchsorted(ends, self.predicting, side="right")


def packs(examples: Sequence[TrainingExample], most: int) -> Iterator[Pack]:
    """Pack whole examples in their order, at most `most` tokens together or one alone.

    What follows an example's last supervised token has no part in the loss and is left out.
    """
    waiting: list[TrainingExample] = []
    size = 0
    for example in map(_without_tail, examples):
        if waiting and size + len(example.tokens) > most:
            yield _laid_out(waiting)
            waiting, size = [], 0
        if len(example.tokens):
            waiting.append(example)
            size += len(example.tokens)
    if waiting:
        yield _laid_out(waiting)


def packed(examples: Sequence[TrainingExample]) -> Pack:
    """Pack all of these together; each has something to learn."""
    return _laid_out([_without_tail(example) for example in examples])


def read_length(example: TrainingExample) -> int:
    """Return how many tokens of an example have a part in the loss."""
    return len(_without_tail(example).tokens)


def _without_tail(example: TrainingExample) -> TrainingExample:
    supervised = np.flatnonzero(example.loss_weights)
    end = int(supervised[-1]) + 1 if len(supervised) else 0
    return TrainingExample(example.tokens[:end], example.loss_weights[:end])


def _laid_out(examples: Sequence[TrainingExample]) -> Pack:
    """The last token of each is only predicted, never read."""
    lengths = [len(example.tokens) - 1 for example in examples]
    starts = np.cumsum([0, *lengths])
    targets = np.concatenate([example.tokens[1:] for example in examples])
    weights = np.concatenate([example.loss_weights[1:] for example in examples])
    predicting = np.flatnonzero(weights)
    return Pack(
        tokens=np.concatenate([example.tokens[:-1] for example in examples]),
        positions=np.concatenate([np.arange(length) for length in lengths]),
        sequences=[slice(a, b) for a, b in pairwise(starts.tolist())],
        predicting=predicting,
        targets=targets[predicting],
        weights=weights[predicting],
    )
