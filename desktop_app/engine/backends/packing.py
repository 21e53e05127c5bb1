"""Lays sequences end to end, so that linear layers see one batch without padding.

Attention alone must know where one sequence ends, and takes them one by one. Conversations often
begin alike, with what the system is told, and the two replies of a preference always do: such a
beginning, of which nothing is learned, is read once for all sequences of a pack.
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


def pack_tokens(members: int) -> int:
    """Return the size of the packs that so many threads share."""
    return min(MOST_PACK_TOKENS, PACK_TOKENS * members)


LEAST_SHARED = 8
"""Tokens of a beginning that are worth being shared."""


@dataclass(frozen=True)
class Pack:
    """Sequences end to end: tokens and positions (T,); where each begins and ends.

    All sequences begin with the first `shared` rows; these are the first's, and the others' own
    rows are only what follows. The state at `predicting[i]` predicts `targets[i]` with
    `weights[i]`, i < S.
    """

    tokens: TokenIds
    positions: TokenIds
    sequences: list[slice]
    predicting: TokenIds
    targets: TokenIds
    weights: Floats
    shared: int = 0

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


def packs(examples: Sequence[TrainingExample], most: int, *, shares: bool) -> Iterator[Pack]:
    """Pack whole examples in their order, at most `most` tokens together or one alone.

    Without `shares` every sequence has all of its rows.

    What follows an example's last supervised token has no part in the loss and is left out.
    """
    waiting: list[TrainingExample] = []
    size = 0
    for example in map(_without_tail, examples):
        if waiting and size + len(example.tokens) > most:
            yield _laid_out(waiting, shares=shares)
            waiting, size = [], 0
        if len(example.tokens):
            waiting.append(example)
            size += len(example.tokens)
    if waiting:
        yield _laid_out(waiting, shares=shares)


def packed(examples: Sequence[TrainingExample], *, shares: bool) -> Pack:
    """Pack all of these together; each has something to learn."""
    return _laid_out([_without_tail(example) for example in examples], shares=shares)


def read_length(example: TrainingExample) -> int:
    """Return how many tokens of an example have a part in the loss."""
    return len(_without_tail(example).tokens)


def _without_tail(example: TrainingExample) -> TrainingExample:
    supervised = np.flatnonzero(example.loss_weights)
    end = int(supervised[-1]) + 1 if len(supervised) else 0
    return TrainingExample(example.tokens[:end], example.loss_weights[:end])


def _laid_out(examples: Sequence[TrainingExample], *, shares: bool) -> Pack:
    """The last token of each is only predicted, never read."""
    shared = _shared(examples) if shares else 0
    begins = [0, *[shared] * (len(examples) - 1)]
    reading = [slice(begin, len(e.tokens) - 1) for begin, e in zip(begins, examples, strict=True)]
    starts = np.cumsum([0, *(rows.stop - rows.start for rows in reading)])
    each = list(zip(examples, reading, strict=True))
    targets = np.concatenate([e.tokens[rows.start + 1 :] for e, rows in each])
    weights = np.concatenate([e.loss_weights[rows.start + 1 :] for e, rows in each])
    predicting = np.flatnonzero(weights)
    return Pack(
        tokens=np.concatenate([e.tokens[rows] for e, rows in each]),
        positions=np.concatenate([np.arange(rows.start, rows.stop) for rows in reading]),
        sequences=[slice(a, b) for a, b in pairwise(starts.tolist())],
        predicting=predicting,
        targets=targets[predicting],
        weights=weights[predicting],
        shared=shared,
    )


def _shared(examples: Sequence[TrainingExample]) -> int:
    """Return how many tokens all begin with, up to the first that predicts something; 0 for few."""
    first, *others = examples
    if not others:
        return 0
    most = min(int(np.flatnonzero(example.loss_weights[1:])[0]) for example in examples)
    for other in others:
        differing = np.flatnonzero(first.tokens[:most] != other.tokens[:most])
        most = int(differing[0]) if len(differing) else most
    return most if most >= LEAST_SHARED else 0
