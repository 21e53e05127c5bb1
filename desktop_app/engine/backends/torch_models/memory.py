"""What a network's passes take of memory, and how PyTorch says that there is none left."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

_SAYINGS = ("out of memory", "can't allocate memory", "not enough memory")


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raise MemoryError where PyTorch has its own words for it."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MemoryError from error
    except RuntimeError as error:
        if any(saying in str(error).lower() for saying in _SAYINGS):
            raise MemoryError from error
        raise


class Kept:
    """Counts the bytes that are kept for the way back, the network's own numbers left out."""

    def __init__(self, network: nn.Module) -> None:
        own = (*network.parameters(), *network.buffers())
        # Weights that are spread over processes have no storage of their own.
        whole = [tensor for tensor in own if not isinstance(tensor, DTensor)]
        self._known = {tensor.untyped_storage().data_ptr() for tensor in whole}
        self.bytes = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count in here."""
        with torch.autograd.graph.saved_tensors_hooks(self._count, lambda kept: kept):
            yield

    def _count(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._known:
            self._known.add(storage.data_ptr())
            self.bytes += storage.nbytes()
        return tensor


def free_bytes(device: torch.device) -> int | None:
    """Return the bytes that are free on a GPU; None where it has no memory of its own."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return None
