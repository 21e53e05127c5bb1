"""Low-rank adapters on groups of linear layers (Hu et al. 2021, section 4.1).

A layer W (out, in) becomes y = W x + s B A x, with A (r, in), B (out, r) and s = alpha / r.
All A and B of a model are views into one flat vector, so that the optimizer, the checkpoint and
the gradients' norm need know nothing of layers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.fresh_adapters import draw
from desktop_app.engine.backends.numpy_llama.shape import ModelShape
from desktop_app.engine.backends.numpy_llama.weights import GroupShape, group_shapes


@dataclass(frozen=True)
class GroupAdapter:
    """The adapters of n layers that read one vector: A's stacked (n r, in), B's (out, r) each."""

    a: Array
    b: tuple[Array, ...]
    scale: float


@dataclass(frozen=True)
class LayerAdapters:
    """The adapters (or their gradients) of one transformer layer."""

    qkv: GroupAdapter
    output: GroupAdapter
    gate_up: GroupAdapter
    down: GroupAdapter


class LoraParameters:
    """Adapters for every linear layer of a model, all zeros at first, in one vector `flat`."""

    def __init__(
        self, shape: ModelShape, settings: LoraSettings, dtype: type[np.floating[Any]] = np.float32
    ) -> None:
        self.shape = shape
        self.settings = settings
        groups = group_shapes(shape)
        self.flat: Array = np.zeros(lora_size(shape, settings), dtype)
        scale = settings.alpha / settings.rank
        views = _Views(self.flat, settings.rank, scale)
        self.layers = [
            LayerAdapters(*(views.group(group) for group in groups)) for _ in range(shape.layers)
        ]

    def pairs(self) -> Iterator[tuple[str, Array, Array]]:
        """Yield (module, A, B) of every linear layer, named as PEFT and transformers name them."""
        rank = self.settings.rank
        for index, layer in enumerate(self.layers):
            adapters = (layer.qkv, layer.output, layer.gate_up, layer.down)
            for group, adapter in zip(group_shapes(self.shape), adapters, strict=True):
                for place, module in enumerate(group.modules):
                    a = adapter.a[place * rank : (place + 1) * rank]
                    yield f"model.layers.{index}.{module}", a, adapter.b[place]

    def initialise(self, seed: int) -> None:
        """Draw what a run begins with; what is there already stays."""
        draw(self.pairs(), seed)

    def zeros_like(self) -> "LoraParameters":
        """Return room for gradients of the same layout."""
        return LoraParameters(self.shape, self.settings, self.flat.dtype.type)


def lora_size(shape: ModelShape, settings: LoraSettings) -> int:
    """How many numbers the adapters of a model hold."""
    per_rank = sum(len(group.outs) * group.into + sum(group.outs) for group in group_shapes(shape))
    return shape.layers * settings.rank * per_rank


class _Views:
    """Cuts the flat vector into matrices, one after another."""

    def __init__(self, flat: Array, rank: int, scale: float) -> None:
        self._flat = flat
        self._rank = rank
        self._scale = scale
        self._used = 0

    def group(self, shape: GroupShape) -> GroupAdapter:
        a = self._matrix(self._rank * len(shape.outs), shape.into)
        return GroupAdapter(
            a, tuple(self._matrix(out, self._rank) for out in shape.outs), self._scale
        )

    def _matrix(self, rows: int, columns: int) -> Array:
        start, self._used = self._used, self._used + rows * columns
        return self._flat[start : self._used].reshape(rows, columns)
