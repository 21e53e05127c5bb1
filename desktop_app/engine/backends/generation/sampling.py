"""Chooses the next token from its logits: greedily, or by temperature and nucleus sampling."""

from collections import Counter

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LikelyToken, Sampling, ScoredToken
from desktop_app.engine.backends.generation.grammar import Constraint
from desktop_app.engine.backends.text.tokenizer import Tokenizer

_Places = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class Sampler:
    """Draws the tokens of one reply; with a seed, the same ones for the same logits.

    `choice` tells the replies to one prompt apart: each has its own chances. Raises GrammarError
    where the constraint cannot go on.
    """

    def __init__(
        self, sampling: Sampling, choice: int = 0, constraint: Constraint | None = None
    ) -> None:
        self._sampling = sampling
        self._constraint = constraint
        self._written: Counter[int] = Counter()
        seed = sampling.seed if sampling.seed is None or not choice else [sampling.seed, choice]
        self._generator = np.random.default_rng(seed)

    def choose(self, logits: Array) -> int:
        """Choose a token given the logits of all (V,)."""
        token = self._drawn(self._adjusted(logits))
        self._written[token] += 1
        if self._constraint is not None:
            self._constraint.accept(token)
        return token

    @property
    def is_complete(self) -> bool:
        """Whether the constraint lets nothing follow but the end."""
        return self._constraint is not None and self._constraint.is_complete

    def _adjusted(self, logits: Array) -> Array:
        """Return the logits after bias and penalties, with -inf for what must not come."""
        sampling = self._sampling
        penalised = bool(sampling.frequency_penalty or sampling.presence_penalty)
        if not (penalised or sampling.logit_bias or self._constraint):
            return logits
        adjusted: Array = logits.copy()
        if sampling.logit_bias:
            adjusted[list(sampling.logit_bias)] += list(sampling.logit_bias.values())
        if penalised and self._written:
            times = np.array(list(self._written.values()))
            taken = sampling.presence_penalty + sampling.frequency_penalty * times
            adjusted[list(self._written)] -= taken
        if self._constraint is not None:
            adjusted[~self._constraint.allowed()] = -np.inf
        return adjusted

    def _drawn(self, logits: Array) -> int:
        temperature, top_p = self._sampling.temperature, self._sampling.top_p
        if temperature <= 0:
            return int(logits.argmax())
        scaled = (logits - logits.max()).astype(np.float64) / temperature
        p = np.exp(scaled)
        p /= p.sum()
        tokens = _nucleus(p, top_p) if top_p < 1 else np.arange(len(p))
        shares = np.cumsum(p[tokens])
        place = np.searchsorted(shares, self._generator.random() * shares[-1], side="right")
        return int(tokens[min(int(place), len(tokens) - 1)])


def _nucleus(p: Array, top_p: float) -> _Places:
    """Return the smallest set of likeliest tokens that have a probability of top_p together.

    At least one, the likeliest first (Holtzman et al. 2020, section 3.1).
    All tokens below (1 - top_p) / V together have less than 1 - top_p: none is in the set, and
    only the others need sorting.
    """
    candidates = np.flatnonzero(p >= (1 - top_p) / len(p))
    candidates = candidates[np.argsort(-p[candidates], kind="stable")]
    enough = int(np.searchsorted(np.cumsum(p[candidates]), top_p)) + 1
    return candidates[:enough]


def scored(tokenizer: Tokenizer, logits: Array, token: int, count: int) -> ScoredToken:
    """Return the log-probability of a token by its logits (V,), and the `count` likeliest."""
    total = log_sum_exp(logits)
    return ScoredToken(
        tokenizer.content(token),
        float(logits[token] - total),
        likeliest(tokenizer, logits, total, count),
    )


def likeliest(tokenizer: Tokenizer, logits: Array, total: float, count: int) -> list[LikelyToken]:
    """Return the tokens of the highest logits (V,), the highest first."""
    if count <= 0:
        return []
    places = np.argpartition(-logits, min(count, len(logits)) - 1)[:count]
    places = places[np.argsort(-logits[places], kind="stable")]
    return [
        LikelyToken(tokenizer.content(int(place)), float(logits[place] - total)) for place in places
    ]


def log_sum_exp(logits: Array) -> float:
    """Return log sum exp z, by which logits become log-probabilities."""
    highest = float(logits.max())
    return highest + float(np.log(np.exp(logits - highest).sum()))
