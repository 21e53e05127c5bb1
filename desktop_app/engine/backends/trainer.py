"""What the trainers of all back ends have in common: packs, means over a batch, preferences.

A back end brings the passes through its model, and an optimizer.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import (
    PROCESSOR,
    Doubles,
    Measurement,
    Plan,
    PreferencePair,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.packing import (
    PACK_TOKENS,
    SMALLEST_PACK,
    Pack,
    packed,
    packs,
)
from desktop_app.engine.backends.preference import (
    Compared,
    PreferenceTally,
    compare,
    groups,
    in_turn,
)


@dataclass(frozen=True)
class Predictions:
    """How S targets were predicted: log-probabilities (S,), and whether each was the likeliest."""

    log_probabilities: Array
    right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


class Passes(Protocol):
    """Packs on their way through a model, forwards and backwards, until somebody breaks it off."""

    @property
    def shares_beginnings(self) -> bool:
        """Whether sequences may have rows in common."""
        ...

    def predict(self, pack: Pack) -> Predictions:
        """Score a pack's targets. Raises BrokenOffError."""
        ...

    def learn(
        self, pack: Pack, weights: Array, pulls: Callable[[Predictions], Array] | None = None
    ) -> Predictions:
        """Score a pack's targets (S,) and add the gradient of the sum of -log p times `weights`.

        `pulls` may say (S,) factors more, once the predictions are known. Raises BrokenOffError.
        """
        ...


class PackTrainer(Trainer):
    """Measures and learns a pack of at most `pack_tokens` at a time, adding up the gradients."""

    def __init__(self, passes: Passes, pack_tokens: int = PACK_TOKENS) -> None:
        self._passes = passes
        self.pack_tokens = pack_tokens
        self._saves_memory = False

    @property
    @override
    def plan(self) -> Plan:
        return Plan(PROCESSOR, "float32", self.pack_tokens, saves_memory=self._saves_memory)

    @override
    def save_memory(self) -> None:
        self._saves_memory = True
        self.pack_tokens = max(SMALLEST_PACK, self.pack_tokens // 2)

    @override
    def take_up(self, plan: Plan) -> None:
        self._saves_memory = plan.saves_memory
        self.pack_tokens = plan.pack_tokens

    @abstractmethod
    def forget_gradients(self) -> None:
        """Begin a batch: what the passes add to is 0."""

    @abstractmethod
    def apply_gradients(self, learning_rate: float) -> None:
        """Clip what the passes added up, and do the optimizer's step with it."""

    @override
    def step(self, batch: Sequence[TrainingExample], learning_rate: float) -> Measurement:
        return self._stepped(self.measure_gradients(batch), learning_rate)

    def measure_gradients(self, batch: Sequence[TrainingExample]) -> Measurement:
        """Find the gradients of the batch's mean loss; a pack at a time adds to them."""
        self.forget_gradients()
        total = float(sum(example.loss_weights.sum() for example in batch))
        tally = _Tally()
        for pack in self._packs(batch):
            tally.add(pack, self._passes.learn(pack, pack.weights / total))
        return tally.measurement()

    @override
    def validate(self, examples: Sequence[TrainingExample]) -> Measurement:
        tally = _Tally()
        for pack in self._packs(examples):
            tally.add(pack, self._passes.predict(pack))
        return tally.measurement()

    @override
    def step_preferences(
        self, batch: Sequence[PreferencePair], learning_rate: float, beta: float
    ) -> Measurement:
        return self._stepped(self.measure_preference_gradients(batch, beta), learning_rate)

    def measure_preference_gradients(
        self, batch: Sequence[PreferencePair], beta: float
    ) -> Measurement:
        """Find the gradients of the pairs' mean loss."""
        self.forget_gradients()
        tally = PreferenceTally()
        for group, fit in groups(batch, self.pack_tokens):
            learn = self._learn_together if fit else self._learn_one_by_one
            tally.add(learn(group, beta, len(batch)))
        return tally.measurement()

    @override
    def validate_preferences(self, pairs: Sequence[PreferencePair], beta: float) -> Measurement:
        tally = PreferenceTally()
        for group, _ in groups(pairs, self.pack_tokens):
            tally.add(compare(self.log_likelihoods(in_turn(group)), group, beta))
        return tally.measurement()

    @override
    def log_likelihoods(self, examples: Sequence[TrainingExample]) -> Doubles:
        sums = np.zeros(len(examples))
        said = [place for place, example in enumerate(examples) if example.loss_weights.any()]
        done = 0
        for pack in self._packs([examples[place] for place in said]):
            found = pack.sums(pack.weights * self._passes.predict(pack).log_probabilities)
            sums[said[done : done + len(found)]] = found
            done += len(found)
        return sums

    def _packs(self, examples: Sequence[TrainingExample]) -> Iterator[Pack]:
        return packs(examples, self.pack_tokens, shares=self._passes.shares_beginnings)

    def _stepped(self, measured: Measurement, learning_rate: float) -> Measurement:
        if measured.tokens:
            self.apply_gradients(learning_rate)
        return measured

    def _learn_together(self, pairs: Sequence[PreferencePair], beta: float, total: int) -> Compared:
        """Learn from pairs that fit into one pack, each reply read once."""
        pack = packed(in_turn(pairs), shares=self._passes.shares_beginnings)
        signs = np.resize([1.0, -1.0], 2 * len(pairs))

        def pulls(predictions: Predictions) -> Array:
            likelihoods = pack.sums(pack.weights * predictions.log_probabilities)
            pulled = np.repeat(compare(likelihoods, pairs, beta).pulls, 2)
            return pack.spread(signs * pulled / total)

        predictions = self._passes.learn(pack, pack.weights, pulls)
        return compare(pack.sums(pack.weights * predictions.log_probabilities), pairs, beta)

    def _learn_one_by_one(
        self, pairs: Sequence[PreferencePair], beta: float, total: int
    ) -> Compared:
        """Learn from a pair too long for one pack: read both replies, then each once more."""
        replies = in_turn(pairs)
        compared = compare(self.log_likelihoods(replies), pairs, beta)
        signs = np.resize([1.0, -1.0], len(replies))
        for reply, factor in zip(replies, signs * np.repeat(compared.pulls, 2), strict=True):
            for pack in self._packs([reply]):
                self._passes.learn(pack, pack.weights * float(factor / total))
        return compared


class _Tally:
    """Adds up weighted losses over packs."""

    def __init__(self) -> None:
        self._loss = self._right = self._weight = 0.0
        self._tokens = 0

    def add(self, pack: Pack, predictions: Predictions) -> None:
        self._loss -= float(pack.weights @ predictions.log_probabilities)
        self._right += float(pack.weights @ predictions.right)
        self._weight += float(pack.weights.sum())
        self._tokens += len(pack.targets)

    def measurement(self) -> Measurement:
        if not self._tokens:
            return Measurement(0.0, 0.0, 0)
        return Measurement(self._loss / self._weight, self._right / self._weight, self._tokens)
