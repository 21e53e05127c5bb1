"""One training run: the adapters of a model, their gradients and the optimizer's state."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.backend import (
    Doubles,
    LoraSettings,
    Measurement,
    PreferencePair,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.numpy_llama import checkpoint
from desktop_app.engine.backends.numpy_llama.adapter import write_adapter
from desktop_app.engine.backends.numpy_llama.arrays import Array
from desktop_app.engine.backends.numpy_llama.cross_entropy import Predictions
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.optimizer import AdamW, clip_norm
from desktop_app.engine.backends.numpy_llama.packing import Pack, packed, packs
from desktop_app.engine.backends.numpy_llama.passes import Passes
from desktop_app.engine.backends.numpy_llama.preference import (
    Compared,
    PreferenceTally,
    compare,
    groups,
    in_turn,
)
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import ModelWeights


class NumpyLlamaTrainer(Trainer):
    """Trains adapters over frozen weights: those of `start`, or fresh ones.

    Of fresh ones, A is drawn from `seed` and B begins at 0.
    """

    def __init__(
        self,
        weights: ModelWeights,
        name: str,
        settings: LoraSettings,
        *,
        seed: int,
        start: LoraParameters | None = None,
        broken_off: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name = name
        self._seed = seed
        kind = weights.embedding.dtype.type
        self.parameters = LoraParameters(weights.shape, start.settings if start else settings, kind)
        if start:
            self.parameters.flat[:] = start.flat
        self.parameters.initialise(seed)
        self._start = _digest(self.parameters.flat) if start else None
        self.gradients = self.parameters.zeros_like()
        self._optimizer = AdamW(self.parameters.flat)
        transformer = Transformer(weights, self.parameters)
        self._passes = Passes(transformer, self.gradients, broken_off)

    @override
    def step(self, batch: Sequence[TrainingExample], learning_rate: float) -> Measurement:
        return self._stepped(self.measure_gradients(batch), learning_rate)

    def measure_gradients(self, batch: Sequence[TrainingExample]) -> Measurement:
        """Fill `gradients` with those of the batch's mean loss; a pack at a time adds to them."""
        self.gradients.flat[:] = 0
        total = float(sum(example.loss_weights.sum() for example in batch))
        tally = _Tally()
        for pack in packs(batch):
            tally.add(pack, self._passes.learn(pack, pack.weights / total))
        return tally.measurement()

    @override
    def validate(self, examples: Sequence[TrainingExample]) -> Measurement:
        tally = _Tally()
        for pack in packs(examples):
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
        """Fill `gradients` with those of the pairs' mean loss."""
        self.gradients.flat[:] = 0
        tally = PreferenceTally()
        for group, fit in groups(batch):
            learn = self._learn_together if fit else self._learn_one_by_one
            tally.add(learn(group, beta, len(batch)))
        return tally.measurement()

    @override
    def validate_preferences(self, pairs: Sequence[PreferencePair], beta: float) -> Measurement:
        tally = PreferenceTally()
        for group, _ in groups(pairs):
            tally.add(compare(self.log_likelihoods(in_turn(group)), group, beta))
        return tally.measurement()

    @override
    def log_likelihoods(self, examples: Sequence[TrainingExample]) -> Doubles:
        sums = np.zeros(len(examples))
        said = [place for place, example in enumerate(examples) if example.loss_weights.any()]
        done = 0
        for pack in packs([examples[place] for place in said]):
            found = pack.sums(pack.weights * self._passes.predict(pack).log_probabilities)
            sums[said[done : done + len(found)]] = found
            done += len(found)
        return sums

    @override
    def save_checkpoint(self, path: Path) -> None:
        checkpoint.save(path, self._optimizer, self._identity())

    @override
    def load_checkpoint(self, path: Path) -> None:
        checkpoint.load(path, self._optimizer, self._identity())

    @override
    def export_adapter(self, folder: Path) -> None:
        write_adapter(folder, self.parameters, self._name)

    def _stepped(self, measured: Measurement, learning_rate: float) -> Measurement:
        if measured.tokens:
            clip_norm(self.gradients.flat)
            self._optimizer.step(self.gradients.flat, learning_rate)
        return measured

    def _learn_together(self, pairs: Sequence[PreferencePair], beta: float, total: int) -> Compared:
        """Learn from pairs that fit into one pack, each reply read once."""
        pack = packed(in_turn(pairs))
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
            for pack in packs([reply]):
                self._passes.learn(pack, pack.weights * float(factor / total))
        return compared

    def _identity(self) -> dict[str, object]:
        """What a checkpoint must share with the run that takes it up."""
        identity: dict[str, object] = {
            "model": self._name,
            "shape": repr(self.parameters.shape),
            "rank": self.parameters.settings.rank,
            "alpha": self.parameters.settings.alpha,
            "seed": self._seed,
        }
        return identity | ({"start": self._start} if self._start else {})


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


def _digest(parameters: Array) -> str:
    return hashlib.sha256(parameters.tobytes()).hexdigest()
