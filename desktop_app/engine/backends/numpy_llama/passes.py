"""Packs on their way through a model, forwards and backwards, until somebody breaks it off."""

from collections.abc import Callable

import numpy as np

from desktop_app.engine.backends.backend import BrokenOffError
from desktop_app.engine.backends.numpy_llama.arrays import Array
from desktop_app.engine.backends.numpy_llama.cross_entropy import (
    Predictions,
    predict,
    predict_with_gradient,
)
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.packing import Pack
from desktop_app.engine.backends.numpy_llama.transformer import Transformer


class Passes:
    """Adds up gradients in `gradients`. `broken_off` is asked at every layer of every pack."""

    def __init__(
        self, transformer: Transformer, gradients: LoraParameters, broken_off: Callable[[], bool]
    ) -> None:
        self._transformer = transformer
        self._gradients = gradients
        self._broken_off = broken_off

    def predict(self, pack: Pack) -> Predictions:
        """Score a pack's targets. Raises BrokenOffError."""
        weights = self._transformer.weights

        def attend(q: Array, k: Array, v: Array) -> Array:
            self._go_on()
            return pack.attend(q, k, v)

        attentions = [attend] * len(weights.layers)
        states = self._transformer.states(pack.tokens, pack.positions, attentions)
        return predict(states[pack.predicting], weights.output, pack.targets)

    def learn(
        self, pack: Pack, weights: Array, pulls: Callable[[Predictions], Array] | None = None
    ) -> Predictions:
        """Score a pack's targets (S,) and add the gradient of the sum of -log p times `weights`.

        `pulls` may say (S,) factors more, once the predictions are known. Raises BrokenOffError.
        """
        transformer = self._transformer

        def attend(q: Array, k: Array, v: Array) -> Array:
            self._go_on()
            return pack.attend(q, k, v)

        def attend_backward(
            d_out: Array, out: Array, q: Array, k: Array, v: Array
        ) -> tuple[Array, Array, Array]:
            self._go_on()
            return pack.attend_backward(d_out, out, q, k, v)

        states, tape = transformer.states_and_tape(pack.tokens, pack.positions, attend)
        predictions, d_predicting = predict_with_gradient(
            states[pack.predicting], transformer.weights.output, pack.targets, weights
        )
        if pulls is not None:
            d_predicting *= pulls(predictions)[:, None]
        d_states = np.zeros_like(states)
        d_states[pack.predicting] = d_predicting
        transformer.backward(d_states, tape, self._gradients, attend, attend_backward)
        return predictions

    def _go_on(self) -> None:
        if self._broken_off():
            raise BrokenOffError
