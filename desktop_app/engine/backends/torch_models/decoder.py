"""Runs a network forwards over sequences that grow, keeping keys and values."""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Floats, LikelyToken, TokenIds
from desktop_app.engine.backends.generation.decoding import Decoder, Decoding
from desktop_app.engine.backends.generation.sampling import likeliest, log_sum_exp
from desktop_app.engine.backends.text.tokenizer import Tokenizer
from desktop_app.engine.backends.torch_models.lora import Applied
from desktop_app.engine.backends.torch_models.memory import memory_errors
from desktop_app.engine.backends.torch_models.network import Network

_CHUNK = 512
"""Tokens of a long prompt that are read at once."""
_SCORED = 128
"""Tokens of which all logits are held at once."""


class TorchDecoder(Decoder):
    """n sequences of one length that began as one, under an adapter or none."""

    def __init__(self, network: Network, adapters: Applied | None, cache: Any = None) -> None:  # noqa: ANN401  # untyped
        self._network = network
        self._adapters = adapters
        self._cache = cache or DynamicCache(config=network.module.config)

    @override
    def branched(self, sequences: int, more: int) -> "TorchDecoder":
        cache = copy.deepcopy(self._cache)
        cache.batch_repeat_interleave(sequences)
        return TorchDecoder(self._network, self._adapters, cache)

    @override
    def drop(self, place: int) -> None:
        left = list(range(self._cache.layers[0].keys.shape[0]))
        left[place] = left[-1]
        kept = torch.tensor(left[:-1], dtype=torch.long, device=self._network.device)
        self._cache.batch_select_indices(kept)

    @override
    def next_logits(self, tokens: TokenIds) -> Array:
        for start in range(0, tokens.shape[1], _CHUNK):
            logits = self._read(tokens[:, start : start + _CHUNK], keep=1)
        return _array(logits[:, -1])

    def every_logits(self, tokens: TokenIds) -> Tensor:
        """Append tokens (T,) to the only sequence; return the logits after each (T, V)."""
        return self._read(tokens[None], keep=0)[0].float()

    def _read(self, tokens: TokenIds, *, keep: int) -> Tensor:
        with torch.no_grad(), memory_errors(), self._network.adapted(self._adapters):
            logits: Tensor = self._network.module(
                input_ids=self._network.tensor(tokens),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=keep,
            ).logits
        return logits


class TorchDecoding(Decoding):
    """A network and its adapter as generation sees them."""

    def __init__(self, network: Network, adapters: Applied | None) -> None:
        self._network = network
        self._adapters = adapters

    @override
    def decoder(self, capacity: int) -> TorchDecoder:
        return TorchDecoder(self._network, self._adapters)

    @override
    def kept_bytes(self, tokens: int) -> int:
        config = self._network.module.get_decoder().config
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or (
            config.hidden_size // config.num_attention_heads
        )
        each = 2 * config.num_hidden_layers * heads * width
        return int(each * tokens * self._network.dtype.itemsize)

    def log_probabilities(self, tokens: TokenIds) -> Floats:
        """Return log p(tokens[i] | tokens[:i]), shape (T,); the first is NaN."""
        scores = np.full(len(tokens), np.nan, np.float32)
        decoder = self.decoder(len(tokens))
        for start in range(0, len(tokens) - 1, _SCORED):
            part = tokens[start : start + _SCORED + 1]
            logits = decoder.every_logits(part[: min(_SCORED, len(tokens) - 1 - start)])
            wanted = self._network.tensor(part[1 : len(logits) + 1])[:, None]
            found = logits.gather(1, wanted)[:, 0] - torch.logsumexp(logits, dim=1)
            scores[start + 1 : start + 1 + len(found)] = _array(found)
        return scores

    def likeliest_after(
        self, tokenizer: Tokenizer, tokens: TokenIds, count: int
    ) -> list[list[LikelyToken]]:
        """Return the likeliest tokens after tokens[:i], for i of 1 to T - 1."""
        found: list[list[LikelyToken]] = []
        decoder = self.decoder(len(tokens))
        for start in range(0, len(tokens) - 1, _SCORED):
            part = tokens[start : min(start + _SCORED, len(tokens) - 1)]
            found += [
                likeliest(tokenizer, logits, log_sum_exp(logits), count)
                for logits in _array(decoder.every_logits(part)[:, : tokenizer.size])
            ]
        return found


def _array(numbers: Tensor) -> Floats:
    array: Floats = numbers.float().cpu().numpy()
    return array
