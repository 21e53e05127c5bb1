"""Finds out what a run takes of memory, by two short packs."""

import numpy as np
import torch

from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.torch_models.lora import Adapters, Applied
from desktop_app.engine.backends.torch_models.memory import Kept
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.packed_attention import BLOCK, KEPT
from desktop_app.engine.backends.torch_models.plan import Demand
from desktop_app.engine.backends.torch_models.readout import CHUNK, MOST_CHUNK

_SHORT, _LONG = 8, 24
_PER_ADAPTER = 16
"""Bytes of a number in float32, its gradient and its two moments."""
_PER_SCORE = 6
"""Bytes of an attention score kept: in float32, and in the network's numbers."""
_SCORES_OF = (KEPT + BLOCK["cpu"]) // 2
"""Keys of which a token keeps scores, on average over the longest sequence that keeps them; its
own block is kept whole."""


def demand(network: Network, adapters: Adapters, members: int) -> Demand:
    """Measure what grows with the tokens, and add up what is known.

    Each of the members has adapters and gradients in the network's numbers, and logits.
    """
    config = network.module.get_decoder().config
    layers, width = config.num_hidden_layers, config.hidden_size
    applied = Applied(adapters, network.dtype)
    applied.learning()
    short, long = (_kept(network, applied, tokens) for tokens in (_SHORT, _LONG))
    per_token = max(0, long - short) // (_LONG - _SHORT)
    if network.device.type == "cpu":
        per_token += layers * config.num_attention_heads * _SCORES_OF * _PER_SCORE
    per_logits = config.vocab_size * (8 + network.dtype.itemsize)
    rows = CHUNK.get(network.device.type, MOST_CHUNK) if network.abilities.head_apart else 0
    return Demand(
        fixed=adapters.flat.numel() * (_PER_ADAPTER + members * 2 * network.dtype.itemsize),
        kept=per_token,
        entering=layers * width * network.dtype.itemsize,
        spent=2 * per_token // layers + (0 if rows else per_logits),
        row=per_logits,
        rows=members * rows,
    )


def _kept(network: Network, adapters: Applied, tokens: int) -> int:
    """Return the bytes kept for the way back from one sequence."""
    pack = Pack(
        tokens=np.zeros(tokens, np.int64),
        positions=np.arange(tokens),
        sequences=[slice(0, tokens)],
        predicting=np.array([tokens - 1]),
        targets=np.zeros(1, np.int64),
        weights=np.ones(1, np.float32),
    )
    kept = Kept(network.module)
    with network.adapted(adapters), network.reading(pack), kept.counting(), torch.enable_grad():
        if network.abilities.head_apart:
            network.predicting_states(pack)
        else:
            network.predicting_logits(pack)
    return kept.bytes
