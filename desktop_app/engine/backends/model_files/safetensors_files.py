"""The tensors of a folder: one safetensors file, or several with an index.

Source of the format: safetensors, README ("Format"); of the index: transformers,
`model.safetensors.index.json`. Nothing in them is trusted: every length is checked against the
file before it is used, and the index can name files of its own folder only.
"""

import math
import mmap
import re
import struct
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.model_files.json_file import parse_json, read_json
from desktop_app.engine.backends.model_files.quantization import plain_numbers

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
MOST_HEADER_BYTES = 100_000_000
"""As the format itself has it."""
_MOST_FILES = 1000
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.safetensors")
_NUMBER_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
_PROGRAMS = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True)
class StoredNumbers:
    """Where a tensor lies: in which mapped file, from which byte, stored as `kind`."""

    shape: tuple[int, ...]
    kind: str
    data: mmap.mmap
    start: int
    size: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class SafetensorsFiles:
    """Tensors by their names in the files, in order. Raises ModelFileError."""

    def __init__(self, folder: Path) -> None:
        self.tensors: dict[str, StoredNumbers] = {}
        with ExitStack() as opened:
            for path in _paths(folder):
                for name, tensor in _read_header(_mapped(path, opened), path.name).items():
                    if self.tensors.setdefault(name, tensor) is not tensor:
                        raise ModelFileError(f"The model has the tensor {name[:64]!r} twice.")
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the files."""
        self._opened.close()

    def numbers(self, name: str) -> Floats:
        """Return a tensor that is there, in float32. Raises ModelFileError."""
        tensor = self.tensors[name]
        if tensor.kind not in _NUMBER_BYTES:
            raise ModelFileError(
                f"This model stores numbers as {tensor.kind[:20]}, which this engine cannot read;"
                " take one in BF16, F16 or F32."
            )
        found = _read(tensor)
        if not np.isfinite(found).all():
            raise ModelFileError(f"The model is damaged: {name[:64]} holds numbers that are none.")
        return found.reshape(tensor.shape)


def _read(tensor: StoredNumbers) -> Floats:
    # By itself, for a view that an exception holds on to would keep the file open.
    stored = memoryview(tensor.data)[tensor.start : tensor.start + tensor.size]
    return plain_numbers(tensor.kind, stored)


def _paths(folder: Path) -> list[Path]:
    """Return the files that hold the tensors."""
    whole, index = folder / WHOLE, folder / INDEX
    if whole.is_file():
        return [whole]
    if not index.is_file():
        raise ModelFileError(_nothing_to_read(folder))
    named = read_json(index).get("weight_map")
    if not isinstance(named, dict) or not named:
        raise ModelFileError(f"The model's {INDEX} is damaged.")
    names = sorted({str(name) for name in named.values()})
    if len(names) > _MOST_FILES or not all(_FILE_NAME.fullmatch(name) for name in names):
        raise ModelFileError(f"The model's {INDEX} names files outside of its folder.")
    for name in names:
        if not (folder / name).is_file():
            raise ModelFileError(f"The model's file {name} is missing.")
    return [folder / name for name in names]


def _nothing_to_read(folder: Path) -> str:
    suffixes = {path.suffix for path in folder.iterdir()}
    if suffixes & {*_PROGRAMS}:
        return (
            "This folder holds its weights in a file that can hold programs as well (.bin, .pt,"
            " .ckpt): such files are never read. Take the model as safetensors."
        )
    if ".gguf" in suffixes:
        return "This folder holds no safetensors file. Choose the .gguf file in it instead."
    return f"The folder {folder.name} holds no {WHOLE}."


def _mapped(path: Path, opened: ExitStack) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise ModelFileError(f"The model's file {path.name} is empty.") from error
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ModelFileError(f"The model's file {path.name} cannot be read: {reason}.") from error
    opened.callback(data.close)
    return data


def _read_header(data: mmap.mmap, name: str) -> Mapping[str, StoredNumbers]:
    damaged = ModelFileError(f"The model's file {name} is damaged.")
    if len(data) < 8:
        raise damaged
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(len(data) - 8, MOST_HEADER_BYTES):
        raise damaged
    header = parse_json(data[8 : 8 + length], name)
    header.pop("__metadata__", None)
    try:
        return {key: _placed(data, 8 + length, entry) for key, entry in header.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise damaged from error


def _placed(data: mmap.mmap, start: int, entry: Any) -> StoredNumbers:  # noqa: ANN401 - any JSON
    """Read a row of the header; raises what a wrong one makes of it."""
    kind, shape, (first, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    lengths = (*shape, first, end)
    if not isinstance(kind, str) or len(shape) > 8:
        raise TypeError
    if not all(isinstance(each, int) and 0 <= each < 1 << 48 for each in lengths):
        raise ValueError
    size = math.prod(shape) * _NUMBER_BYTES.get(kind, 0)
    if not first <= end <= len(data) - start or (kind in _NUMBER_BYTES and end - first != size):
        raise ValueError
    return StoredNumbers(shape, kind, data, start + first, end - first)
