"""The types under which a GGUF file keeps its settings: programs that read it insist on them.

Source of the format: ggml, docs/gguf.md, versions 2 and 3. For files that GgufFile has taken, and
so checked. The package `gguf` can tell the types too, but takes seconds over a large vocabulary.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.model_files.model_file import ModelFile, Value

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_COUNTS_END = 24
"""Behind the magic, the version and both counts."""


@dataclass(frozen=True)
class ValueType:
    """The number of a type; for a list, `items` is that of what it holds."""

    kind: int
    items: int | None = None


def types_of(file: ModelFile, path: Path) -> Mapping[str, ValueType]:
    """Return the type of every setting: as the file has it, or as converters write it."""
    if not path.is_dir():
        return value_types(path)
    return {key: _usual_type(value) for key, value in file.settings.items()}


def _usual_type(value: Value) -> ValueType:
    by_type = {bool: _BOOL, int: _UINT32, float: _FLOAT32, str: _STRING}
    if not isinstance(value, list):
        return ValueType(by_type[type(value)])
    # llama.cpp takes types of tokens with a sign only.
    of_items = by_type | {int: _INT32}
    return ValueType(_ARRAY, of_items[type(value[0])] if value else _INT32)


def value_types(path: Path) -> dict[str, ValueType]:
    """Return the type of every setting, in the file's order."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        (count,) = struct.unpack_from("<Q", data, _COUNTS_END - 8)
        found: dict[str, ValueType] = {}
        position = _COUNTS_END
        for _ in range(count):
            end = _after_string(data, position)
            name = data[position + 8 : end].decode()
            (kind,) = struct.unpack_from("<I", data, end)
            position, items = _after_value(data, end + 4, kind)
            found[name] = ValueType(kind, items)
    return found


def _after_string(data: mmap.mmap, position: int) -> int:
    (length,) = struct.unpack_from("<Q", data, position)
    return int(position + 8 + length)


def _after_value(data: mmap.mmap, position: int, kind: int) -> tuple[int, int | None]:
    if kind == _STRING:
        return _after_string(data, position), None
    if kind != _ARRAY:
        return position + _SIZES[kind], None
    items, count = struct.unpack_from("<IQ", data, position)
    position += 12
    if items != _STRING:
        return position + count * _SIZES[items], items
    for _ in range(count):
        position = _after_string(data, position)
    return position, items
