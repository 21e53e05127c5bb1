"""Turns the number formats of GGUF files into float32.

Plain numbers and the three formats in blocks of 32 that small models come in are read here; all
others by ggml's own package `gguf`, which gives the same numbers in nearly twice the time: a fifth
of a second for a model of 135 million weights.

Source: ggml, ggml-common.h (block layouts) and ggml-quants.c (`dequantize_row_*`). Numbers of a
block share a scale d (and a minimum m).
"""

from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.backend import Floats


@dataclass(frozen=True)
class TensorFormat:
    """How numbers are stored: `block_elements` of them in `block_bytes`. `kind` is ggml's."""

    kind: int
    name: str
    block_elements: int
    block_bytes: int


FORMATS = {
    form.kind: form
    for form in (
        TensorFormat(0, "F32", 1, 4),
        TensorFormat(1, "F16", 1, 2),
        TensorFormat(2, "Q4_0", 32, 18),
        TensorFormat(3, "Q4_1", 32, 20),
        TensorFormat(6, "Q5_0", 32, 22),
        TensorFormat(7, "Q5_1", 32, 24),
        TensorFormat(8, "Q8_0", 32, 34),
        TensorFormat(10, "Q2_K", 256, 84),
        TensorFormat(11, "Q3_K", 256, 110),
        TensorFormat(12, "Q4_K", 256, 144),
        TensorFormat(13, "Q5_K", 256, 176),
        TensorFormat(14, "Q6_K", 256, 210),
        TensorFormat(16, "IQ2_XXS", 256, 66),
        TensorFormat(17, "IQ2_XS", 256, 74),
        TensorFormat(18, "IQ3_XXS", 256, 98),
        TensorFormat(19, "IQ1_S", 256, 50),
        TensorFormat(20, "IQ4_NL", 32, 18),
        TensorFormat(21, "IQ3_S", 256, 110),
        TensorFormat(22, "IQ2_S", 256, 82),
        TensorFormat(23, "IQ4_XS", 256, 136),
        TensorFormat(29, "IQ1_M", 256, 56),
        TensorFormat(30, "BF16", 1, 2),
    )
}
"""By ggml's number of the type; the formats that this engine reads."""


def dequantize(form: TensorFormat, data: memoryview, row_elements: int) -> Floats:
    """Return the numbers of whole rows, each of whole blocks, as a flat float32 array."""
    with np.errstate(invalid="ignore", over="ignore"):  # damage is found by the caller
        if form.block_elements == 1:
            return plain_numbers(form.name, data)
        if form.name in _OWN:
            return _OWN[form.name](data).reshape(-1)
        import gguf  # noqa: PLC0415  # few models need it, and starting takes long enough

        row_bytes = row_elements // form.block_elements * form.block_bytes
        rows = np.frombuffer(data, np.uint8).reshape(-1, row_bytes)
        numbers = gguf.quants.dequantize(rows, gguf.GGMLQuantizationType(form.kind))
        return numbers.reshape(-1)


def plain_numbers(name: str, data: memoryview) -> Floats:
    """Return numbers stored one by one, little end first: F32, F16 or BF16."""
    if name == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, {"F32": "<f4", "F16": "<f2"}[name]).astype(np.float32)


def _from_q8_0(data: memoryview) -> Floats:
    """X = d q, with q in -128..127."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("q", "i1", 32)])
    return blocks["q"].astype(np.float32) * blocks["d"].astype(np.float32)[:, None]


def _from_q4_0(data: memoryview) -> Floats:
    """X = d (q - 8), with q in 0..15."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("q", "u1", 16)])
    return (_nibbles(blocks["q"]) - 8) * blocks["d"].astype(np.float32)[:, None]


def _from_q4_1(data: memoryview) -> Floats:
    """X = d q + m, with q in 0..15."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)])
    numbers = _nibbles(blocks["q"])
    numbers *= blocks["d"].astype(np.float32)[:, None]
    numbers += blocks["m"].astype(np.float32)[:, None]
    return numbers


def _nibbles(packed: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Floats:
    """Unpack (blocks, 16) bytes to (blocks, 32): the low halves come first, then the high ones."""
    return np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)


_OWN = {"Q8_0": _from_q8_0, "Q4_0": _from_q4_0, "Q4_1": _from_q4_1}
