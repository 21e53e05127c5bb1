"""Whether a set is made of much of one kind and little of another. Shares, and no verdict."""

from collections.abc import Mapping, Sequence

from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.checks import ADVICE

LEAST_EXAMPLES = 20
"""Among fewer, shares are chance."""

RARE = 0.1
"""A kind with a smaller share than this is rare beside one with half of all."""

FREQUENT = 0.5
LEAST_OF_A_LANGUAGE = 5
LEAST_SHARE_OF_A_LANGUAGE = 0.01
"""Fewer, or a smaller share, are texts whose language was misjudged as often as not."""

MANY_REFUSALS = 0.1
MOST_NAMED = 5
TOP = 0.1
"""The longest tenth should not hold more than half of all text."""

FAR_LONGER = 20
LONG = 4000
"""A conversation is very long with more characters, and so many times those of the median."""


def unequal_shares(code: str, counts: Mapping[str, int]) -> SetFinding | None:
    """Return a finding if one kind has half of all and another one hardly any."""
    total = sum(counts.values())
    if total < LEAST_EXAMPLES or len(counts) < 2:
        return None
    if max(counts.values()) < FREQUENT * total or min(counts.values()) >= RARE * total:
        return None
    return SetFinding(code, ADVICE, total, shares(counts))


def shares(counts: Mapping[str, int]) -> str:
    """Write the shares of the most frequent kinds and of the rarest: "billing 61 %, …"."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    if len(ordered) > MOST_NAMED:
        ordered = [*ordered[: MOST_NAMED - 1], ordered[-1]]
    return ", ".join(f"{name} {percent(count, total)}" for name, count in ordered)


def percent(count: int, total: int) -> str:
    """Write a share; one that is not nothing is not written as 0 %."""
    share = 100 * count / total if total else 0
    if 0 < share < 0.05:
        return "under 0.1 %"
    return f"{share:.1f} %" if 0 < share < 1 else f"{share:.0f} %"


def unequal_languages(counts: Mapping[str, int]) -> SetFinding | None:
    """Return a finding if one language is rare; a handful of texts make no language."""
    least = max(LEAST_OF_A_LANGUAGE, LEAST_SHARE_OF_A_LANGUAGE * sum(counts.values()))
    spoken = {language: n for language, n in counts.items() if n >= least}
    return unequal_shares("unequal_languages", spoken)


def many_refusals(refusals: int, total: int) -> SetFinding | None:
    """Return a finding if so many of all replies refuse that a model learns to."""
    if total < LEAST_EXAMPLES or refusals < MANY_REFUSALS * total:
        return None
    return SetFinding("many_refusals", ADVICE, refusals, percent(refusals, total), "refusal")


def unequal_lengths(lengths: Sequence[int]) -> SetFinding | None:
    """Return a finding if few conversations hold most of the text; lengths in characters."""
    if len(lengths) < LEAST_EXAMPLES or not any(lengths):
        return None
    ordered = sorted(lengths, reverse=True)
    n_top = max(1, round(TOP * len(ordered)))
    top, total = sum(ordered[:n_top]), sum(ordered)
    if top <= total / 2:
        return None
    return SetFinding("unequal_lengths", ADVICE, n_top, percent(top, total))


def length_of_very_long(lengths: Sequence[int]) -> int:
    """Return how many characters a conversation must exceed to be far longer than others."""
    if not lengths:
        return LONG
    median = sorted(lengths)[len(lengths) // 2]
    return max(LONG, FAR_LONGER * median)
