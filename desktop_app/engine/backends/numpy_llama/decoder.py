"""Runs a model forwards over sequences that grow, keeping keys and values (the "KV cache")."""

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Floats, LikelyToken, TokenIds
from desktop_app.engine.backends.generation.decoding import CheckingDecoder, Decoder, Decoding
from desktop_app.engine.backends.generation.guessing import Phrases
from desktop_app.engine.backends.generation.sampling import likeliest, log_sum_exp
from desktop_app.engine.backends.numpy_llama.attention import attention, attention_of_last
from desktop_app.engine.backends.numpy_llama.attention_block import Attend
from desktop_app.engine.backends.numpy_llama.cross_entropy import predict
from desktop_app.engine.backends.numpy_llama.few_rows import further_cost
from desktop_app.engine.backends.numpy_llama.linear import product
from desktop_app.engine.backends.numpy_llama.readings import Readings
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.text.tokenizer import Tokenizer

_CHUNK = 512
"""Tokens of a long prompt that are read at once."""


_SURE = 0.4
"""How likely a guess must be, more by what it costs to check it: by trying on replies of tuned
models, at costs of 0.1 and 0.3 of a token."""


class NumpyDecoder(Decoder):
    """n sequences of one length, at most `capacity` tokens, that began as one.

    Keys and values of layer i are (n, K, S, h).
    """

    def __init__(self, transformer: Transformer, capacity: int, sequences: int = 1) -> None:
        shape = transformer.weights.shape
        room = (shape.layers, sequences, shape.key_heads, capacity, shape.head_width)
        kind = transformer.weights.embedding.dtype
        self._transformer = transformer
        self._keys: Array = np.empty(room, kind)
        self._values: Array = np.empty(room, kind)
        self._length = 0

    @override
    def branched(self, sequences: int, more: int) -> "NumpyDecoder":
        branched = NumpyDecoder(self._transformer, self._length + more, sequences)
        for mine, its in ((self._keys, branched._keys), (self._values, branched._values)):
            its[:, :, :, : self._length] = mine[:, :1, :, : self._length]
        branched._length = self._length
        return branched

    @override
    def drop(self, place: int) -> None:
        last = self._keys.shape[1] - 1
        for kept in (self._keys, self._values):
            kept[:, place, :, : self._length] = kept[:, last, :, : self._length]
        self._keys, self._values = self._keys[:, :last], self._values[:, :last]

    def read(self, tokens: TokenIds) -> Array:
        """Append tokens (T,) to the only sequence; return their normed last states (T, d)."""
        parts = []
        attentions = [self._attention(layer) for layer in range(len(self._keys))]
        for start in range(0, len(tokens), _CHUNK):
            part = tokens[start : start + _CHUNK]
            positions = np.arange(self._length, self._length + len(part))
            parts.append(self._transformer.states(part, positions, attentions))
            self._length += len(part)
        return np.concatenate(parts)

    @override
    def next_logits(self, tokens: TokenIds) -> Array:
        if tokens.shape[1] == 1:
            attentions = [self._attention_of_last(layer) for layer in range(len(self._keys))]
            place = np.array([self._length])
            states = self._transformer.states(tokens[:, 0], place, attentions)
            self._length += 1
        else:
            states = self.read(tokens[0])[-1:]
        return product(self._transformer.weights.output, states)

    def _attention(self, layer: int) -> Attend:
        keys, values = self._keys[layer, 0].swapaxes(0, 1), self._values[layer, 0].swapaxes(0, 1)

        def attend(q: Array, k: Array, v: Array) -> Array:
            end = self._length + len(k)
            keys[self._length : end] = k
            values[self._length : end] = v
            return attention(q, keys[:end], values[:end])

        return attend

    def _attention_of_last(self, layer: int) -> Attend:
        """One more token of each sequence: queries (n, H, h), keys and values (n, K, h)."""
        keys, values = self._keys[layer], self._values[layer]
        here, end = self._length, self._length + 1

        def attend(q: Array, k: Array, v: Array) -> Array:
            keys[:, :, here] = k
            values[:, :, here] = v
            return attention_of_last(q, keys[:, :, :end], values[:, :, :end])

        return attend


class NumpyCheckingDecoder(NumpyDecoder, CheckingDecoder):
    """One sequence, which may begin as one that was read before, and go on by guesses."""

    def __init__(
        self, transformer: Transformer, capacity: int, readings: Readings, phrases: Phrases
    ) -> None:
        super().__init__(transformer, capacity)
        self.phrases = phrases
        self.sure = _SURE + further_cost()
        self._readings = readings
        self._tokens = np.empty(0, np.int64)

    @override
    def next_logits(self, tokens: TokenIds) -> Array:
        begun = 0 if self._length else self._begin(tokens[0])
        logits = super().next_logits(tokens[:, begun:])
        self._tokens = np.concatenate([self._tokens, tokens[0]])
        return logits

    @override
    def forget(self) -> None:
        self.phrases, self._readings = Phrases(), Readings()

    @override
    def check(self, tokens: TokenIds) -> Array:
        if len(tokens) == 1:
            return self.next_logits(tokens[None])
        states = self.read(tokens)
        self._tokens = np.concatenate([self._tokens, tokens])
        return product(self._transformer.weights.output, states)

    @override
    def take_back(self, count: int) -> None:
        self._length -= count
        self._tokens = self._tokens[: self._length]

    @override
    def finish(self) -> None:
        self._readings.keep(self._transformer, self._tokens, self._keys[:, 0], self._values[:, 0])

    def _begin(self, tokens: TokenIds) -> int:
        """Take over what was read before; return how many of these tokens that is: not the last."""
        found = self._readings.find(self._transformer, tokens[:-1])
        if found is None:
            return 0
        count, reading = found
        self._keys[:, 0, :, :count] = reading.keys[:, :, :count]
        self._values[:, 0, :, :count] = reading.values[:, :, :count]
        self._length = count
        return count


class NumpyDecoding(Decoding):
    """A transformer as generation sees it, with what is remembered under its adapter."""

    def __init__(self, transformer: Transformer, readings: Readings) -> None:
        self.transformer = transformer
        self._readings = readings
        self._phrases = Phrases()

    @override
    def decoder(self, capacity: int) -> NumpyCheckingDecoder:
        return NumpyCheckingDecoder(self.transformer, capacity, self._readings, self._phrases)

    @override
    def kept_bytes(self, tokens: int) -> int:
        weights = self.transformer.weights
        each = 2 * weights.shape.layers * weights.shape.keys_width
        return each * tokens * weights.embedding.itemsize


def log_probabilities(transformer: Transformer, tokens: TokenIds) -> Floats:
    """Return log p(tokens[i] | tokens[:i]), shape (T,); the first is NaN."""
    scores = np.full(len(tokens), np.nan, np.float32)
    if len(tokens) > 1:
        states = NumpyDecoder(transformer, len(tokens) - 1).read(tokens[:-1])
        output = transformer.weights.output
        scores[1:] = predict(states, output, tokens[1:]).log_probabilities
    return scores


def likeliest_after(
    transformer: Transformer, tokenizer: Tokenizer, tokens: TokenIds, count: int
) -> list[list[LikelyToken]]:
    """Return the likeliest tokens after tokens[:i], for i of 1 to T - 1."""
    if len(tokens) < 2:
        return []
    found = []
    for state in NumpyDecoder(transformer, len(tokens) - 1).read(tokens[:-1]):
        logits = (transformer.weights.output @ state)[: tokenizer.size]
        found.append(likeliest(tokenizer, logits, log_sum_exp(logits), count))
    return found
