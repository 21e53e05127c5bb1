"""W xᵀ for few vectors x: most of the time goes into reading W, which should happen once.

W is taken a block of rows at a time, all vectors' products with a block while it lies in the
processor's nearest memory. Which call of BLAS does that best differs between its kernels, so it is
tried once. Measured with the starter model's 538 MB of weights on one core of an AMD EPYC (Zen 5),
in ms, where one vector takes 16: OpenBLAS's kernels for AVX-512 multiply small matrices without
rearranging them first (2 vectors 19, 4 24, 8 29; a whole matrix at once 45 to 48), those for AVX2
do not, and are faster vector by vector up to 4 (a whole matrix at once takes 50 to 60).
"""

import functools
import time
from collections.abc import Callable

import numpy as np

from desktop_app.engine.backends.arrays import Array

FEW = 16
"""Up to so many vectors; more are a matrix product like any other."""
_ROWS = 64
_SMALL = 1 << 16
"""Numbers in W that lie in the processor's nearest memory as they are."""
_TRIAL = (220 * _ROWS, 576)
"""32 MB: as with a model, W has to come from memory."""
_ROUNDS = 3


def product_of_few(weight: Array, x: Array) -> Array:
    """Return x Wᵀ (n, out) for W (out, in) and x (n, in)."""
    if weight.size <= _SMALL:
        small: Array = x @ weight.T
        return small
    whole = len(weight) // _ROWS * _ROWS
    y = np.empty((len(weight), len(x)), np.result_type(weight, x))
    blocks = weight[:whole].reshape(-1, _ROWS, weight.shape[1])
    _fastest()(blocks, x, y[:whole].reshape(-1, _ROWS, len(x)))
    np.matmul(weight[whole:], x.T, out=y[whole:])
    return np.ascontiguousarray(y.T)


@functools.cache
def further_cost() -> float:
    """Return what each further vector costs, in shares of the first: between 0 and 1 or so."""
    several, one = _seconds(_fastest(), 4), _seconds(_one_by_one, 1)
    return max(0.0, several / one - 1) / 3


def _together(blocks: Array, x: Array, y: Array) -> None:
    """Multiply blocks (B, rows, in) and x (n, in) into y (B, rows, n)."""
    np.matmul(blocks, x.T, out=y)


def _one_by_one(blocks: Array, x: Array, y: Array) -> None:
    """The same, a vector at a time."""
    y[:] = np.matmul(blocks[:, None], x[None, :, :, None])[..., 0].swapaxes(1, 2)


@functools.cache
def _fastest() -> Callable[[Array, Array, Array], None]:
    return min((_together, _one_by_one), key=lambda way: _seconds(way, 4))


def _seconds(way: Callable[[Array, Array, Array], None], vectors: int) -> float:
    """Return the shortest of some trials: the machine has other things to do."""
    blocks = np.ones(_TRIAL, np.float32).reshape(-1, _ROWS, _TRIAL[1])
    x = np.ones((vectors, _TRIAL[1]), np.float32)
    y = np.empty((len(blocks), _ROWS, vectors), np.float32)
    times = []
    for _ in range(_ROUNDS):
        began_at = time.perf_counter()
        way(blocks, x, y)
        times.append(time.perf_counter() - began_at)
    return min(times)
