"""Root-mean-square normalisation (Zhang & Sennrich 2019, eq. 4).

y = g * x / r with r = sqrt(mean(x²) + ε), each row (the last axis) by itself; x, y (T, d) and the
gain g (d,), or heads x, y (T, n, h) and g (n, h).
"""

import numpy as np

from desktop_app.engine.backends.arrays import Array


def inverse_rms(x: Array, epsilon: float) -> Array:
    """1 / r of each row, shape (T, 1) or (T, n, 1)."""
    mean_square: Array = np.einsum("...d,...d->...", x, x) / x.shape[-1]
    inverse: Array = 1 / np.sqrt(mean_square + epsilon)
    return inverse[..., None]


def rms_norm(x: Array, gain: Array, inverse: Array) -> Array:
    """Normalise with `inverse` from `inverse_rms`."""
    y = x * inverse
    y *= gain
    return y


def rms_norm_backward(d_y: Array, x: Array, gain: Array, inverse: Array) -> Array:
    """dL/dx = (e - n mean(e n)) / r, with n = x / r and e = g dL/dy. Overwrites d_y."""
    n = x * inverse
    e = np.multiply(d_y, gain, out=d_y)
    n *= np.einsum("...d,...d->...", e, n)[..., None] / x.shape[-1]
    e -= n
    e *= inverse
    return e
