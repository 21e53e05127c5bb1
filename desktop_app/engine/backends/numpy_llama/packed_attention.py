"""Attention within each sequence of a pack; the linear layers see all of them as one batch."""

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.numpy_llama.attention import attention, attention_backward
from desktop_app.engine.backends.packing import Pack


def attend(pack: Pack, q: Array, k: Array, v: Array) -> Array:
    """Return the attention of queries (T, H, h) to keys and values (T, K, h): (T, H, h)."""
    return np.concatenate([attention(q[s], k[s], v[s]) for s in pack.sequences])


def attend_backward(
    pack: Pack, d_out: Array, out: Array, q: Array, k: Array, v: Array
) -> tuple[Array, Array, Array]:
    """Return dL/dq, dL/dk and dL/dv of `attend`."""
    parts = [attention_backward(d_out[s], out[s], q[s], k[s], v[s]) for s in pack.sequences]
    d_q, d_k, d_v = (np.concatenate(part) for part in zip(*parts, strict=True))
    return d_q, d_k, d_v
