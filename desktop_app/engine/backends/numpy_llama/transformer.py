"""The Llama transformer (Touvron et al. 2023) and its kin: its layers in order, and back again.

States x are (T, d) for T tokens. Only the adapters learn, so the way back adds up gradients for
them alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.numpy_llama.attention_block import (
    Attend,
    AttendBackward,
    AttentionTape,
    attention_block,
    attention_block_backward,
)
from desktop_app.engine.backends.numpy_llama.feed_forward_block import (
    FeedForwardTape,
    feed_forward_block,
    feed_forward_block_backward,
)
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.rms_norm import (
    inverse_rms,
    rms_norm,
    rms_norm_backward,
)
from desktop_app.engine.backends.numpy_llama.rotary import Rotation, rotation
from desktop_app.engine.backends.numpy_llama.weights import ModelWeights

KEPT_TOKENS = 512
"""How many tokens' tapes of all layers are kept at most. Of longer packs, only what goes into the
first layers is kept, and those are run again on the way back (Chen et al. 2016)."""

_LayerTape = tuple[AttentionTape, FeedForwardTape]


@dataclass(frozen=True)
class Tape:
    """What the way back needs: what went into each layer, and each layer's tape or None."""

    inputs: list[Array]
    layers: list[_LayerTape | None]
    by: Rotation
    last: Array


class Transformer:
    """A model's weights with the adapters that are applied to them, if any."""

    def __init__(self, weights: ModelWeights, adapters: LoraParameters | None) -> None:
        self.weights = weights
        self.adapters = adapters

    def states(self, tokens: TokenIds, positions: TokenIds, attentions: Sequence[Attend]) -> Array:
        """Return the normed last states (T, d); `attentions` has one function a layer.

        Positions are (T,), or one for all of several sequences' next tokens.
        """
        by = rotation(self.weights, positions)
        x = self.weights.embedding[tokens]
        for layer, attend in enumerate(attentions):
            x, _ = self._layer(layer, x, by, attend)
        return self._final_norm(x)

    def states_and_tape(
        self, tokens: TokenIds, positions: TokenIds, attend: Attend, kept_layers: int
    ) -> tuple[Array, Tape]:
        """Return the normed last states (T, d), and the tape with which to go back.

        The first layers, all but `kept_layers`, are run again on the way back.
        """
        by = rotation(self.weights, positions)
        x = self.weights.embedding[tokens]
        inputs: list[Array] = []
        tapes: list[_LayerTape | None] = []
        layers = len(self.weights.layers)
        first_kept = layers - kept_layers
        for layer in range(layers):
            inputs.append(x)
            x, tape = self._layer(layer, x, by, attend)
            tapes.append(tape if layer >= first_kept else None)
        return self._final_norm(x), Tape(inputs, tapes, by, x)

    def kept_layers(self, tokens: float) -> int:
        """Of how many layers the tapes of so many tokens are kept."""
        layers = len(self.weights.layers)
        return min(layers, int(layers * KEPT_TOKENS / tokens))

    def backward(
        self,
        d_states: Array,
        tape: Tape,
        gradients: LoraParameters,
        attend: Attend,
        attend_backward: AttendBackward,
    ) -> None:
        """Add up the adapters' gradients from dL/dstates (T, d), which is overwritten.

        The tape is used up on the way.
        """
        assert self.adapters is not None
        weights, shape = self.weights, self.weights.shape
        inverse = inverse_rms(tape.last, shape.norm_epsilon)
        d_x = rms_norm_backward(d_states, tape.last, weights.final_norm, inverse)
        for layer in reversed(range(len(weights.layers))):
            x, kept = tape.inputs.pop(), tape.layers.pop()
            of_attention, of_feed_forward = kept or self._layer(layer, x, tape.by, attend)[1]
            here = weights.layers[layer], self.adapters.layers[layer], gradients.layers[layer]
            d_x = feed_forward_block_backward(d_x, of_feed_forward, *here)
            by = tape.by if shape.is_rotated(layer) else None
            d_x = attention_block_backward(d_x, of_attention, *here, shape, by, attend_backward)

    def _layer(
        self, layer: int, x: Array, by: Rotation, attend: Attend
    ) -> tuple[Array, _LayerTape]:
        weights, shape = self.weights.layers[layer], self.weights.shape
        adapters = self.adapters.layers[layer] if self.adapters else None
        here = by if shape.is_rotated(layer) else None
        x, of_attention = attention_block(x, weights, adapters, shape, here, attend)
        x, of_feed_forward = feed_forward_block(x, weights, adapters, shape.norm_epsilon)
        return x, (of_attention, of_feed_forward)

    def _final_norm(self, x: Array) -> Array:
        inverse = inverse_rms(x, self.weights.shape.norm_epsilon)
        return rms_norm(x, self.weights.final_norm, inverse)
