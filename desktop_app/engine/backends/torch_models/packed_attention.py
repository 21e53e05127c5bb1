"""Attention within each sequence of a pack; the linear layers see all of them as one batch.

Sequences of similar length are attended to together, the shorter ones filled up at their end:
what follows a token has no part in it, so the filling needs no mask, and its own rows are dropped.

Offered to transformers by its registry of attention functions, so that any model that asks there
can be trained on packs. A model's window (Beltagy et al. 2020) and the soft cap of its scores
(Gemma 2) are kept to. The causal mask of models with other kinds of attention is not known here:
see network.py, where each model is tried first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint
from transformers import AttentionInterface

from desktop_app.engine.backends.packing import Pack

NAME = "packed"
_SHORTEST_SHARE = 0.7
"""Of its longest sequence, what the shortest of those attended to together must have."""
BLOCK = {"cpu": 128}
_MOST_BLOCK = 512
"""Queries whose scores are computed at once where there is no ready-made kernel; fewer are faster
on a processor, and leave more of the scores out that nobody sees."""
KEPT = 512
"""The longest sequence whose scores are kept for the way back."""
_OWN = 1024
"""Up to this length, PyTorch's kernel is slower on a processor: at 300 and 700 tokens half as fast,
at 1500 as fast."""


@dataclass(frozen=True)
class Bucket:
    """Which tokens of a pack are attended to together: (n, L), the last ones repeated."""

    tokens: Tensor


@dataclass
class Layout:
    """How a pack of T tokens is attended to.

    `back` (T,) is where each token lies in the buckets, laid end to end. `windows` counts the
    layers that asked for a window.
    """

    buckets: list[Bucket]
    back: Tensor
    windows: int = field(default=0)


def layout(pack: Pack, device: torch.device) -> Layout:
    """Sort the sequences of a pack into buckets; what they share is in each of them."""
    before = np.arange(pack.shared)
    rows_of = [
        np.concatenate([before[: pack.shared if place else 0], np.arange(own.start, own.stop)])
        for place, own in enumerate(pack.sequences)
    ]
    lengths = [len(rows) for rows in rows_of]
    order = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    back = np.empty(len(pack.tokens), np.int64)
    buckets, end = [], 0
    for group in _groups(order, lengths):
        longest = lengths[group[0]]
        rows = np.arange(longest)
        tokens = np.empty((len(group), longest), np.int64)
        for row, place in enumerate(group):
            tokens[row] = rows_of[place][np.minimum(rows, lengths[place] - 1)]
            own = pack.sequences[place]
            last = end + row * longest + lengths[place]
            back[own] = np.arange(last - (own.stop - own.start), last)
        end += tokens.size
        buckets.append(Bucket(torch.from_numpy(tokens).to(device)))
    return Layout(buckets, torch.from_numpy(back).to(device))


def _groups(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    group: list[int] = []
    for place in order:
        if group and lengths[place] < _SHORTEST_SHARE * lengths[group[0]]:
            yield group
            group = []
        group.append(place)
    if group:
        yield group


_LAYOUTS: dict[int, Layout] = {}
"""The pack that a network is at, by the identity of its configuration."""


@contextmanager
def attending(config: object, to: Layout) -> Iterator[None]:
    """Have a network attend within the sequences of a pack."""
    _LAYOUTS[id(config)] = to
    try:
        yield
    finally:
        del _LAYOUTS[id(config)]


def _attend(  # the arguments are transformers'
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **_others: object,
) -> tuple[Tensor, None]:
    """Return (1, T, H, h) of queries (1, H, T, h), keys and values (1, K, T, h).

    Raises ValueError for a model with attention sinks (Xiao et al. 2023), which are not known here.
    """
    if s_aux is not None:
        raise ValueError("attention sinks")
    packed = _LAYOUTS[id(module.config)]
    packed.windows += sliding_window is not None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
    parts = []
    for bucket in packed.buckets:
        mixed = attention(
            *(_gathered(x, bucket.tokens) for x in (q, k, v)),
            scale=scale,
            window=sliding_window,
            softcap=softcap,
        )
        parts.append(mixed.transpose(1, 2).reshape(-1, mixed.shape[1], mixed.shape[3]))
    rows = parts[0] if len(parts) == 1 else torch.cat(parts)
    return rows.index_select(0, packed.back)[None], None


def windows_seen(config: object) -> int:
    """Return how many layers have asked for a window at the pack that a network is at."""
    return _LAYOUTS[id(config)].windows


def _gathered(x: Tensor, tokens: Tensor) -> Tensor:
    """From heads of tokens (T, heads, h) to those of a bucket's sequences (n, heads, L, h)."""
    if len(tokens) == 1 and tokens.shape[1] == len(x):  # one sequence alone
        return x[None].transpose(1, 2)
    rows = x.index_select(0, tokens.view(-1)).view(*tokens.shape, *x.shape[1:])
    return rows.transpose(1, 2)


AttentionInterface.register(NAME, _attend)


def attention(
    q: Tensor, k: Tensor, v: Tensor, *, scale: float, window: int | None, softcap: float | None
) -> Tensor:
    """Return causal attention (n, H, L, h) of queries (n, H, L, h), keys and values (n, K, L, h).

    A token sees the `window` last tokens, itself among them, or all. With a soft cap c, scores s
    become c tanh(s / c).
    """
    length, on_processor = q.shape[2], q.device.type == "cpu"
    if window is not None and window >= length:
        window = None
    own = window is not None or softcap is not None or (on_processor and length <= _OWN)
    if not own:
        grouped = q.shape[1] != k.shape[1]
        return scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=scale, enable_gqa=grouped
        )
    step = BLOCK.get(q.device.type, _MOST_BLOCK)
    # Of long ones the scores are computed anew on the way back: cheaper than memory to keep them.
    attend = _block if length <= KEPT else partial(checkpoint, _block, use_reentrant=False)
    blocks = []
    for start in range(0, length, step):
        end = min(start + step, length)
        seen = slice(0 if window is None else max(0, start - window + 1), end)
        near = k[:, :, seen], v[:, :, seen], start - seen.start
        blocks.append(attend(q[:, :, start:end], *near, scale, window, softcap))
    return blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=2)


def _block(  # what `attention` has, and where it begins
    q: Tensor,
    k: Tensor,
    v: Tensor,
    first: int,
    scale: float,
    window: int | None,
    softcap: float | None,
) -> Tensor:
    """Attend with queries (n, H, b, h) at the positions `first` onwards to keys (n, K, s, h)."""
    many, heads, rows, width = q.shape
    key_heads, seen = k.shape[1], k.shape[2]
    # The heads that share a key head lie under one another.
    stacked = (q * scale).reshape(many, key_heads, -1, width)
    scores = (stacked @ k.transpose(2, 3)).view(many, key_heads, -1, rows, seen)
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    queries = torch.arange(first, first + rows, device=q.device)[:, None]
    keys = torch.arange(seen, device=q.device)
    hidden = keys > queries
    if window is not None:
        hidden |= keys <= queries - window
    scores.masked_fill_(hidden, float("-inf"))
    p = torch.softmax(scores, dim=-1, dtype=torch.float32).to(v.dtype)
    mixed = p.view(many, key_heads, -1, seen) @ v
    return mixed.view(many, heads, rows, width)
