"""The gated unit between the two halves of a feed-forward layer (Shazeer 2020, eq. 6).

z = silu(a) * b with silu(a) = a σ(a); gate a and up b lie side by side in ab (T, 2 m), z (T, m).
"""

import numpy as np

from desktop_app.engine.backends.arrays import Array


def swiglu(ab: Array) -> Array:
    """Return z."""
    a, b = _halves(ab)
    z = _one_and_exp(a)
    np.divide(a, z, out=z)
    z *= b
    return z


def swiglu_backward(d_z: Array, ab: Array) -> Array:
    """Return dL/dab (T, 2 m): da = dz b σ (1 + a (1 - σ)),  db = dz a σ. Overwrites d_z."""
    a, b = _halves(ab)
    sigma = _one_and_exp(a)
    np.reciprocal(sigma, out=sigma)
    d_ab = np.empty(ab.shape, ab.dtype)
    d_a, d_b = _halves(d_ab)
    np.multiply(d_z, sigma, out=d_z)
    np.multiply(d_z, a, out=d_b)
    np.subtract(1, sigma, out=sigma)
    sigma *= a
    sigma += 1
    d_z *= b
    np.multiply(d_z, sigma, out=d_a)
    return d_ab


def _halves(ab: Array) -> tuple[Array, Array]:
    middle = ab.shape[-1] // 2
    return ab[:, :middle], ab[:, middle:]


def _one_and_exp(a: Array) -> Array:
    """1 + exp(-a) = 1 / σ(a); exp may overflow to infinity, by which division gives the right 0."""
    sums = np.negative(a)
    with np.errstate(over="ignore"):
        np.exp(sums, out=sums)
    sums += 1
    return sums
