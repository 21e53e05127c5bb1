"""What the cells of one column have in common."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.turns import split_of, stars, weight_of
from desktop_app.core.examples.tables.words import speaker

SENTENCE = 15
"""Characters on average from which cells are texts, even without blanks."""

_BARE = re.compile(r"\S*[\d@/_\\]\S*")
"""An address, a path, a number: what has no blanks and is no word."""

FEW = 0.5
"""Share of different cells up to which short ones are labels."""


@dataclass(frozen=True, slots=True)
class Column:
    """The filled cells below the header.

    `length` is their average in characters, `variety` the share of different ones, `spaced` of
    those in which words stand apart, or need not, `bare` of addresses and the like.
    """

    cells: tuple[str, ...]
    length: float
    variety: float
    spaced: float
    bare: float

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Column":
        """Look at the cells of a column, some of which may be empty."""
        filled = tuple(cell.strip() for cell in cells if cell.strip())
        n = max(len(filled), 1)
        spaced = sum(" " in cell or is_unspaced(cell) for cell in filled)
        bare = sum(_BARE.fullmatch(cell) is not None for cell in filled)
        return cls(filled, sum(map(len, filled)) / n, len(set(filled)) / n, spaced / n, bare / n)

    @property
    def is_text(self) -> bool:
        """Whether the cells are sentences rather than names, dates or numbers."""
        is_long = self.length >= SENTENCE and self.has_letters and self.bare < 0.5
        return is_long or (self.spaced >= 0.5 and self.length >= SENTENCE / 2)

    @property
    def has_letters(self) -> bool:
        """Whether most cells begin with a letter, or with a mark and then a letter."""
        return 2 * sum(any(map(str.isalpha, cell[:3])) for cell in self.cells) > len(self.cells)

    @property
    def is_repeated_text(self) -> bool:
        """Whether the same long text comes again and again, as instructions do."""
        return len(self.cells) > 3 and self.is_text and len(set(self.cells)) <= 3

    @property
    def are_labels(self) -> bool:
        """Whether few short words come again and again."""
        return len(self.cells) > 3 and self.variety <= FEW and self.has_letters and not self.is_text

    @property
    def are_speakers(self) -> bool:
        """Whether the cells say in known words who speaks."""
        return len(self.cells) > 1 and self.variety < 1 and all(map(speaker, set(self.cells)))

    def fits(self, role: Role) -> bool:
        """Whether the cells can be what a header says; an empty column can be anything."""
        different = set(self.cells)
        match role:
            case Role.SPEAKER:
                known = sum(map(bool, map(speaker, self.cells)))
                return 2 * known >= len(self.cells)
            case Role.SPLIT:
                return all(map(split_of, different))
            case Role.WEIGHT:
                return all(weight_of(cell) is not None for cell in different)
            case Role.RATING:
                return all(stars(cell) is not None for cell in different)
            case Role.ID | Role.TAG:
                return not self.is_text or self.variety <= FEW
            case _:
                return True


def is_unspaced(text: str) -> bool:
    """Whether a text is in a script without blanks between words: Thai, Japanese, Chinese."""
    return any("\u0e00" <= c <= "\u0eff" or "\u3040" <= c <= "\u9fff" for c in text)
