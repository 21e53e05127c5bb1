"""The first half of a transformer layer: x + O attention(rotate(Q n(x)), rotate(K n(x)), V n(x)).

n is the RMS norm; x (T, d). Some models add biases to what Q, K and V put out (Qwen2), or normalise
each head of queries and keys before it is rotated (Qwen3). Which tokens see which is the business
of the `attend` handed in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.numpy_llama.linear import linear, linear_backward
from desktop_app.engine.backends.numpy_llama.lora import LayerAdapters
from desktop_app.engine.backends.numpy_llama.rms_norm import (
    inverse_rms,
    rms_norm,
    rms_norm_backward,
)
from desktop_app.engine.backends.numpy_llama.rotary import Rotation, rotate
from desktop_app.engine.backends.numpy_llama.shape import ModelShape
from desktop_app.engine.backends.numpy_llama.weights import LayerWeights

Attend = Callable[[Array, Array, Array], Array]
"""From rotated queries (T, H, h) and keys, and values (T, K, h), to mixed values (T, H, h)."""
AttendBackward = Callable[[Array, Array, Array, Array, Array], tuple[Array, Array, Array]]
"""From dL/dmixed, mixed, queries, keys and values to dL/d of the last three."""


@dataclass(frozen=True)
class _NormedHeads:
    """Heads x (T, H + K, h) and 1 / r of each (T, H + K, 1)."""

    x: Array
    inverse: Array


@dataclass(frozen=True)
class AttentionTape:
    """What the way back needs: `rotated` holds queries and keys (T, H + K, h).

    `heads` are the same before they were normalised, where they are.
    """

    x: Array
    inverse: Array
    low_qkv: Array | None
    heads: _NormedHeads | None
    rotated: Array
    values: Array
    mixed: Array
    low_output: Array | None


def attention_block(
    x: Array,
    weights: LayerWeights,
    adapters: LayerAdapters | None,
    shape: ModelShape,
    by: Rotation | None,
    attend: Attend,
) -> tuple[Array, AttentionTape]:
    """Return the states after the block (T, d) and the tape; `by` is None for no rotation."""
    inverse = inverse_rms(x, shape.norm_epsilon)
    normed = rms_norm(x, weights.attention_norm, inverse)
    qkv, low_qkv = linear(normed, weights.qkv, adapters.qkv if adapters else None)
    if weights.qkv_bias is not None:
        qkv += weights.qkv_bias
    heads = qkv.reshape(len(x), -1, shape.head_width)
    rotated, values = heads[:, : -shape.key_heads], heads[:, -shape.key_heads :]
    rotated, normed_heads = _normed(rotated, weights.head_norms, shape.norm_epsilon)
    if by is not None:
        rotated = rotate(rotated, by)
    mixed = attend(rotated[:, : shape.heads], rotated[:, shape.heads :], values)
    mixed_rows = mixed.reshape(len(x), -1)
    after, low_output = linear(mixed_rows, weights.output, adapters.output if adapters else None)
    after += x
    return after, AttentionTape(
        x, inverse, low_qkv, normed_heads, rotated, values, mixed, low_output
    )


def attention_block_backward(
    d_after: Array,
    tape: AttentionTape,
    weights: LayerWeights,
    adapters: LayerAdapters,
    gradients: LayerAdapters,
    shape: ModelShape,
    by: Rotation | None,
    attend_backward: AttendBackward,
) -> Array:
    """Return dL/dx (T, d) from dL/dafter, and add up the adapters' gradients."""
    mixed_rows = tape.mixed.reshape(len(tape.x), -1)
    d_mixed = linear_backward(
        d_after, mixed_rows, tape.low_output, weights.output, adapters.output, gradients.output
    )
    d_q, d_k, d_v = attend_backward(
        d_mixed.reshape(tape.mixed.shape),
        tape.mixed,
        tape.rotated[:, : shape.heads],
        tape.rotated[:, shape.heads :],
        tape.values,
    )
    d_heads: Array = np.concatenate([d_q, d_k], axis=1)
    if by is not None:
        d_heads = rotate(d_heads, by.inverse)
    if tape.heads is not None and weights.head_norms is not None:
        kept = tape.heads
        d_heads = rms_norm_backward(d_heads, kept.x, weights.head_norms, kept.inverse)
    d_qkv = np.concatenate([d_heads, d_v], axis=1).reshape(len(tape.x), -1)
    normed = rms_norm(tape.x, weights.attention_norm, tape.inverse)
    d_normed = linear_backward(
        d_qkv, normed, tape.low_qkv, weights.qkv, adapters.qkv, gradients.qkv
    )
    d_x = rms_norm_backward(d_normed, tape.x, weights.attention_norm, tape.inverse)
    d_x += d_after
    return d_x


def _normed(heads: Array, gains: Array | None, epsilon: float) -> tuple[Array, _NormedHeads | None]:
    """Normalise heads (T, H + K, h) where the model does."""
    if gains is None:
        return heads, None
    inverse = inverse_rms(heads, epsilon)
    return rms_norm(heads, gains, inverse), _NormedHeads(heads, inverse)
