"""Conversations that are nearly the same, found by MinHash.

Two are near duplicates where their words and pairs of words, or in scripts without spaces their
threes of characters, coincide to three quarters (Jaccard). Source of the method: Broder, "On the
resemblance and containment of documents", 1997.
"""

import re
from array import array
from collections.abc import Callable
from itertools import pairwise

from desktop_app.core.examples.conversation import SYSTEM, Conversation

ALIKE = 0.75
PERMUTATIONS = 64
BANDS = 16
ROWS = PERMUTATIONS // BANDS
LONGEST = 4000
"""Characters of a conversation that are compared."""

BATCH = 500
SEED = 1
_INSTRUCTIONS = (SYSTEM, "developer")

# Han, kana, Thai, Lao, Burmese, Khmer: several in a row, as a single one may be a quotation.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]{3}"
)


class NearDuplicates:
    """Takes conversations one by one and tells which of them are alike. 300 bytes are kept each."""

    def __init__(self) -> None:
        self.ids = array("Q")
        self._signatures = array("I")
        self._waiting: list[list[str]] = []

    def add(self, id: int, conversation: Conversation) -> None:
        """Take one more; those without words are like no other."""
        shingles = shingles_of(compared_text(conversation))
        if shingles:
            self.ids.append(id)
            self._waiting.append(shingles)
            if len(self._waiting) == BATCH:
                self._sign()

    def groups(self, should_stop: Callable[[], bool] = lambda: False) -> list[list[int]]:
        """Return the ids that are alike, two or more together, in the order they came."""
        self._sign()
        members = _Groups(len(self.ids))
        for band in range(BANDS):
            if should_stop():
                return []
            self._join_band(band, members)
        return [[self.ids[place] for place in group] for group in members.larger_than_one()]

    def _sign(self) -> None:
        if not self._waiting:
            return
        # It is a library in another language that the window must start without.
        from rensa import RMinHash  # noqa: PLC0415  # see above

        matrix = RMinHash.digest_matrix_from_token_sets(self._waiting, PERMUTATIONS, SEED)
        for row in matrix.to_rows():
            self._signatures.extend(row)
        self._waiting.clear()

    def _join_band(self, band: int, members: "_Groups") -> None:
        """Compare each with the first that has the same numbers in this band."""
        first: dict[bytes, int] = {}
        raw = memoryview(self._signatures).cast("B")
        width = self._signatures.itemsize
        for place in range(len(self.ids)):
            start = (place * PERMUTATIONS + band * ROWS) * width
            other = first.setdefault(bytes(raw[start : start + ROWS * width]), place)
            if other == place or members.are_joined(other, place):
                continue
            if self._likeness(other, place) >= ALIKE:
                members.join(other, place)

    def _likeness(self, one: int, other: int) -> float:
        signatures = self._signatures
        a = signatures[one * PERMUTATIONS : (one + 1) * PERMUTATIONS]
        b = signatures[other * PERMUTATIONS : (other + 1) * PERMUTATIONS]
        return sum(map(int.__eq__, a, b)) / PERMUTATIONS


class _Groups:
    """Which places belong together (union-find)."""

    def __init__(self, n: int) -> None:
        self._parent = array("Q", range(n))

    def root(self, place: int) -> int:
        parent = self._parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def are_joined(self, one: int, other: int) -> bool:
        return self.root(one) == self.root(other)

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low

    def larger_than_one(self) -> list[list[int]]:
        groups: dict[int, list[int]] = {}
        for place, parent in enumerate(self._parent):
            if parent != place:
                root = self.root(place)
                groups.setdefault(root, [root]).append(place)
        return list(groups.values())


def compared_text(conversation: Conversation) -> str:
    """Return what is compared of a conversation: all but the instructions, which many share."""
    said = (m.text for m in conversation.messages if m.role not in _INSTRUCTIONS)
    reply = conversation.preferred[0].text if conversation.preferred else ""
    return "\n".join((*said, reply))[:LONGEST]


def shingles_of(text: str) -> list[str]:
    """Return the overlapping pieces of a text that are compared; none for hardly any text."""
    folded = text.casefold()
    words = folded.split()
    if not words:
        return []
    if not folded.isascii() and _UNSPACED.search(folded):
        plain = " ".join(words)
        return [plain[at : at + 3] for at in range(max(1, len(plain) - 2))]
    return words + list(map(" ".join, pairwise(words)))
