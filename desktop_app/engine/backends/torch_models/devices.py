"""Which device a model runs on, in which numbers, and how that is said."""

from typing import Any

import torch

from desktop_app.engine.backends.backend import PROCESSOR, ModelFileError
from desktop_app.engine.backends.torch_models.facts import Facts

FOUR_BITS = "4-bit weights"
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
        return FOUR_BITS
    return _WORDS.get(dtype, str(dtype))


def has_fast_halves(device: torch.device) -> bool:
    """Whether a device computes with bfloat16 as such, and so faster than with float32.

    By what it is, and not by a trial: a run that is taken up again on a busier day, or by several
    processes, must not take other numbers. Products of 512 x 576 by 1536 took half the time on an
    AMD EPYC with AVX512_BF16. Of Apple's GPUs nothing was measured: they stay with float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # noqa: SLF001  # there is no public way
    return False


def dtype_of(device: torch.device) -> torch.dtype:
    """Return the numbers in which a device is fastest."""
    return torch.bfloat16 if has_fast_halves(device) else torch.float32


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
        halves=has_fast_halves(device),
    )


def _wanted(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelFileError(f"The device {name[:40]!r} is not there.") from error
    return device
