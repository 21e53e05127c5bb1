"""How often a set speaks of women and men, and of people by where they are from.

Only counted: whether a set should speak of them alike is for its owner to say.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from desktop_app.core.examples.advice.balance import shares
from desktop_app.core.examples.advice.group_words import (
    ADJECTIVE_OF,
    ADJECTIVES,
    MEN,
    MEN_WITHIN,
    NATIONALITIES,
    PEOPLE,
    WOMEN,
    WOMEN_WITHIN,
)
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.checks import ADVICE

LEAST_NAMED = 10
ONE_SIDED = 0.8
WOMEN_NAMED, MEN_NAMED = "women", "men"
_GENDERS = (WOMEN_NAMED, MEN_NAMED)

_ASCII_STOPS = str.maketrans(dict.fromkeys(".,;:!?\"'()[]{}<>*/-_|#`~", " "))
_STOPS = (
    ".,;:!?\"'()[]*/-_\n\u2018\u2019\u201c\u201d\u201e\u2026\u2013\u2014\u00ab\u00bb\u00bf\u00a1"
    "\u060c\u061f\u0964"
)


def _groups_of(language: str) -> dict[str, str]:
    groups = {word: ADJECTIVE_OF.get(word, word) for word in NATIONALITIES.get(language, ())}
    groups |= dict.fromkeys(WOMEN[language], WOMEN_NAMED)
    return groups | dict.fromkeys(MEN[language], MEN_NAMED)


_GROUP_OF_WORD = {language: _groups_of(language) for language in WOMEN}
_WORDS = {language: frozenset(groups) for language, groups in _GROUP_OF_WORD.items()}


def named_groups(text: str, language: str) -> tuple[str, ...]:
    """Return which groups a text names; none in a language of which no words are known."""
    if language in _WORDS:
        words = _words(text)
        groups = _GROUP_OF_WORD[language]
        found = {groups[word] for word in _WORDS[language].intersection(words)}
        if language == "en" and not ADJECTIVES.isdisjoint(words):
            found.update(
                adjective
                for adjective, people in pairwise(words)
                if adjective in ADJECTIVES and people in PEOPLE
            )
        return tuple(sorted(found))
    within = zip(_GENDERS, (WOMEN_WITHIN, MEN_WITHIN), strict=True)
    return tuple(
        name for name, parts in within if any(map(text.__contains__, parts.get(language, ())))
    )


class GroupCounts:
    """Counts conversations by the groups that their texts name."""

    def __init__(self) -> None:
        self.genders = Counter(dict.fromkeys(_GENDERS, 0))
        self.nationalities = Counter[str]()

    def count(self, names: Iterable[str]) -> None:
        """Take what `named_groups` found in one more conversation."""
        for name in names:
            (self.genders if name in _GENDERS else self.nationalities)[name] += 1

    def add(self, text: str, language: str) -> None:
        """Take the text of one more conversation."""
        self.count(named_groups(text, language))

    def findings(self) -> list[SetFinding]:
        """Return the counts where one group has four of five mentions or more."""
        found = (("named_genders", self.genders), ("named_nationalities", self.nationalities))
        return [
            SetFinding(code, ADVICE, counts.total(), shares(counts))
            for code, counts in found
            if counts.total() >= LEAST_NAMED and max(counts.values()) >= ONE_SIDED * counts.total()
        ]


def _words(text: str) -> list[str]:
    """Return the words without the marks around them."""
    text = text.lower()
    if text.isascii():
        return text.translate(_ASCII_STOPS).split()
    # A translation of other characters takes as long as all the rest.
    for stop in _STOPS:
        text = text.replace(stop, " ")
    return text.split()
