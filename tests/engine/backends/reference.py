"""The fixture that make_reference.py made: what other implementations give."""

from pathlib import Path

import msgspec


class ReferenceText(msgspec.Struct, frozen=True):
    text: str
    tokens: list[int]


class Reference(msgspec.Struct, frozen=True):
    """For each token of the prompt: the five likeliest next ones, and log sum exp of all."""

    versions: dict[str, str]
    prompt: str
    prompt_tokens: list[int]
    top_tokens: list[list[int]]
    top_logits: list[list[float]]
    log_sum_exp: list[float]
    texts: list[ReferenceText]


def load_reference() -> Reference:
    content = Path(__file__).with_name("reference.json").read_bytes()
    return msgspec.json.decode(content, type=Reference)
