"""Packs on their way through a model, forwards and backwards, until somebody breaks it off."""

from collections.abc import Callable

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import BrokenOffError
from desktop_app.engine.backends.numpy_llama import packed_attention
from desktop_app.engine.backends.numpy_llama.cross_entropy import predict, predict_with_gradient
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.trainer import Passes, Predictions


class NumpyPasses(Passes):
    """Adds up gradients in `gradients`. `broken_off` is asked at every layer of every pack."""

    def __init__(
        self, transformer: Transformer, gradients: LoraParameters, broken_off: Callable[[], bool]
    ) -> None:
        self._transformer = transformer
        self._gradients = gradients
        self._broken_off = broken_off

    @override
    def predict(self, pack: Pack) -> Predictions:
        weights = self._transformer.weights

        def attend(q: Array, k: Array, v: Array) -> Array:
            self._go_on()
            return packed_attention.attend(pack, q, k, v)

        attentions = [attend] * len(weights.layers)
        states = self._transformer.states(pack.tokens, pack.positions, attentions)
        return predict(states[pack.predicting], weights.output, pack.targets)

    @override
    def learn(
        self, pack: Pack, weights: Array, pulls: Callable[[Predictions], Array] | None = None
    ) -> Predictions:
        transformer = self._transformer

        def attend(q: Array, k: Array, v: Array) -> Array:
            self._go_on()
            return packed_attention.attend(pack, q, k, v)

        def attend_backward(
            d_out: Array, out: Array, q: Array, k: Array, v: Array
        ) -> tuple[Array, Array, Array]:
            self._go_on()
            return packed_attention.attend_backward(pack, d_out, out, q, k, v)

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
