"""How often a set speaks of women and men, and of people by where they are from.

Only counted: whether a set should speak of them alike is for its owner to say.
"""

import re
from collections import Counter
from collections.abc import Mapping

from desktop_app.core.examples.advice.balance import shares
from desktop_app.core.examples.advice.group_words import (
    MEN,
    MEN_WITHIN,
    NATIONALITIES,
    WOMEN,
    WOMEN_WITHIN,
)
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.checks import ADVICE

LEAST_NAMED = 10
ONE_SIDED = 0.8
_WORDS = re.compile(r"[^\W\d_]+")
_NOTHING: frozenset[str] = frozenset()
_LANGUAGES = WOMEN.keys() | WOMEN_WITHIN.keys()


class GroupCounts:
    """Counts conversations by the groups that their texts name."""

    def __init__(self) -> None:
        self.genders: Counter[str] = Counter()
        self.nationalities: Counter[str] = Counter()

    def add(self, text: str, language: str) -> None:
        """Take the text of one more conversation; languages without words are passed over."""
        if language not in _LANGUAGES:
            return
        words = frozenset(_WORDS.findall(text.lower()))
        for name, whole, within in (("women", WOMEN, WOMEN_WITHIN), ("men", MEN, MEN_WITHIN)):
            self.genders[name] += _names(text, words, language, whole, within)
        self.nationalities.update(words & NATIONALITIES.get(language, _NOTHING))

    def findings(self) -> list[SetFinding]:
        """Return the counts where one group has four of five mentions or more."""
        found = (("named_genders", self.genders), ("named_nationalities", self.nationalities))
        return [
            SetFinding(code, ADVICE, counts.total(), shares(counts))
            for code, counts in found
            if counts.total() >= LEAST_NAMED and max(counts.values()) >= ONE_SIDED * counts.total()
        ]


def _names(
    text: str,
    words: frozenset[str],
    language: str,
    whole: Mapping[str, frozenset[str]],
    within: Mapping[str, tuple[str, ...]],
) -> bool:
    if not words.isdisjoint(whole.get(language, _NOTHING)):
        return True
    return any(map(text.__contains__, within.get(language, ())))
