"""The types under which a GGUF file keeps its settings: programs that read it insist on them.

Source of the format: ggml, docs/gguf.md, versions 2 and 3. For files that GgufFile has taken, and
so checked. The package `gguf` can tell the types too, but takes seconds over a large vocabulary.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_COUNTS_END = 24
"""Behind the magic, the version and both counts."""


@dataclass(frozen=True)
class ValueType:
    """The number of a type; for a list, `items` is that of what it holds."""

    kind: int
    items: int | None = None


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
