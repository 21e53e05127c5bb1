"""Llama 3.1's way of stretching rotary positions: long waves are slowed down, short ones are not.

Source: transformers 5.23, `modeling_rope_utils.py`, `_compute_llama3_parameters`. GGUF files keep
the resulting factors only, as the tensor `rope_freqs.weight` (llama.cpp, convert_hf_to_gguf.py).
"""

import math
from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.backend import Floats

ROTARY_FACTORS = "rope_freqs.weight"


@dataclass(frozen=True)
class Llama3Scaling:
    """The settings under their names in config.json, as Llama 3.1 to 3.3 have them."""

    factor: float
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_position_embeddings: int = 8192

    def factors(self, base: float, head_width: int) -> Floats:
        """Return by what each frequency is divided, (h/2,): long waves by `factor`, short by 1."""
        waves = 2 * math.pi * base ** (np.arange(0, head_width, 2) / head_width)
        turns = self.original_max_position_embeddings / waves
        low, high = self.low_freq_factor, self.high_freq_factor
        smooth = np.clip((turns - low) / (high - low), 0, 1)
        return np.asarray(1 / ((1 - smooth) / self.factor + smooth), np.float32)
