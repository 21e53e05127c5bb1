"""Runs a model forwards over a sequence that grows, keeping keys and values (the "KV cache")."""

import numpy as np

from desktop_app.engine.backends.backend import Floats, TokenIds
from desktop_app.engine.backends.numpy_llama.arrays import Array
from desktop_app.engine.backends.numpy_llama.attention import attention
from desktop_app.engine.backends.numpy_llama.attention_block import Attend
from desktop_app.engine.backends.numpy_llama.cross_entropy import predict
from desktop_app.engine.backends.numpy_llama.transformer import Transformer

_CHUNK = 512
"""Tokens of a long prompt that are read at once."""


class Decoder:
    """One sequence of at most `capacity` tokens: keys and values of layer i are (S, K, h)."""

    def __init__(self, transformer: Transformer, capacity: int) -> None:
        shape = transformer.weights.shape
        room = (shape.layers, capacity, shape.key_heads, shape.head_width)
        kind = transformer.weights.embedding.dtype
        self._transformer = transformer
        self._keys: Array = np.empty(room, kind)
        self._values: Array = np.empty(room, kind)
        self._length = 0
        self._attentions = [self._attention(layer) for layer in range(shape.layers)]

    def read(self, tokens: TokenIds) -> Array:
        """Append tokens (T,); return their normed last states (T, d)."""
        parts = []
        for start in range(0, len(tokens), _CHUNK):
            part = tokens[start : start + _CHUNK]
            positions = np.arange(self._length, self._length + len(part))
            parts.append(self._transformer.states(part, positions, self._attentions))
            self._length += len(part)
        return np.concatenate(parts)

    def next_logits(self, tokens: TokenIds) -> Array:
        """Append tokens; return the logits (V,) of what follows the last."""
        logits: Array = self._transformer.weights.output @ self.read(tokens)[-1]
        return logits

    def _attention(self, layer: int) -> Attend:
        def attend(q: Array, k: Array, v: Array) -> Array:
            end = self._length + len(k)
            self._keys[layer, self._length : end] = k
            self._values[layer, self._length : end] = v
            return attention(q, self._keys[layer, :end], self._values[layer, :end])

        return attend


def log_probabilities(transformer: Transformer, tokens: TokenIds) -> Floats:
    """Return log p(tokens[i] | tokens[:i]), shape (T,); the first is NaN."""
    scores = np.full(len(tokens), np.nan, np.float32)
    if len(tokens) > 1:
        states = Decoder(transformer, len(tokens) - 1).read(tokens[:-1])
        output = transformer.weights.output
        scores[1:] = predict(states, output, tokens[1:]).log_probabilities
    return scores
