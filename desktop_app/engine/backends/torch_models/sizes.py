"""What a model takes of memory, from the heads of its files alone; PyTorch is not loaded for it."""

import json
import math
import struct
from pathlib import Path
from typing import Any

from desktop_app.engine.backends.backend import LoraSettings, ModelFileError
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.packing import PACK_TOKENS
from desktop_app.engine.backends.torch_models.kinds import refuse_other_kinds

_PROGRAM = 700 << 20
"""Python, PyTorch and transformers take 335 MB before any model; as much again is for what a step
of the starter model needs beside what is counted below."""
_MOST_HEAD = 100 << 20
# The last for headers nested too deeply.
_WHAT_DAMAGE_RAISES = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, struct.error),
    RecursionError,
)
_NUMBER = 4
_ANSWERED = 2048
"""Tokens of which keys and values are counted."""


def stored_numbers(path: Path) -> int:
    """Return how many numbers a model file or folder holds. Raises ModelFileError."""
    if not path.is_dir():
        with open_model(path) as file:
            refuse_other_kinds(file.settings)
            return sum(tensor.elements for tensor in file.tensors.values())
    return sum(map(_numbers_in, weight_files(path)))


def weight_files(folder: Path) -> list[Path]:
    """Return the files with a folder's weights. Raises ModelFileError for none, and for pickles."""
    files = sorted(folder.glob("*.safetensors"))
    if files:
        return files
    told = f"The folder {folder.name} has no *.safetensors"
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")):
        told += "; a .bin or .pt file can hold programs and is not read"
    raise ModelFileError(f"{told}.")


def memory_needed(path: Path, itemsize: int, *, training: bool) -> int:
    """Estimate the bytes that loading (and training) takes with numbers of so many bytes."""
    layers, width = _measures(path)
    return needed_by(stored_numbers(path), layers, width, itemsize, training=training)


def needed_by(numbers: int, layers: int, width: int, itemsize: int, *, training: bool) -> int:
    """Return the same from a model's measures."""
    needed = _PROGRAM + numbers * itemsize
    if not training:
        return needed + _ANSWERED * 2 * layers * width * itemsize
    # Adapters on linear layers of (out, in) hold rank (out + in) numbers; a transformer layer has
    # about 14 widths of those, each kept with its gradient and two moments.
    rank = LoraSettings().rank
    adapters = 4 * _NUMBER * layers * rank * 14 * width
    tape = PACK_TOKENS * layers * 24 * width * itemsize
    return needed + adapters + tape


def _measures(path: Path) -> tuple[int, int]:
    """Return the number of layers and the width; of nested settings those of the text."""
    if not path.is_dir():
        with open_model(path) as file:
            kind = file.settings.get("general.architecture")
            found = [file.settings.get(f"{kind}.{n}") for n in ("block_count", "embedding_length")]
    else:
        config = _config(path)
        of_text = config.get("text_config")
        config = of_text if isinstance(of_text, dict) else config
        found = [config.get(name) for name in ("num_hidden_layers", "hidden_size")]
    layers, width = found
    if not isinstance(layers, int) or not isinstance(width, int):
        raise ModelFileError("The model does not say how large it is.")
    return layers, width


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads((path / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileError(f"The folder {path.name} has no sound config.json.") from error
    if not isinstance(config, dict):
        raise ModelFileError(f"The folder {path.name} has no sound config.json.")
    return config


def _numbers_in(path: Path) -> int:
    """Add up the shapes in the head of a safetensors file (its README, "Format")."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _MOST_HEAD:
                raise ValueError
            head = json.loads(file.read(length))
        return sum(math.prod(each["shape"]) for name, each in head.items() if name[:2] != "__")
    except _WHAT_DAMAGE_RAISES as error:
        raise ModelFileError(f"The file {path.name} is damaged.") from error
