"""One training run: the adapters of a model, their gradients and the optimizer's state."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.backend import (
    LoraSettings,
    Measurement,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.numpy_llama import checkpoint
from desktop_app.engine.backends.numpy_llama.adapter import write_adapter
from desktop_app.engine.backends.numpy_llama.cross_entropy import (
    Predictions,
    predict,
    predict_with_gradient,
)
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.optimizer import AdamW, clip_norm
from desktop_app.engine.backends.numpy_llama.packing import Pack, packs
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import ModelWeights


class NumpyLlamaTrainer(Trainer):
    """Trains fresh adapters over frozen weights; A is drawn from `seed`, B begins at 0."""

    def __init__(
        self, weights: ModelWeights, name: str, settings: LoraSettings, *, seed: int
    ) -> None:
        self._name = name
        self._seed = seed
        kind = weights.embedding.dtype.type
        self.parameters = LoraParameters(weights.shape, settings, kind)
        self.parameters.initialise(seed)
        self.gradients = self.parameters.zeros_like()
        self._optimizer = AdamW(self.parameters.flat)
        self._transformer = Transformer(weights, self.parameters)

    @override
    def step(self, batch: Sequence[TrainingExample], learning_rate: float) -> Measurement:
        measured = self.measure_gradients(batch)
        if measured.tokens:
            clip_norm(self.gradients.flat)
            self._optimizer.step(self.gradients.flat, learning_rate)
        return measured

    def measure_gradients(self, batch: Sequence[TrainingExample]) -> Measurement:
        """Fill `gradients` with those of the batch's mean loss; a pack at a time adds to them."""
        self.gradients.flat[:] = 0
        total = float(sum(example.loss_weights.sum() for example in batch))
        tally = _Tally()
        for pack in packs(batch):
            tally.add(pack, self._forward_and_backward(pack, total))
        return tally.measurement()

    @override
    def validate(self, examples: Sequence[TrainingExample]) -> Measurement:
        output = self._transformer.weights.output
        tally = _Tally()
        for pack in packs(examples):
            attentions = [pack.attend] * len(self._transformer.weights.layers)
            states = self._transformer.states(pack.tokens, pack.positions, attentions)
            tally.add(pack, predict(states[pack.predicting], output, pack.targets))
        return tally.measurement()

    @override
    def save_checkpoint(self, path: Path) -> None:
        checkpoint.save(path, self._optimizer, self._identity())

    @override
    def load_checkpoint(self, path: Path) -> None:
        checkpoint.load(path, self._optimizer, self._identity())

    @override
    def export_adapter(self, folder: Path) -> None:
        write_adapter(folder, self.parameters, self._name)

    def _forward_and_backward(self, pack: Pack, total_weight: float) -> Predictions:
        transformer = self._transformer
        states, tape = transformer.states_and_tape(pack.tokens, pack.positions, pack.attend)
        predictions, d_predicting = predict_with_gradient(
            states[pack.predicting],
            transformer.weights.output,
            pack.targets,
            pack.weights / total_weight,
        )
        d_states = np.zeros_like(states)
        d_states[pack.predicting] = d_predicting
        transformer.backward(d_states, tape, self.gradients, pack.attend, pack.attend_backward)
        return predictions

    def _identity(self) -> dict[str, object]:
        """What a checkpoint must share with the run that takes it up."""
        return {
            "model": self._name,
            "shape": repr(self.parameters.shape),
            "rank": self.parameters.settings.rank,
            "alpha": self.parameters.settings.alpha,
            "seed": self._seed,
        }


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
