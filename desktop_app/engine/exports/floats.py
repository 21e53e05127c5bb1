"""Numbers as other programs store them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.exports.kinds import FloatType

Halves = npt.NDArray[np.float16]
_NUMBERS_AT_ONCE = 1 << 22


def pieces(weights: Floats) -> Iterator[Floats]:
    """Yield a tensor some rows at a time: what is made of them needs little memory so."""
    rows = weights.reshape(-1, weights.shape[-1])
    step = max(1, _NUMBERS_AT_ONCE // rows.shape[1])
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def encode(numbers: Floats, floats: FloatType) -> memoryview:
    """Return numbers as bytes, little end first. Raises ModelFileError where they do not fit."""
    if floats is FloatType.FLOAT32:
        return np.ascontiguousarray(numbers, "<f4").reshape(-1).view(np.uint8).data
    if floats is FloatType.FLOAT16:
        return half(numbers).astype("<f2", copy=False).reshape(-1).view(np.uint8).data
    return _brain(numbers).reshape(-1).view(np.uint8).data


def half(numbers: Floats) -> Halves:
    """Return numbers in 16 bits, rounded to the nearest. Raises ModelFileError."""
    with np.errstate(over="ignore"):
        halves = np.ascontiguousarray(numbers).astype(np.float16)
    if not np.isfinite(halves).all():
        raise ModelFileError("This model has weights that are too large for 16-bit numbers.")
    return halves


def _brain(numbers: Floats) -> npt.NDArray[np.uint16]:
    """Return the upper halves of float32 numbers, rounded to the nearest, ties to even."""
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return rounded.astype("<u2")
