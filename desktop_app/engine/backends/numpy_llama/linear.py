"""Linear layers that read one vector, with their low-rank adapters, forwards and backwards.

x (T, in), W (out, in) the group's layers under one another, y (T, out); the adapters as in lora.py.
"""

from collections.abc import Iterator

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.numpy_llama.few_rows import FEW, product_of_few
from desktop_app.engine.backends.numpy_llama.lora import GroupAdapter


def linear(x: Array, weight: Array, adapter: GroupAdapter | None) -> tuple[Array, Array | None]:
    """Return y = x Wᵀ + l Bᵀ and, where there is an adapter, l = s x Aᵀ (T, n r)."""
    y = product(weight, x)
    if adapter is None:
        return y, None
    low = product(adapter.a, x)
    low *= adapter.scale
    for b, outs, lows in _parts(adapter):
        y[:, outs] += product(b, low[:, lows])
    return y, low


def product(weight: Array, x: Array) -> Array:
    """Return x Wᵀ (T, out). Of few vectors most of the time goes into reading W, which counts."""
    y: Array
    if len(x) == 1:
        y = (weight @ x[0])[None]
    elif len(x) <= FEW:
        y = product_of_few(weight, x)
    else:
        y = x @ weight.T
    return y


def linear_backward(
    d_y: Array,
    x: Array,
    low: Array | None,
    weight: Array,
    adapter: GroupAdapter,
    gradient: GroupAdapter,
) -> Array:
    """Return dL/dx (T, in), and add dL/dA and dL/dB to `gradient`.

    dB = dyᵀ l,  dl = s dy B,  dA = dlᵀ x,  dx = dy W + dl A.
    """
    assert low is not None
    d_low = np.empty(low.shape, low.dtype)
    for (b, outs, lows), d_b in zip(_parts(adapter), gradient.b, strict=True):
        np.add(d_b, d_y[:, outs].T @ low[:, lows], out=d_b)
        d_low[:, lows] = d_y[:, outs] @ b
    d_low *= adapter.scale
    gradient.a[:] += d_low.T @ x
    d_x = d_y @ weight
    d_x += d_low @ adapter.a
    return d_x


def _parts(adapter: GroupAdapter) -> Iterator[tuple[Array, slice, slice]]:
    """Yield each layer's B with its columns of y and of l."""
    start = 0
    for place, b in enumerate(adapter.b):
        out, rank = b.shape
        yield b, slice(start, start + out), slice(place * rank, (place + 1) * rank)
        start += out
