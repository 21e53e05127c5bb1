"""Turns the number formats of GGUF files into float32.

Source: ggml, ggml-common.h (block layouts) and ggml-quants.c (`dequantize_row_*`). A quantized
row is cut into blocks of 32 numbers that share a scale d (and a minimum m).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.backend import Floats


def _from_f32(data: bytes) -> Floats:
    return np.frombuffer(data, "<f4").astype(np.float32)


def _from_f16(data: bytes) -> Floats:
    return np.frombuffer(data, "<f2").astype(np.float32)


def _from_bf16(data: bytes) -> Floats:
    """The upper half of a float32."""
    return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)


def _from_q8_0(data: bytes) -> Floats:
    """X = d q, with q in -128..127."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("q", "i1", 32)])
    return blocks["q"].astype(np.float32) * blocks["d"].astype(np.float32)[:, None]


def _from_q4_0(data: bytes) -> Floats:
    """X = d (q - 8), with q in 0..15."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("q", "u1", 16)])
    return (_nibbles(blocks["q"]) - 8) * blocks["d"].astype(np.float32)[:, None]


def _from_q4_1(data: bytes) -> Floats:
    """X = d q + m, with q in 0..15."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)])
    numbers = _nibbles(blocks["q"])
    numbers *= blocks["d"].astype(np.float32)[:, None]
    numbers += blocks["m"].astype(np.float32)[:, None]
    return numbers


def _nibbles(packed: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Floats:
    """Unpack (blocks, 16) bytes to (blocks, 32): the low halves come first, then the high ones."""
    return np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)


@dataclass(frozen=True)
class TensorFormat:
    """How numbers are stored: `block_elements` of them in `block_bytes`."""

    name: str
    block_elements: int
    block_bytes: int
    decode: Callable[[bytes], Floats]


FORMATS = {
    0: TensorFormat("F32", 1, 4, _from_f32),
    1: TensorFormat("F16", 1, 2, _from_f16),
    2: TensorFormat("Q4_0", 32, 18, _from_q4_0),
    3: TensorFormat("Q4_1", 32, 20, _from_q4_1),
    8: TensorFormat("Q8_0", 32, 34, _from_q8_0),
    30: TensorFormat("BF16", 1, 2, _from_bf16),
}
"""By ggml's type number; the formats that this engine reads."""


def dequantize(form: TensorFormat, data: bytes) -> Floats:
    """Return the numbers of whole blocks as a flat float32 array."""
    with np.errstate(invalid="ignore", over="ignore"):  # damage is found by the caller
        return form.decode(data).reshape(-1)
