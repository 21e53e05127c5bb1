"""Cross-entropy of the next token, where a token is supervised, in float32.

With logits z (V,), target t and weight w the loss is w (log sum exp z - z_t). It is known in two
turns: first what was predicted; then, once factors f were made of that, the way back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.trainer import Predictions

CHUNK = {"cpu": 128}
MOST_CHUNK = 1024
"""Rows of logits held at once: fewer on a processor, whose caches are small."""


class Readout(Protocol):
    """What a pack gave."""

    predictions: Predictions

    def backward(self, factors: Tensor | None) -> None:
        """Add up the gradients of the sum of the losses, each times its factor (S,)."""
        ...


def read(network: Network, pack: Pack, weights: Array | None) -> Readout:
    """Run a pack forwards; without weights (S,) there is no way back."""
    targets = network.tensor(pack.targets)
    learned = None if weights is None else network.tensor(weights).float()
    if network.abilities.head_apart:
        states = network.predicting_states(pack)
        return _read_apart(network.logits, states, targets, learned)
    chosen, right = _chosen(network.predicting_logits(pack).float(), targets)
    return _Whole(_predictions(chosen, right), chosen, learned)


@dataclass
class _Whole(Readout):
    """All logits at once, and PyTorch's own way back from them."""

    predictions: Predictions
    chosen: Tensor
    weights: Tensor | None

    def backward(self, factors: Tensor | None) -> None:
        """Go back from the log-probabilities."""
        assert self.weights is not None
        each = -self.weights if factors is None else -self.weights * factors
        self.chosen.backward(each)


@dataclass
class _Apart(Readout):
    """States (S, d), and the gradients of their losses, found a chunk of logits at a time."""

    predictions: Predictions
    states: Tensor
    gradient: Tensor

    def backward(self, factors: Tensor | None) -> None:
        """Go back from the states."""
        if factors is not None:
            self.gradient *= factors[:, None]
        self.states.backward(self.gradient)


def _read_apart(
    head: Callable[[Tensor], Tensor], states: Tensor, targets: Tensor, weights: Tensor | None
) -> _Apart:
    chunk = CHUNK.get(states.device.type, MOST_CHUNK)
    chosen = torch.empty(len(states), device=states.device)
    right = torch.empty(len(states), dtype=torch.bool, device=states.device)
    gradient = torch.empty_like(states)
    for start in range(0, len(states), chunk):
        rows = slice(start, start + chunk)
        part = states[rows].detach().requires_grad_(weights is not None)
        logits = head(part)
        with torch.no_grad():
            scores = logits.float()
            chosen[rows], right[rows] = _chosen(scores, targets[rows])
            if weights is None:
                continue
            pulls = _pulls(scores, targets[rows], weights[rows])
        (gradient[rows],) = torch.autograd.grad(logits, part, pulls.to(logits.dtype))
    return _Apart(_predictions(chosen, right), states, gradient)


def _chosen(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log-probabilities (S,) of targets given logits (S, V), and if they are highest."""
    wanted = logits.gather(1, targets[:, None])[:, 0]
    return wanted - torch.logsumexp(logits, dim=1), logits.argmax(dim=1) == targets


def _pulls(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Return the gradient w (softmax z - one at t) of the losses by their logits (S, V)."""
    pulls = torch.softmax(logits, dim=1)
    pulls.scatter_add_(1, targets[:, None], pulls.new_full((len(targets), 1), -1.0))
    return pulls.mul_(weights[:, None])


def _predictions(chosen: Tensor, right: Tensor) -> Predictions:
    return Predictions(chosen.detach().cpu().numpy(), right.cpu().numpy())
