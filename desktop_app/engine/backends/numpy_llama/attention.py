"""Causal grouped-query attention over one sequence (Vaswani et al. 2017; Ainslie et al. 2023).

Queries q (L, H, h), keys and values k, v (S, K, h) with S >= L: the queries are those of the last
L of S positions. G = H / K query heads share a key head:

    p = softmax(q kᵀ / sqrt(h)) over the positions up to the query's own,    o = p v

Queries are taken in blocks, so that neither the scores above the diagonal nor, for a long
sequence, all scores at once are ever held. The scores are computed anew on the way back (Dao et
al. 2022): cheaper than the memory to keep them.
"""

from collections.abc import Iterator

import numpy as np

from desktop_app.engine.backends.arrays import Array

_BLOCK = 64
"""Queries at once: the scores of 256 positions fit into a core's cache."""


def attention(q: Array, k: Array, v: Array) -> Array:
    """Return o (L, H, h)."""
    out = np.empty(q.shape, q.dtype)
    for rows, seen in _blocks(len(q), len(k)):
        scores = _exponentials(q[rows], k[:seen])
        mixed = scores @ _by_key_head(v[:seen])
        mixed /= scores.sum(axis=-1, keepdims=True)
        out[rows] = _rows_of(mixed, q.shape[1])
    return out


def attention_backward(
    d_out: Array, out: Array, q: Array, k: Array, v: Array
) -> tuple[Array, Array, Array]:
    """Return dL/dq (L, H, h), dL/dk and dL/dv (S, K, h) from dL/do and o, both (L, H, h).

    With s = q kᵀ / sqrt(h):  dv = pᵀ do,  dp = do vᵀ,  ds = p (dp - sum(do o)),
    dq = ds k / sqrt(h),  dk = dsᵀ q / sqrt(h).
    """
    d_q = np.empty(q.shape, q.dtype)
    d_k, d_v = np.zeros(k.shape, k.dtype), np.zeros(v.shape, v.dtype)
    heads, scale = q.shape[1], q.shape[2] ** -0.5
    d_keys, d_values = _by_key_head(d_k), _by_key_head(d_v)
    share = np.einsum("lhd,lhd->lh", d_out, out)[..., None]
    for rows, seen in _blocks(len(q), len(k)):
        keys, values = _by_key_head(k[:seen]), _by_key_head(v[:seen])
        p = _exponentials(q[rows], k[:seen])
        p /= p.sum(axis=-1, keepdims=True)
        d_mixed = _grouped(d_out[rows], len(keys))
        d_values[:, :seen] += p.swapaxes(1, 2) @ d_mixed
        d_scores = d_mixed @ values.swapaxes(1, 2)
        d_scores -= _grouped(share[rows], len(keys))
        d_scores *= p
        d_scores *= scale
        d_q[rows] = _rows_of(d_scores @ keys, heads)
        d_keys[:, :seen] += d_scores.swapaxes(1, 2) @ _grouped(q[rows], len(keys))
    return d_q, d_k, d_v


def attention_of_last(q: Array, keys: Array, values: Array) -> Array:
    """Return o (n, H, h) of the last position of n sequences; keys and values (n, K, S, h)."""
    n, heads, width = q.shape
    groups = q.reshape(n, keys.shape[1], -1, width)
    scores = (groups * width**-0.5) @ keys.swapaxes(2, 3)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    mixed: Array = scores @ values
    mixed /= scores.sum(axis=-1, keepdims=True)
    return mixed.reshape(n, heads, width)


def _blocks(queries: int, positions: int) -> Iterator[tuple[slice, int]]:
    """Yield blocks of queries with the number of positions that the last of them sees."""
    for start in range(0, queries, _BLOCK):
        end = min(start + _BLOCK, queries)
        yield slice(start, end), positions - queries + end


def _exponentials(q: Array, k: Array) -> Array:
    """exp(s - max s), (K, G b, S), 0 for what lies ahead: p, once divided by its row sums."""
    queries, heads, width = q.shape
    keys = _by_key_head(k)
    scores: Array = (_grouped(q, len(keys)) * width**-0.5) @ keys.swapaxes(1, 2)
    if queries > 1:
        by_query = scores.reshape(len(keys), heads // len(keys), queries, len(k))
        ahead = np.triu(np.full((queries, queries), -np.inf, q.dtype), 1)
        by_query[..., len(k) - queries :] += ahead
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    return scores


def _by_key_head(x: Array) -> Array:
    """View (S, K, h) as (K, S, h)."""
    return x.swapaxes(0, 1)


def _grouped(x: Array, key_heads: int) -> Array:
    """(b, H, n) to (K, G b, n): the queries that share a key head, under one another."""
    queries, heads, width = x.shape
    groups = x.reshape(queries, key_heads, heads // key_heads, width)
    return groups.transpose(1, 2, 0, 3).reshape(key_heads, -1, width)


def _rows_of(x: Array, heads: int) -> Array:
    """Undo `_grouped`: (K, G b, n) to (b, H, n)."""
    key_heads, _, width = x.shape
    groups = x.reshape(key_heads, heads // key_heads, -1, width)
    return groups.transpose(2, 0, 1, 3).reshape(-1, heads, width)
