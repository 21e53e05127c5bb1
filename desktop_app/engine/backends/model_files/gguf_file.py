"""Reads GGUF files: a header of typed settings, then a table of tensors, then their data.

Source of the format: ggml, docs/gguf.md, versions 2 and 3. A file is not trusted: every length
is checked against what is left of the file before it is used.
"""

import math
import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.model_files.model_file import Closing, Value
from desktop_app.engine.backends.model_files.quantization import FORMATS, TensorFormat, dequantize
from desktop_app.engine.backends.model_files.tensor_names import KINDS_IN_PAIRS

_Read = TypeVar("_Read")

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 4


@dataclass(frozen=True)
class TensorInfo:
    """Where a tensor lies. `shape` is as NumPy has it (rows first), `start` counts from byte 0."""

    shape: tuple[int, ...]
    format: TensorFormat
    start: int
    size: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class GgufFile(Closing):
    """An open GGUF file; close it, or use it in a `with`.

    Raises ModelFileError where the file cannot be read, is cut short or contradicts itself.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise ModelFileError(f"The model file {path.name} is empty.") from error
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise ModelFileError(f"The model file {path.name} cannot be read: {reason}.") from error
        try:
            self.settings, self.tensors = _read_header(_Cursor(self._data))
        except BaseException:
            self._data.close()
            raise

    @property
    def rows_in_pairs(self) -> bool:
        """Whether llama.cpp's converter has put query and key rows into its order."""
        return self.settings.get("general.architecture") in KINDS_IN_PAIRS

    @override
    def close(self) -> None:
        self._data.close()

    def tensor(self, name: str, shape: tuple[int, ...]) -> Floats:
        """Return a tensor in float32, of the shape that the caller knows it must have."""
        info = self.tensors.get(name)
        if info is None:
            raise ModelFileError(f"The model file lacks the tensor {name}.")
        if info.shape != shape:
            raise ModelFileError(f"The tensor {name} is {info.shape}; it must be {shape}.")
        numbers = self._numbers(info)
        if not np.isfinite(numbers).all():
            raise ModelFileError(f"The model file is damaged: {name} holds numbers that are none.")
        return numbers.reshape(shape)

    def _numbers(self, info: TensorInfo) -> Floats:
        # Here and not above, for a view that an exception holds on to would keep the file open.
        stored = memoryview(self._data)[info.start : info.start + info.size]
        return dequantize(info.format, stored, info.shape[-1])


class _Cursor:
    """Reads little-endian values one after another, and never past the end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise ModelFileError("The model file is damaged: it ends too early.")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def number(self, code: str) -> int:
        (value,) = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))
        return int(value)

    def string(self) -> str:
        try:
            return self.take(self.number("Q")).decode()
        except UnicodeDecodeError as error:
            raise ModelFileError("The model file is damaged: a text in it is not UTF-8.") from error

    def value(self) -> Value:
        kind = self.number("I")
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            return self._array(self.number("I"), self.number("Q"))
        return self._scalars(kind, 1)[0]

    def _array(self, kind: int, count: int) -> list[int] | list[float] | list[str]:
        if kind == _STRING:
            # Each takes 8 bytes at least, so that a false count soon ends at the end of the file.
            return [self.string() for _ in range(count)]
        return self._scalars(kind, count)

    def _scalars(self, kind: int, count: int) -> list[int] | list[float]:
        code = _SCALARS.get(kind)
        if code is None:
            raise ModelFileError("The model file is damaged: it holds a value of unknown type.")
        content = self.take(struct.calcsize("<" + code) * count)
        return list(struct.unpack(f"<{count}{code}", content))


def _read_header(cursor: _Cursor) -> tuple[Mapping[str, Value], Mapping[str, TensorInfo]]:
    if cursor.take(4) != b"GGUF":
        raise ModelFileError("This is no GGUF model file.")
    version = cursor.number("I")
    if version not in {2, 3}:
        raise ModelFileError(f"GGUF version {version} is not supported; 2 and 3 are.")
    tensor_count, setting_count = cursor.number("Q"), cursor.number("Q")
    settings = _read_named(cursor, setting_count, _Cursor.value)
    located = _read_named(cursor, tensor_count, _read_tensor_entry)
    alignment = settings.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 16:
        raise ModelFileError("The model file is damaged: its alignment makes no sense.")
    data_start = -(-cursor.position // alignment) * alignment
    tensors = {
        name: _place(name, entry, data_start, len(cursor.data)) for name, entry in located.items()
    }
    return settings, tensors


def _read_named(cursor: _Cursor, count: int, read: Callable[[_Cursor], _Read]) -> dict[str, _Read]:
    found: dict[str, _Read] = {}
    for _ in range(count):
        name = cursor.string()
        if name in found:
            raise ModelFileError(f"The model file is damaged: it has {name[:64]!r} twice.")
        found[name] = read(cursor)
    return found


@dataclass(frozen=True)
class _TensorEntry:
    """A row of the table as it stands: dimensions innermost first, offset into the data."""

    dimensions: tuple[int, ...]
    kind: int
    offset: int


def _read_tensor_entry(cursor: _Cursor) -> _TensorEntry:
    count = cursor.number("I")
    if not 1 <= count <= _MOST_DIMENSIONS:
        raise ModelFileError("The model file is damaged: a tensor has no sensible shape.")
    dimensions = tuple(cursor.number("Q") for _ in range(count))
    return _TensorEntry(dimensions, cursor.number("I"), cursor.number("Q"))


def _place(name: str, entry: _TensorEntry, data_start: int, file_size: int) -> TensorInfo:
    form = FORMATS.get(entry.kind)
    if form is None:
        raise ModelFileError(
            f"This model file stores numbers in ggml's format {entry.kind}, which this engine"
            " cannot read; take one in F16, Q8_0 or Q4_K."
        )
    row, rest = entry.dimensions[0], entry.dimensions[1:]
    if row % form.block_elements:
        raise ModelFileError(
            f"The model file is damaged: rows of {name[:64]!r} are no whole blocks."
        )
    size = row // form.block_elements * form.block_bytes
    for dimension in rest:
        size *= dimension
    start = data_start + entry.offset
    if start + size > file_size:
        raise ModelFileError(f"The model file is damaged: it ends before {name[:64]!r} does.")
    return TensorInfo(tuple(reversed(entry.dimensions)), form, start, size)
