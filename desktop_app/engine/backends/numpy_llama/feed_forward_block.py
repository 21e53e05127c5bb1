"""The second half of a transformer layer: x + D swiglu(G n(x), U n(x)), n being the RMS norm."""

from dataclasses import dataclass

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.numpy_llama.linear import linear, linear_backward
from desktop_app.engine.backends.numpy_llama.lora import LayerAdapters
from desktop_app.engine.backends.numpy_llama.rms_norm import (
    inverse_rms,
    rms_norm,
    rms_norm_backward,
)
from desktop_app.engine.backends.numpy_llama.swiglu import swiglu, swiglu_backward
from desktop_app.engine.backends.numpy_llama.weights import LayerWeights


@dataclass(frozen=True)
class FeedForwardTape:
    """What the way back needs: x (T, d), `gate_up` (T, 2 m) and the low-rank products."""

    x: Array
    inverse: Array
    low_gate_up: Array | None
    gate_up: Array
    low_down: Array | None


def feed_forward_block(
    x: Array, weights: LayerWeights, adapters: LayerAdapters | None, epsilon: float
) -> tuple[Array, FeedForwardTape]:
    """Return the states after the block (T, d) and the tape."""
    inverse = inverse_rms(x, epsilon)
    normed = rms_norm(x, weights.ffn_norm, inverse)
    gate_up, low_gate_up = linear(normed, weights.gate_up, adapters.gate_up if adapters else None)
    after, low_down = linear(swiglu(gate_up), weights.down, adapters.down if adapters else None)
    after += x
    return after, FeedForwardTape(x, inverse, low_gate_up, gate_up, low_down)


def feed_forward_block_backward(
    d_after: Array,
    tape: FeedForwardTape,
    weights: LayerWeights,
    adapters: LayerAdapters,
    gradients: LayerAdapters,
) -> Array:
    """Return dL/dx (T, d) from dL/dafter, and add up the adapters' gradients."""
    gated = swiglu(tape.gate_up)
    d_gated = linear_backward(
        d_after, gated, tape.low_down, weights.down, adapters.down, gradients.down
    )
    d_gate_up = swiglu_backward(d_gated, tape.gate_up)
    normed = rms_norm(tape.x, weights.ffn_norm, tape.inverse)
    d_normed = linear_backward(
        d_gate_up, normed, tape.low_gate_up, weights.gate_up, adapters.gate_up, gradients.gate_up
    )
    d_x = rms_norm_backward(d_normed, tape.x, weights.ffn_norm, tape.inverse)
    d_x += d_after
    return d_x
