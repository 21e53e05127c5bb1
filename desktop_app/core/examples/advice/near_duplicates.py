"""Conversations that are nearly the same, found by MinHash.

Two are near duplicates where their words and pairs of words, or in scripts without spaces their
threes of characters, coincide to three quarters (Jaccard), and those before the reply to a half:
one reply to questions that have little in common is how a manner is taught. Source of the method:
Broder, "On the resemblance and containment of documents", 1997.
"""

import re
from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise

from desktop_app.core.examples.advice.parts import parts_of
from desktop_app.core.examples.conversation import SYSTEM, Conversation

ALIKE = 0.75
ASKED_ALIKE = 0.5
PERMUTATIONS = 64
OF_ASKED = 16
WIDTH = PERMUTATIONS + OF_ASKED
"""Numbers in a signature: of the whole text, then of what stands before the reply."""

BANDS = 16
ROWS = PERMUTATIONS // BANDS
LONGEST = 4000
"""Characters of a conversation that are compared."""

MOST_COMPARED = 300_000
"""Conversations among which near duplicates are looked for: 140 MB of memory."""

BATCH = 500
SEED = 1
_INSTRUCTIONS = (SYSTEM, "developer")

# Han, kana, Thai, Lao, Burmese, Khmer: several in a row, as a single one may be a quotation.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]{3}"
)


class NearDuplicates:
    """Takes conversations one by one and tells which of them are alike. 450 bytes are kept each."""

    def __init__(self) -> None:
        self._ids = array("Q")
        self._signatures = array("I")
        self._place: dict[int, int] = {}
        self._waiting: list[tuple[int, Conversation]] = []

    def add(self, id: int, conversation: Conversation) -> None:
        """Take one more, or what became of one; those without words are like no other."""
        self._waiting.append((id, conversation))
        if len(self._waiting) == BATCH:
            self._sign()

    def add_signature(self, id: int, signature: bytes) -> None:
        """Take one more by what `signatures_of` made of it."""
        if not signature:
            self._forget(id)
            return
        numbers = array("I", signature)
        place = self._place.setdefault(id, len(self._ids))
        if place == len(self._ids):
            self._ids.append(id)
        self._signatures[place * WIDTH : (place + 1) * WIDTH] = numbers

    def drop(self, id: int) -> None:
        """Forget one that is no longer there."""
        self._sign()
        self._forget(id)

    def _forget(self, id_: int) -> None:
        place = self._place.pop(id_, None)
        if place is not None:
            # The last one takes its place, so that there are no holes.
            last = len(self._ids) - 1
            if place != last:
                self._ids[place] = self._ids[last]
                self._place[self._ids[place]] = place
                self._signatures[place * WIDTH : (place + 1) * WIDTH] = self._signatures[
                    last * WIDTH :
                ]
            del self._ids[last:], self._signatures[last * WIDTH :]

    def groups(self, should_stop: Callable[[], bool] = lambda: False) -> list[list[int]]:
        """Return the ids that are alike, two or more together; all in ascending order."""
        self._sign()
        members = _Groups(len(self._ids))
        # By id, so that the same texts are grouped alike in whatever order they came.
        places = [place for _, place in sorted(self._place.items())]
        for band in range(BANDS):
            if should_stop():
                return []
            self._join_band(band, places, members)
        ids = self._ids
        return sorted(sorted(ids[at] for at in group) for group in members.larger_than_one())

    def _sign(self) -> None:
        signatures = signatures_of([conversation for _, conversation in self._waiting])
        for (id_, _), signature in zip(self._waiting, signatures, strict=True):
            self.add_signature(id_, signature)
        self._waiting.clear()

    def _join_band(self, band: int, places: list[int], members: "_Groups") -> None:
        """Compare each with the first that has the same numbers in this band."""
        first: dict[bytes, int] = {}
        raw = memoryview(self._signatures).cast("B")
        width = self._signatures.itemsize
        for place in places:
            start = (place * WIDTH + band * ROWS) * width
            other = first.setdefault(bytes(raw[start : start + ROWS * width]), place)
            if other == place or members.are_joined(other, place):
                continue
            if self._are_alike(other, place):
                members.join(other, place)

    def _are_alike(self, one: int, other: int) -> bool:
        a = self._signatures[one * WIDTH : (one + 1) * WIDTH]
        b = self._signatures[other * WIDTH : (other + 1) * WIDTH]
        asked = sum(map(int.__eq__, a[PERMUTATIONS:], b[PERMUTATIONS:]))
        if asked < ASKED_ALIKE * OF_ASKED:
            return False
        return sum(map(int.__eq__, a, b)) - asked >= ALIKE * PERMUTATIONS


def signatures_of(conversations: Sequence[Conversation]) -> list[bytes]:
    """Return what stands for each in comparing, b"" for those without words."""
    wholes = [shingles_of(compared_text(each)) for each in conversations]
    # A reply to nothing is compared by itself.
    asked = [shingles_of(asked_text(each)) or [""] for each in conversations]
    with_words = [at for at, shingles in enumerate(wholes) if shingles]
    signatures = [b""] * len(conversations)
    rows = zip(
        _hashed([wholes[at] for at in with_words], PERMUTATIONS),
        _hashed([asked[at] for at in with_words], OF_ASKED),
        strict=True,
    )
    for at, (of_whole, of_asked) in zip(with_words, rows, strict=True):
        signatures[at] = array("I", (*of_whole, *of_asked)).tobytes()
    return signatures


def _hashed(shingles: list[list[str]], permutations: int) -> list[list[int]]:
    if not shingles:
        return []
    # It is a library in another language that the window must start without.
    from rensa import RMinHash  # noqa: PLC0415  # see above

    matrix = RMinHash.digest_matrix_from_token_sets(shingles, permutations, SEED)
    rows: list[list[int]] = matrix.to_rows()
    return rows


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


def asked_text(conversation: Conversation) -> str:
    """Return what of that stands before the reply."""
    question = parts_of(conversation).question
    return "\n".join([m.text for m in question if m.role not in _INSTRUCTIONS])[:LONGEST]


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
