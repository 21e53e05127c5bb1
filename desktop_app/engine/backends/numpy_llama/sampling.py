"""Chooses the next token from its logits: greedily, or by temperature and nucleus sampling."""

import numpy as np

from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.backends.numpy_llama.arrays import Array


class Sampler:
    """Draws tokens; with a seed, the same ones for the same logits."""

    def __init__(self, sampling: Sampling) -> None:
        self._temperature = sampling.temperature
        self._top_p = sampling.top_p
        self._generator = np.random.default_rng(sampling.seed)

    def choose(self, logits: Array) -> int:
        """Choose a token given the logits of all (V,)."""
        if self._temperature <= 0:
            return int(logits.argmax())
        scaled = (logits - logits.max()).astype(np.float64) / self._temperature
        p = np.exp(scaled)
        p /= p.sum()
        tokens = _nucleus(p, self._top_p) if self._top_p < 1 else np.arange(len(p))
        shares = np.cumsum(p[tokens])
        place = np.searchsorted(shares, self._generator.random() * shares[-1], side="right")
        return int(tokens[min(int(place), len(tokens) - 1)])


def _nucleus(p: Array, top_p: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return the smallest set of likeliest tokens that have a probability of top_p together.

    At least one, the likeliest first (Holtzman et al. 2020, section 3.1).
    All tokens below (1 - top_p) / V together have less than 1 - top_p: none is in the set, and
    only the others need sorting.
    """
    candidates = np.flatnonzero(p >= (1 - top_p) / len(p))
    candidates = candidates[np.argsort(-p[candidates], kind="stable")]
    enough = int(np.searchsorted(np.cumsum(p[candidates]), top_p)) + 1
    return candidates[:enough]
