"""Base weights in 4 bits where they do not fit otherwise (Dettmers et al. 2023, "QLoRA").

The arithmetic is that of the package bitsandbytes, on CUDA; adapters are float32 as ever.
"""

import importlib.util
from typing import Any

import torch

from desktop_app.engine.backends.backend import ModelFileError

ROOM = 0.7
"""Of the free memory, what the weights may take: adapters and the packs need the rest."""


def fits_in_4_bits_only(weights: int, free: int | None) -> bool:
    """Whether so many bytes of weights are too much for a GPU's free bytes (None: no GPU)."""
    return free is not None and weights > ROOM * free


def four_bits(dtype: torch.dtype) -> Any:  # noqa: ANN401  # untyped
    """Return what transformers must be told. Raises ModelFileError without bitsandbytes."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ModelFileError(
            "The model does not fit into this GPU's memory. With the package bitsandbytes it could"
            " be held in 4 bits; it is not installed."
        )
    from transformers import BitsAndBytesConfig  # noqa: PLC0415  # seldom needed

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
