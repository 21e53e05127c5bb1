"""Direct preference optimization (Rafailov et al. 2023): from log-likelihoods to a loss.

With d = log p(preferred) - log p(other) and its value before training, the reference:

    loss = -log σ(β (d - reference)),    dloss/dd = -β σ(-β (d - reference))
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from desktop_app.engine.backends.backend import (
    Doubles,
    Measurement,
    PreferencePair,
    TrainingExample,
)
from desktop_app.engine.backends.packing import read_length


@dataclass(frozen=True)
class Compared:
    """Of each pair (n,): its loss, -dloss/dd, and whether the preferred reply has gained more."""

    losses: Doubles
    pulls: Doubles
    right: npt.NDArray[np.bool_]


def compare(likelihoods: Doubles, pairs: Sequence[PreferencePair], beta: float) -> Compared:
    """Judge pairs by the log-likelihoods (2 n,) of preferred, other, preferred, other, ..."""
    references = np.array([pair.reference for pair in pairs])
    gains = likelihoods[0::2] - likelihoods[1::2] - references
    losses = np.logaddexp(0, -beta * gains)
    # σ(-z) = exp(-log(1 + exp(z))), which overflows nowhere.
    return Compared(losses, beta * np.exp(-np.logaddexp(0, beta * gains)), gains > 0)


def in_turn(pairs: Sequence[PreferencePair]) -> list[TrainingExample]:
    """Return preferred, other, preferred, other, ..."""
    return list(chain.from_iterable((pair.preferred, pair.other) for pair in pairs))


def groups(
    pairs: Sequence[PreferencePair], most: int
) -> Iterator[tuple[list[PreferencePair], bool]]:
    """Yield pairs in their order, at most `most` tokens together or one alone, and if they fit.

    A pair's weights are known once both replies are read; within one pack, no reading is repeated.
    """
    waiting: list[PreferencePair] = []
    size = 0
    for pair in pairs:
        length = read_length(pair.preferred) + read_length(pair.other)
        if waiting and size + length > most:
            yield waiting, size <= most
            waiting, size = [], 0
        waiting.append(pair)
        size += length
    if waiting:
        yield waiting, size <= most


class PreferenceTally:
    """Adds up what pairs gave."""

    def __init__(self) -> None:
        self._loss = 0.0
        self._right = self._pairs = 0

    def add(self, compared: Compared) -> None:
        """Count these too."""
        self._loss += float(compared.losses.sum())
        self._right += int(compared.right.sum())
        self._pairs += len(compared.losses)

    def measurement(self) -> Measurement:
        """Return the means, zeros where there was nothing."""
        if not self._pairs:
            return Measurement(0.0, 0.0, 0)
        return Measurement(self._loss / self._pairs, self._right / self._pairs, self._pairs)
