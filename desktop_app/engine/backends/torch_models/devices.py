"""Which device a model runs on, in which numbers, and how that is said."""

import time
from functools import cache
from typing import Any

import torch

from desktop_app.engine.backends.backend import PROCESSOR, ModelFileError
from desktop_app.engine.backends.torch_models.facts import WORTH_IT, Facts

_ROWS, _INTO, _OUT = 512, 576, 1536
"""The matrix product by which kinds of numbers are compared."""
_RUNS = 20
_WORDS = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}


def device_of(wanted: str | None) -> torch.device:
    """Return the device asked for, else the best there is. Raises ModelFileError."""
    if wanted is not None:
        return _wanted(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_words(device: torch.device) -> str:
    """Name a device in plain words."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA)"
    if device.type == "mps":
        return "Apple GPU (MPS)"
    return PROCESSOR


def precision_words(module: Any, dtype: torch.dtype) -> str:  # noqa: ANN401  # untyped
    """Name the kind of numbers that a model's weights are."""
    if getattr(module, "is_loaded_in_4bit", False):
        return "4-bit weights"
    return _WORDS.get(dtype, str(dtype))


@cache
def bfloat16_speed(device: torch.device) -> float:
    """Return how many times as fast as in float32 a product of matrices is in bfloat16.

    Two short ones, one after the other, several times; the fastest of each counts.
    """
    allow_fast_float32()
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        try:
            a = torch.ones(_ROWS, _INTO, dtype=dtype, device=device)
            b = torch.ones(_INTO, _OUT, dtype=dtype, device=device)
            seconds[dtype] = min(_timed(a, b) for _ in range(_RUNS))
        except (RuntimeError, TypeError):  # a device that does not know these numbers
            return 0.0
    return seconds[torch.float32] / seconds[torch.bfloat16]


def dtype_of(device: torch.device) -> torch.dtype:
    """Return the numbers in which a device is fastest."""
    return torch.bfloat16 if bfloat16_speed(device) > WORTH_IT else torch.float32


def allow_fast_float32() -> None:
    """Let products of float32 take the shorter way that some processors have.

    On those with AVX-512 it is oneDNN's, twice as fast and as exact; TensorFloat32 on a GPU.
    """
    torch.set_float32_matmul_precision("high" if torch.cuda.is_available() else "medium")


def facts() -> Facts:
    """Say what there is."""
    device = device_of(None)
    total = 0
    if device.type == "cuda":
        total = int(torch.cuda.mem_get_info(device)[1])
    return Facts(
        kind=device.type,
        device=device_words(device),
        memory=total,
        bfloat16_speed=bfloat16_speed(device),
    )


def _wanted(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelFileError(f"The device {name[:40]!r} is not there.") from error
    return device


def _timed(a: torch.Tensor, b: torch.Tensor) -> float:
    _wait_for(a.device)
    began_at = time.perf_counter()
    a @ b
    _wait_for(a.device)
    return time.perf_counter() - began_at


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
