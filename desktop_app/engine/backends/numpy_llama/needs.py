"""The bytes that a model takes with this back end, from its measures: whether it is here or not."""

from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.measures import Measures
from desktop_app.engine.backends.packing import PACK_TOKENS, pack_tokens
from desktop_app.engine.backends.thread_settings import physical_cores

PROGRAM = 120 << 20
"""Bytes that Python, NumPy and a tokenizer take before any model: measured with the starter."""
NUMBER = 4
"""Bytes of a float32."""
ANSWERED = 1024
"""Tokens of which keys and values are counted."""
_LOGIT_ROWS = 128
"""Tokens whose logits are held at once (cross_entropy.py)."""


def memory_needed(of: Measures, numbers: int, *, training: bool) -> int:
    """Return the bytes for a model of so many numbers: the program, the weights, and its work."""
    work = _for_training(of) if training else _for_answering(of)
    return PROGRAM + numbers * NUMBER + work


def adapter_numbers(of: Measures, rank: int) -> int:
    """Return the numbers of adapters on every linear layer: r (in + out) each.

    Source: Hu et al. 2021, section 4.1.
    """
    attention = 2 * (of.width + of.queries_width) + 2 * (of.width + of.keys_width)
    return of.layers * rank * (attention + 3 * (of.width + of.inner))


def _for_answering(of: Measures) -> int:
    """Keys and values of a conversation, and what one layer holds of a prompt's part."""
    kept = ANSWERED * of.layers * 2 * of.keys_width
    return (kept + PACK_TOKENS * (4 * of.width + 3 * of.inner)) * NUMBER


def _for_training(of: Measures) -> int:
    """Adapters with gradients and two moments, and the tape of a full pack.

    Each member of the team has gradients and logits of its own.
    """
    team = physical_cores()
    adapters = (3 + team) * adapter_numbers(of, LoraSettings().rank)
    projected = 3 * of.queries_width + 3 * of.keys_width
    if of.norms_heads:
        projected += of.queries_width + of.keys_width
    per_token = of.layers * (2 * of.width + projected + 2 * of.inner)
    logits = 2 * _LOGIT_ROWS * of.vocabulary * team
    return (adapters + pack_tokens(team) * per_token + logits) * NUMBER
