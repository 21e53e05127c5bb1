"""Rotary position embedding (Su et al. 2021, eq. 34), in the half-split order of Llama models.

The numbers i and i + h/2 of a head are rotated as a pair by the angle p * base^(-2i/h) at
position p.
"""

from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.numpy_llama.weights import ModelWeights


@dataclass(frozen=True)
class Rotation:
    """Cosines and sines of the angles of T positions, each (T, 1, h/2)."""

    cos: Array
    sin: Array

    @property
    def inverse(self) -> "Rotation":
        """The rotation back, which is also the gradient's: a rotation's transpose."""
        return Rotation(self.cos, -self.sin)


def rotation(weights: ModelWeights, positions: TokenIds) -> Rotation:
    """Return the rotation at `positions` (T,)."""
    half = weights.shape.head_width // 2
    frequencies = weights.shape.rotary_base ** (-np.arange(half) / half) / weights.rotary_factors
    angles = positions[:, None, None] * frequencies
    kind = weights.embedding.dtype
    return Rotation(np.cos(angles).astype(kind), np.sin(angles).astype(kind))


def rotate(x: Array, by: Rotation) -> Array:
    """Rotate heads x (T, heads, h)."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    rotated = np.empty(x.shape, x.dtype)
    np.multiply(first, by.cos, out=rotated[..., :half])
    rotated[..., :half] -= second * by.sin
    np.multiply(second, by.cos, out=rotated[..., half:])
    rotated[..., half:] += first * by.sin
    return rotated
