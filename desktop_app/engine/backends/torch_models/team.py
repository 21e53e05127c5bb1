"""Several processes that train one model: data parallel, as PyTorch's own launchers start them.

RANK and WORLD_SIZE are set by `accelerate launch`, `torchrun` and Ray Train. Every process goes
through the same packs in the same order and reads its share of the sequences of each; what was
predicted is put together at once, the gradients before the optimizer's step. So all of them hold
the same adapters and say the same, and only the first writes files.
"""

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from desktop_app.engine.backends.backend import BrokenOffError, CheckpointError
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.torch_models import group
from desktop_app.engine.backends.torch_models.shares import Share, share_of, shared
from desktop_app.engine.backends.trainer import Predictions

_FINE, _BROKEN_OFF, _NO_MEMORY = 0.0, 1.0, 2.0


class Team:
    """The processes of one run; most runs have but one. Numbers travel on `device`."""

    def __init__(self, device: torch.device) -> None:
        self.size = group.size()
        self.rank = int(os.environ.get("RANK", "0"))
        self._device = device
        group.join(device)

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def share(self, pack: Pack, *, all_read: bool) -> Share:
        """Return this process's share of a pack: whole sequences, about as many tokens for each.

        With `all_read`, whoever is left without reads a sequence in vain.
        """
        share = shared(pack, self.size)[self.rank]
        if share.pack is None and all_read:
            unlearned = replace(pack, predicting=pack.predicting[:0], targets=pack.targets[:0])
            return Share(share_of(unlearned, [len(pack.sequences) - 1]).pack, share.targets)
        return share

    def together(self, share: Share, found: Predictions, total: int) -> Predictions:
        """Put together what all processes predicted of a pack with so many targets."""
        if self.size == 1:
            return found
        every = np.zeros((2, total))
        every[0, share.targets] = found.log_probabilities
        every[1, share.targets] = found.right
        numbers = torch.from_numpy(every).to(self._device, torch.float32)
        dist.all_reduce(numbers)
        every = numbers.cpu().numpy()
        return Predictions(every[0], every[1] > 0)

    def add_up(self, gradient: Tensor) -> None:
        """Add the gradients of all processes, in place."""
        if self.size > 1:
            dist.all_reduce(gradient)

    def agree(self, *, broken_off: bool = False, no_memory: bool = False) -> None:
        """Raise BrokenOffError or MemoryError in all processes once there is cause in one."""
        cause = _NO_MEMORY if no_memory else _BROKEN_OFF if broken_off else _FINE
        if self.size > 1:
            flag = torch.tensor(cause, device=self._device)
            dist.all_reduce(flag, dist.ReduceOp.MAX)
            cause = float(flag)
        if cause == _NO_MEMORY:
            raise MemoryError
        if cause == _BROKEN_OFF:
            raise BrokenOffError

    def least(self, *numbers: int) -> list[int]:
        """Return of each number the least that any process has."""
        if self.size == 1:
            return list(numbers)
        every = torch.tensor(numbers, dtype=torch.int64, device=self._device)
        dist.all_reduce(every, dist.ReduceOp.MIN)
        return [int(number) for number in every.tolist()]

    def first_does(self, work: Callable[[], None]) -> None:
        """Let the first process do something; its OSError or CheckpointError is everybody's."""
        if self.size == 1:
            work()
            return
        raised: list[BaseException | None] = [None]
        if self.is_first:
            try:
                work()
            except (OSError, CheckpointError) as error:
                raised = [type(error)(*error.args)]
        dist.broadcast_object_list(raised, device=self._device)
        if raised[0] is not None:
            raise raised[0]

    def follow_first(self, *numbers: Tensor) -> None:
        """Take over the first process's numbers, in place."""
        if self.size > 1:
            for tensor in numbers:
                dist.broadcast(tensor, 0)
