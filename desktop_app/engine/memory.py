"""Gives memory that is free within this process back to the system."""

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any


def give_memory_back() -> None:
    """Return what the weights of a model took, once nothing needs them.

    glibc keeps what was freed for the next request, in every thread's own heap: of the starter
    model's 0.6 GB, more than half. Elsewhere the system takes large blocks back by itself.
    """
    gc.collect()
    # PyTorch keeps what was freed on a GPU for itself; it is not loaded for the sake of this.
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    if trim := _trim():
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    """Return glibc's malloc_trim (malloc_trim(3)); None where the C library has none."""
    if sys.platform != "linux":
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
