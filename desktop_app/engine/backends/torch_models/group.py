"""The processes that train one model, as PyTorch knows them."""

import atexit
import os
from datetime import timedelta

import torch
import torch.distributed as dist

_PATIENCE = timedelta(minutes=30)
"""How long one process may wait for the slowest of the others."""


def size() -> int:
    """Return how many processes there are, by the variable that every launcher sets."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def join(device: torch.device) -> None:
    """Meet the other processes, unless that was done; part from them at the end of this one."""
    if size() == 1 or dist.is_initialized():
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    atexit.register(_part)


def _part() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
