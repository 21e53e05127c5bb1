"""What is wrong with, or to be said of, the whole set."""

from dataclasses import dataclass

from desktop_app.core.examples.checks import Severity

CODES_OF_THE_SET = frozenset(
    (
        "duplicate",
        "near_duplicate",
        "contradiction",
        "overlap",
        "instructions_differ",
        "very_long",
        "too_long",
    )
)
"""Advice on single conversations that only the whole set gives; kept with the conversations."""


@dataclass(frozen=True, slots=True)
class SetFinding:
    """Something about the whole set, in the words of `set_texts.py`.

    `count` is how many conversations it is about and `detail` what the words quote. Where
    `filter_code` is not '', these are the conversations with advice of that code.
    """

    code: str
    severity: Severity
    count: int = 0
    detail: str = ""
    filter_code: str = ""
