"""Unicode's composed form NFC, in which some models read texts, and the way back from it."""

import re
import unicodedata
from collections.abc import Collection, Sequence

import numpy as np

from desktop_app.engine.backends.backend import TokenIds

_PIECES = re.compile(r"[\x00-\x7f][^\x00-\x7f]*|[^\x00-\x7f]+")
"""Whatever begins with a sign of ASCII, which nothing before it ever combines with."""


class Composer:
    """Composes texts between special tokens, which stay as they are."""

    def __init__(self, special: Collection[str]) -> None:
        longest = sorted(special, key=len, reverse=True)
        self._special = frozenset(special)
        self._between = re.compile(f"({'|'.join(map(re.escape, longest))})" if longest else r"(?!)")

    def pieces(self, text: str) -> list[str]:
        """Cut a text so that each piece can be composed by itself."""
        found: list[str] = []
        for part in self._between.split(text):
            found += [part] if part in self._special else _PIECES.findall(part)
        return found

    def composed(self, pieces: Sequence[str]) -> list[str]:
        """Compose the pieces that are no special tokens."""
        return [p if p in self._special else unicodedata.normalize("NFC", p) for p in pieces]


def original_places(places: TokenIds, pieces: Sequence[str], composed: Sequence[str]) -> TokenIds:
    """Return at which byte of a text is what lies at `places` of its composed form.

    Exact where a piece was composed already, and else not past the end of its piece.
    """
    ends, ends_composed = (
        np.cumsum([len(piece.encode()) for piece in texts]) for texts in (pieces, composed)
    )
    piece = np.searchsorted(ends_composed, places, side="right").clip(0, len(pieces) - 1)
    starts, starts_composed = np.roll(ends, 1), np.roll(ends_composed, 1)
    starts[:1] = starts_composed[:1] = 0
    within = places - starts_composed[piece]
    found: TokenIds = np.minimum(starts[piece] + within, np.maximum(ends[piece] - 1, starts[piece]))
    return found
