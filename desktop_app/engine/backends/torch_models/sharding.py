"""Weights that are too large for one GPU, spread over those of a run: fully sharded data parallel.

Asked for by the variables that `accelerate launch --use_fsdp` sets. Only the frozen weights are
spread (Zhao et al. 2023); adapters are small, and every process holds all of them.
"""

import os

from torch import nn
from torch.distributed.fsdp import fully_shard

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.torch_models import group
from desktop_app.engine.backends.torch_models.network import Network


def is_asked() -> bool:
    """Whether the launcher wants the weights spread."""
    return os.environ.get("ACCELERATE_USE_FSDP", "").lower() in {"1", "true"}


def shard_if_asked(network: Network) -> None:
    """Spread the weights, once. Raises ModelFileError where the model cannot be spread."""
    if network.is_sharded or not is_asked() or group.size() == 1:
        return
    group.join(network.device)
    layers = _layers(network.module)
    if not layers:
        raise ModelFileError("This model has no layers over which it could be spread.")
    for layer in layers:
        fully_shard(layer)
    fully_shard(network.module)
    network.sharded()


def _layers(module: nn.Module) -> list[nn.Module]:
    """Return the layers of the longest list of them."""
    lists = [part for part in module.modules() if isinstance(part, nn.ModuleList)]
    return list(max(lists, key=len, default=[]))
