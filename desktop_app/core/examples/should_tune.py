"""Whether training is the right means at all: a short, honest look before money is spent.

Sources: Microsoft's red flags (fewer than 50 examples, a base model that already does well, what
is right being a matter of taste) and OpenAI's fine-tuning best practices (answers that need what
the question does not hold; examples that do not agree with each other).
"""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, pstdev

from desktop_app.core.examples.advice.balance import percent
from desktop_app.core.examples.advice.parts import Parts, parts_of
from desktop_app.core.examples.check_set import ENOUGH_EXAMPLES
from desktop_app.core.examples.conversation import Conversation

MOST_LOOKED_AT = 5000
"""Conversations that tell enough; more would only take memory."""

MANY_FACTS = 0.4
"""Of replies with facts that stand nowhere else: so many make it a matter of looking up."""

CHARACTERS_A_FACT = 500
"""A longer reply with a single fact is more than that fact."""

GOOD_ALREADY = 0.9
"""Microsoft: no tuning where the base model scores above 9 of 10."""

UNEVEN = 1.5
"""Standard deviation of the lengths of replies over their mean: manners that differ."""

FEW_LABELS = 0.2
"""Different replies over all: below this they are labels, and labels are learned well."""

LEAST_LOOKED_AT = 20


class Suggestion(StrEnum):
    """What fits better, or that tuning fits."""

    PROMPTING = "prompting"
    RETRIEVAL = "retrieval"
    GO_AHEAD = "go_ahead"


@dataclass(frozen=True, slots=True)
class Assessment:
    """One reason for or against, in the words of `should_tune_texts.py`."""

    code: str
    suggestion: Suggestion
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TuningFacts:
    """What is known of a set. Shares are from 0 to 1, None where too little is known."""

    examples: int
    facts_share: float | None = None
    unevenness: float | None = None
    different_replies: float | None = None
    base_score: float | None = None


def should_tune(facts: TuningFacts) -> list[Assessment]:
    """Return what speaks against training, or else what speaks for it; never nothing."""
    against = []
    if facts.examples < ENOUGH_EXAMPLES:
        against.append(Assessment("few_examples", Suggestion.PROMPTING, f"{facts.examples:,}"))
    if facts.base_score is not None and facts.base_score >= GOOD_ALREADY:
        detail = percent(round(facts.base_score * 1000), 1000)
        against.append(Assessment("base_model_is_good", Suggestion.PROMPTING, detail))
    if facts.facts_share is not None and facts.facts_share >= MANY_FACTS:
        detail = percent(round(facts.facts_share * 1000), 1000)
        against.append(Assessment("facts_to_look_up", Suggestion.RETRIEVAL, detail))
    if facts.unevenness is not None and facts.unevenness >= UNEVEN:
        against.append(Assessment("replies_differ_in_manner", Suggestion.PROMPTING))
    if against:
        return against
    if facts.different_replies is not None and facts.different_replies <= FEW_LABELS:
        return [Assessment("labels_to_learn", Suggestion.GO_AHEAD)]
    return [Assessment("manner_to_learn", Suggestion.GO_AHEAD)]


class TuningScreen:
    """Looks through replies, one conversation after another."""

    def __init__(self) -> None:
        self._n = 0
        self._facts: list[frozenset[int]] = []
        self._seen: Counter[int] = Counter()
        self._lengths: list[int] = []
        self._replies: set[int] = set()

    def add(self, conversation: Conversation) -> None:
        """Take one more training conversation."""
        self._n += 1
        if len(self._lengths) >= MOST_LOOKED_AT:
            return
        parts = parts_of(conversation)
        if parts.reply_index is None:
            return
        # Hashes: the words themselves would be kept for nothing.
        facts = frozenset(map(hash, _facts_of(parts)))
        self._facts.append(facts)
        self._seen.update(facts)
        self._lengths.append(len(parts.reply))
        self._replies.add(hash(parts.reply.strip().casefold()))

    def facts(self, base_score: float | None = None) -> TuningFacts:
        """Return what was found, with how well the base model did in an evaluation, if known."""
        looked_at = len(self._lengths)
        if looked_at < LEAST_LOOKED_AT or not any(self._lengths):
            return TuningFacts(self._n, base_score=base_score)
        once = (sum(self._seen[fact] == 1 for fact in facts) for facts in self._facts)
        looked_up = sum(
            n > 0 and n * CHARACTERS_A_FACT >= length
            for n, length in zip(once, self._lengths, strict=True)
        )
        return TuningFacts(
            self._n,
            facts_share=looked_up / looked_at,
            unevenness=pstdev(self._lengths) / fmean(self._lengths),
            different_replies=len(self._replies) / looked_at,
            base_score=base_score,
        )


_NUMBER = re.compile(r"(?<![\w])\d[\d.,:/-]*\d(?!\w)")
# A capital within a sentence: behind a small letter and a space.
_NAME = re.compile(r"(?<=[a-zà-ÿ,] )[A-ZÀ-Þ][a-zà-ÿ]{2,}")
_CAPITALS_ARE_USUAL = re.compile(r"\b(?:der|die|das|und|ist|nicht|Sie)\b")
"""German writes every noun with one."""


def _facts_of(parts: Parts) -> set[str]:
    """Return numbers and names of a reply that do not stand in what comes before it."""
    reply = parts.reply[:4000]
    found = set(_NUMBER.findall(reply))
    if not _CAPITALS_ARE_USUAL.search(reply):
        found.update(_NAME.findall(reply))
    if not found:
        return found
    before = parts.instructions + "\n".join(message.text for message in parts.question)
    return {fact for fact in found if fact not in before}
