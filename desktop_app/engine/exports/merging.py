"""A base model with its adapter merged into it, a tensor at a time.

W' = W + (alpha / r) B A (Hu et al. 2021, section 4.1). The base is read from its mapped files, so
that no more than one tensor and what is made of it lie in memory.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Floats, LoraSettings
from desktop_app.engine.backends.model_files.folder_adapter import read_folder_adapter
from desktop_app.engine.backends.model_files.hf_folder import SafetensorsFolder
from desktop_app.engine.backends.model_files.model_file import ModelFile
from desktop_app.engine.backends.model_files.tensor_names import (
    KINDS_IN_PAIRS,
    transformers_name,
)
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape
from desktop_app.engine.backends.numpy_llama.weights import (
    halves_from_pairs,
    refuse_unknown_tensors,
    rotated_heads,
)


@dataclass(frozen=True)
class Part:
    """A tensor. `stored` is its name in its file, `name` that in transformers, '' for none.

    `heads` is set for query and key weights, whose rows some GGUF files keep in another order.
    """

    stored: str
    name: str
    shape: tuple[int, ...]
    heads: int = 0

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class Merged(Protocol):
    """The parts of a model in its file's order, and of which adapter they are."""

    file: ModelFile
    parts: list[Part]
    lora: LoraSettings | None

    def weights(self, part: Part) -> Floats:
        """Return a tensor with its adapter merged, in the model's own order of rows."""
        ...


class MergedModel(Merged):
    """A model of a kind that NumPy runs. Raises ModelFileError for any other."""

    def __init__(self, file: ModelFile, adapter: Path | None) -> None:
        self.file = file
        self.shape = read_shape(file)
        refuse_unknown_tensors(file, self.shape)
        self.parts = _parts(file, self.shape)
        self.lora = None
        self._updates: dict[str, tuple[Array, Array]] = {}
        if adapter is not None:
            lora = read_adapter(adapter, self.shape)
            self.lora = lora.settings
            self._updates = {f"{module}.weight": (a, b) for module, a, b in lora.pairs()}

    def weights(self, part: Part) -> Floats:
        """Return a tensor with its adapter merged, in the model's own order of rows."""
        weights = self.file.tensor(part.stored, part.shape)
        if part.heads and self.file.rows_in_pairs:
            weights = halves_from_pairs(weights, part.heads)
        return _updated(weights, self._updates, part.name, self.lora)

    def gguf_weights(self, part: Part) -> Floats:
        """Return the same in the order of GGUF files."""
        weights = self.weights(part)
        is_paired = part.heads and self.shape.kind in KINDS_IN_PAIRS
        return pairs_from_halves(weights, part.heads) if is_paired else weights


class MergedFolder(Merged):
    """A model in a folder, of any kind: its tensors under their own names."""

    def __init__(self, file: SafetensorsFolder, adapter: Path | None) -> None:
        self.file = file
        self.folder = file
        self.parts = [Part(name, name, info.shape) for name, info in file.files.tensors.items()]
        self.lora = None
        self._updates: Mapping[str, tuple[Array, Array]] = {}
        if adapter is not None:
            read = read_folder_adapter(adapter, file)
            self.lora, self._updates = read.settings, read.updates

    def weights(self, part: Part) -> Floats:
        """Return a tensor with its adapter merged."""
        weights = self.folder.files.numbers(part.stored)
        return _updated(weights, self._updates, part.name, self.lora)


def merged_as_it_lies(file: ModelFile, adapter: Path | None) -> MergedModel | MergedFolder:
    """Return a model to be written as a folder, for which a folder's kind need not be known."""
    if isinstance(file, SafetensorsFolder):
        return MergedFolder(file, adapter)
    return MergedModel(file, adapter)


def _updated(
    weights: Floats,
    updates: Mapping[str, tuple[Array, Array]],
    name: str,
    lora: LoraSettings | None,
) -> Floats:
    update = updates.get(name)
    if update is None or lora is None:
        return weights
    a, b = update
    weights += (lora.alpha / lora.rank * b) @ a
    return weights


def pairs_from_halves(weights: Floats, heads: int) -> Floats:
    """Put rows that are rotated together next to each other: `halves_from_pairs` the other way."""
    out, into = weights.shape
    halves = weights.reshape(heads, 2, out // heads // 2, into)
    return halves.swapaxes(1, 2).reshape(out, into)


def _parts(file: ModelFile, shape: ModelShape) -> list[Part]:
    parts = []
    for stored, info in file.tensors.items():
        of_layer = stored.split(".")[2:3] if stored.endswith(".weight") else []
        heads = rotated_heads(shape, *of_layer) if of_layer else 0
        parts.append(Part(stored, transformers_name(stored), info.shape, heads))
    return parts
