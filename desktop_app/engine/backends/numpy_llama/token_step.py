"""One more token for each of n sequences: what most of an answer's time is spent on.

The same arithmetic as in transformer.py, without a way back. What counts here is to read each
weight once and to make few calls: a call of NumPy takes as long as a vector of 576 numbers.
x (n, d), keys and values of a layer (n, K, S, h).
"""

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.numpy_llama.lora import GroupAdapter
from desktop_app.engine.backends.numpy_llama.rotary import rotation
from desktop_app.engine.backends.numpy_llama.transformer import Transformer

_FEW = 4
"""Up to here, vectors one by one are faster than together: OpenBLAS rearranges the weights first.
Measured with 30 layers of (3072, 576) on one core: 2 vectors 13 ms against 17, 8 25 against 20."""


def product(weight: Array, x: Array) -> Array:
    """Return x Wᵀ (n, out) for W (out, in), x (n, in)."""
    y: Array
    if len(x) == 1:
        y = (weight @ x[0])[None]
    elif len(x) <= _FEW:
        y = np.matmul(weight, x[:, :, None])[:, :, 0]
    else:
        y = np.ascontiguousarray((weight @ x.T).T)
    return y


class TokenStep:
    """Runs a model's layers over one token a sequence."""

    def __init__(self, transformer: Transformer) -> None:
        self._weights = transformer.weights
        self._adapters = transformer.adapters.layers if transformer.adapters else None

    def states(self, tokens: TokenIds, place: int, keys: Array, values: Array) -> Array:
        """Append tokens (n,) at `place`; return their normed last states (n, d).

        Keys and values of all layers (layers, n, K, S, h) are written to.
        """
        x = self._weights.embedding[tokens]
        by = self._rotation(place)
        with np.errstate(over="ignore"):  # exp may overflow to infinity, which gives the right 0
            for layer in range(len(self._weights.layers)):
                self._attend(layer, x, place, by, keys[layer], values[layer])
                self._feed_forward(layer, x)
        return self._normed(x, self._weights.final_norm)

    def _rotation(self, place: int) -> tuple[Array, Array]:
        """Return cosines (h/2,), and sines with their signs for both halves (2, h/2)."""
        by = rotation(self._weights, np.array([place]))
        return by.cos[0, 0], np.stack([-by.sin[0, 0], by.sin[0, 0]])

    def _attend(
        self, layer: int, x: Array, place: int, by: tuple[Array, Array], keys: Array, values: Array
    ) -> None:
        """Add the attention block to x (attention_block.py)."""
        weights, shape = self._weights.layers[layer], self._weights.shape
        adapters = self._adapters[layer] if self._adapters else None
        n, width = len(x), shape.head_width
        normed = self._normed(x, weights.attention_norm)
        qkv = _linear(normed, weights.qkv, adapters.qkv if adapters else None)
        halves = qkv.reshape(n, -1, 2, width // 2)
        rotated_heads = shape.heads + shape.key_heads
        cos, signed_sin = by
        rotated = halves[:, :rotated_heads] * cos
        rotated += halves[:, :rotated_heads, ::-1] * signed_sin
        heads = rotated.reshape(n, rotated_heads, width)
        keys[:, :, place] = heads[:, shape.heads :]
        values[:, :, place] = qkv.reshape(n, -1, width)[:, rotated_heads:]
        q = heads[:, : shape.heads].reshape(n, shape.key_heads, -1, width)
        mixed = _mixed(q, keys[:, :, : place + 1], values[:, :, : place + 1])
        x += _linear(mixed.reshape(n, -1), weights.output, adapters.output if adapters else None)

    def _feed_forward(self, layer: int, x: Array) -> None:
        """Add the feed-forward block to x (feed_forward_block.py)."""
        weights = self._weights.layers[layer]
        adapters = self._adapters[layer] if self._adapters else None
        normed = self._normed(x, weights.ffn_norm)
        gate_up = _linear(normed, weights.gate_up, adapters.gate_up if adapters else None)
        middle = gate_up.shape[1] // 2
        gate, gated = gate_up[:, :middle], gate_up[:, middle:]
        sigma = np.negative(gate)
        np.exp(sigma, out=sigma)
        sigma += 1
        np.divide(gate, sigma, out=sigma)
        sigma *= gated
        x += _linear(sigma, weights.down, adapters.down if adapters else None)

    def _normed(self, x: Array, gain: Array) -> Array:
        """RMS norm (rms_norm.py)."""
        squares = np.vecdot(x, x)
        squares /= x.shape[1]
        squares += self._weights.shape.norm_epsilon
        y: Array = x / np.sqrt(squares, out=squares)[:, None]
        y *= gain
        return y


def _linear(x: Array, weight: Array, adapter: GroupAdapter | None) -> Array:
    """Return x Wᵀ + s x Aᵀ Bᵀ (linear.py)."""
    y = product(weight, x)
    if adapter is None:
        return y
    low = product(adapter.a, x)
    low *= adapter.scale
    out, rank = 0, len(adapter.a) // len(adapter.b)
    for place, b in enumerate(adapter.b):
        y[:, out : out + len(b)] += product(b, low[:, place * rank : (place + 1) * rank])
        out += len(b)
    return y


def _mixed(q: Array, keys: Array, values: Array) -> Array:
    """Return softmax(q kᵀ / sqrt(h)) v (n, K, G, h) for queries (n, K, G, h) (attention.py)."""
    scores = (q * q.shape[-1] ** -0.5) @ keys.swapaxes(2, 3)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    mixed: Array = scores @ values
    mixed /= scores.sum(axis=-1, keepdims=True)
    return mixed
