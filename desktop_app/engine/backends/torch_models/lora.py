"""Low-rank adapters on the linear layers of a network (Hu et al. 2021, section 4.1).

A layer W (out, in) becomes y = W x + s B A x, with A (r, in), B (out, r) and s = alpha / r. The
layers themselves stay as they are, quantized ones too: what an adapter adds is added by a hook.
A and B are always float32; the products are computed in the numbers of the layer.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from desktop_app.engine.backends.adapter_files import (
    Pair,
    read_adapter_into,
    read_adapter_settings,
    write_adapter_files,
)
from desktop_app.engine.backends.backend import LoraSettings, ModelFileError
from desktop_app.engine.backends.fresh_adapters import draw

_NUMBERED = re.compile(r"^.*?\.\d+\.")
"""The beginning of a name up to the number of its transformer layer."""


@dataclass(frozen=True)
class Place:
    """A linear layer that can have an adapter: its name, and its widths out and in."""

    name: str
    out: int
    into: int


class LoraPlaces:
    """All linear layers of a network but the output head. Raises ModelFileError for none."""

    def __init__(self, network: nn.Module, head: nn.Module | None) -> None:
        found = {
            name: module
            for name, module in network.named_modules()
            if isinstance(module, nn.Linear) and module is not head
        }
        if not found:
            raise ModelFileError("This model has no linear layers that could be tuned.")
        self.places = [Place(name, m.out_features, m.in_features) for name, m in found.items()]
        numbers = [_NUMBERED.match(name) for name in found]
        starts = [match.group() if match else "" for match in numbers]
        self._hooks = [
            _Hook(module, asks=place == 0 or starts[place] != starts[place - 1])
            for place, module in enumerate(found.values())
        ]

    @contextmanager
    def using(
        self, adapters: "Applied | None", asked: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Apply adapters, or none. `asked` is called at every layer, forwards and backwards."""
        matrices = adapters.matrices if adapters else [None] * len(self._hooks)
        for hook, matrix in zip(self._hooks, matrices, strict=True):
            hook.matrices = matrix
            hook.asked = asked if hook.asks else None
        try:
            yield
        finally:
            for hook in self._hooks:
                hook.matrices = hook.asked = None


@dataclass(frozen=True)
class Matrices:
    """A (r, in) and B (out, r) of one place, and s; as a layer takes them, B is (r, out)."""

    a: Tensor
    b: Tensor
    scale: float


class _Hook:
    """Stands behind one linear layer."""

    def __init__(self, module: nn.Linear, *, asks: bool) -> None:
        self.asks = asks
        self.matrices: Matrices | None = None
        self.asked: Callable[[], None] | None = None
        module.register_forward_hook(self)

    def __call__(self, _module: nn.Module, arguments: tuple[Tensor], out: Tensor) -> Tensor:
        if self.asked is not None:
            self.asked()
        if self.matrices is None:
            return out
        # Every call to PyTorch lets other threads run: none is made in vain.
        (states,), a, b = arguments, self.matrices.a, self.matrices.b
        if not states.dtype == a.dtype == out.dtype:  # such as in layers of 4-bit weights
            states, a, b = (tensor.to(out.dtype) for tensor in (states, a, b))
        low = linear(states, a)
        if self.asked is not None and low.requires_grad:
            asked = self.asked
            low.register_hook(lambda _gradient: asked())
        rows = torch.addmm(
            out.reshape(-1, out.shape[-1]),
            low.reshape(-1, low.shape[-1]),
            b,
            alpha=self.matrices.scale,
        )
        return rows.reshape(out.shape)


class Adapters:
    """Adapters for all places of a network: A and B lie in one vector `flat` of float32."""

    def __init__(self, places: list[Place], settings: LoraSettings) -> None:
        self._places = places
        self.settings = settings
        self.flat = torch.zeros(sum(settings.rank * (p.out + p.into) for p in places))

    def layout(self) -> str:
        """Tell in one text which numbers stand where."""
        return repr([(place.name, place.out, place.into) for place in self._places])

    def draw(self, seed: int) -> None:
        """Draw what a run begins with, as every back end does; what is there already stays."""
        draw(self.pairs(), seed)

    def pairs(self) -> list[Pair]:
        """Return (name, A, B) of every place: the numbers themselves before `to`, else copies."""
        return [
            (place.name, _array(matrices.a), _array(matrices.b))
            for place, matrices in zip(self._places, self.views(self.flat), strict=True)
        ]

    def to(self, device: torch.device) -> "Adapters":
        """Move the numbers to where the network is."""
        self.flat = self.flat.to(device)
        return self

    def views(self, flat: Tensor) -> list[Matrices]:
        """Return A and B of every place as views into such a vector."""
        rank, start = self.settings.rank, 0
        made = []
        for place in self._places:
            middle, end = start + rank * place.into, start + rank * (place.into + place.out)
            a = flat[start:middle].view(rank, place.into).detach()
            b = flat[middle:end].view(place.out, rank).detach()
            made.append(Matrices(a, b, self.settings.alpha / rank))
            start = end
        return made


class Applied:
    """Adapters as a network takes them: in its own numbers, and with gradients in these."""

    def __init__(self, adapters: Adapters, dtype: torch.dtype) -> None:
        self._adapters = adapters
        self._flat = adapters.flat.to(dtype)
        self.matrices = self._laid_out(self._flat)

    def follow(self) -> None:
        """Take over what a step has made of the adapters."""
        if self._flat is not self._adapters.flat:
            self._flat.copy_(self._adapters.flat)

    def learning(self) -> Tensor:
        """Let A and B have gradients; return the vector of them all, which passes add to."""
        gradients = torch.zeros_like(self._flat)
        for matrices, added in zip(self.matrices, self._laid_out(gradients), strict=True):
            for number, gradient in ((matrices.a, added.a), (matrices.b, added.b)):
                number.requires_grad_()
                number.grad = gradient
        return gradients

    def _laid_out(self, flat: Tensor) -> list[Matrices]:
        return [replace(each, b=each.b.T) for each in self._adapters.views(flat)]


def read_adapters(folder: Path, places: list[Place]) -> Adapters:
    """Read an adapter; places that it leaves out stay 0. Raises ModelFileError."""
    adapters = Adapters(places, read_adapter_settings(folder))
    read_adapter_into(folder, adapters.pairs())
    return adapters


def write_adapters(folder: Path, adapters: Adapters, base_model: str) -> None:
    """Write an adapter as PEFT reads it."""
    write_adapter_files(folder, adapters.settings, adapters.pairs(), base_model)


def _array(matrix: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    array: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = matrix.detach().cpu().numpy()
    return array
