"""System instructions that differ from others by a word or two, as by accident."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

MOST_COMPARED = 100
"""Different texts that are compared, the most used ones; each with each takes a second then."""

LONGEST = 1000
"""Words of a text that are compared."""

FEW_WORDS = 3
"""So many words may be other ones, left out or added."""

LEAST_WORDS = 4
_SPACED = re.compile(r"\s")


class Instructions(NamedTuple):
    """A text of instructions, the digest under which it is known, how many have it."""

    digest: int
    text: str
    used: int


def slips(found: Sequence[Instructions]) -> dict[int, int]:
    """Return digests of texts that differ a little from a more used one: {slip: meant}."""
    most = sorted(found, key=lambda each: (-each.used, each.digest))[:MOST_COMPARED]
    words = [_words(each.text) for each in most]
    meant: dict[int, int] = {}
    for place in range(1, len(most)):
        for other in range(place):
            if most[other].digest not in meant and differ_little(words[other], words[place]):
                meant[most[place].digest] = most[other].digest
                break
    return meant


def differ_little(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two lists of words are the same but for a few words."""
    shorter, longer = sorted((len(one), len(other)))
    allowed = min(FEW_WORDS, longer // LEAST_WORDS)
    if longer - shorter > allowed or len(set(one) ^ set(other)) > 2 * allowed:
        return False
    changed = 0
    for kind, start, end, from_, to in SequenceMatcher(None, one, other, False).get_opcodes():
        if kind != "equal":
            changed += max(end - start, to - from_)
    return changed <= allowed


def _words(text: str) -> list[str]:
    """Return the words, or the characters of a text without spaces."""
    words = text.split()
    if len(words) < LEAST_WORDS and not text.isascii():
        words = list(_SPACED.sub("", text))
    return words[:LONGEST]
