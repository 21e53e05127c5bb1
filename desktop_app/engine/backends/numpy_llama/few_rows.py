"""W xᵀ for few vectors x: most of the time goes into reading W, which should happen once.

W is taken a block of rows at a time, all vectors' products with a block while it lies in the
processor's nearest memory. Which call of BLAS does that best depends on its kernels. Measured with
the starter model's 538 MB of weights on one core of an AMD EPYC (Zen 5), in ms, where one vector
takes 16: OpenBLAS's kernels for AVX-512 multiply small matrices without rearranging them first (2
vectors 19, 4 24, 8 29; a whole matrix at once 45 to 48), those for AVX2 do not, and are faster
vector by vector (2 vectors 21, 4 31; a whole matrix at once 50 to 60).

The choice is by the kernel that this process was told to use (`thread_settings`), and not by a
trial: the same numbers must come out each time, to the last bit.
"""

import os

import numpy as np

from desktop_app.engine.backends.arrays import Array

FEW = 16
"""Up to so many vectors; more are a matrix product like any other."""
_ROWS = 64
_SMALL = 1 << 16
"""Numbers in W that lie in the processor's nearest memory as they are."""
_FURTHER, _FURTHER_OTHERWISE = 0.17, 0.33
"""What each vector after the first costs, in shares of the first, by the figures above."""


def product_of_few(weight: Array, x: Array) -> Array:
    """Return x Wᵀ (n, out) for W (out, in) and x (n, in)."""
    if weight.size <= _SMALL:
        small: Array = x @ weight.T
        return small
    whole = len(weight) // _ROWS * _ROWS
    y = np.empty((len(weight), len(x)), np.result_type(weight, x))
    blocks = weight[:whole].reshape(-1, _ROWS, weight.shape[1])
    multiply = _together if multiplies_small() else _one_by_one
    multiply(blocks, x, y[:whole].reshape(-1, _ROWS, len(x)))
    np.matmul(weight[whole:], x.T, out=y[whole:])
    return np.ascontiguousarray(y.T)


def further_cost() -> float:
    """Return what each further vector costs, in shares of the first."""
    return _FURTHER if multiplies_small() else _FURTHER_OTHERWISE


def multiplies_small() -> bool:
    """Whether OpenBLAS multiplies small matrices as they are in this process."""
    return os.environ.get("OPENBLAS_CORETYPE") == "SKYLAKEX"


def _together(blocks: Array, x: Array, y: Array) -> None:
    """Multiply blocks (B, rows, in) and x (n, in) into y (B, rows, n)."""
    np.matmul(blocks, x.T, out=y)


def _one_by_one(blocks: Array, x: Array, y: Array) -> None:
    """The same, a vector at a time."""
    y[:] = np.matmul(blocks[:, None], x[None, :, :, None])[..., 0].swapaxes(1, 2)
