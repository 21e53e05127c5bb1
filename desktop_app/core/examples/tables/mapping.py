"""Which column of a table is what in a conversation."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What the cells of a column are."""

    IGNORE = "ignore"
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    PREFERRED = "preferred"
    NON_PREFERRED = "non_preferred"
    SPEAKER = "speaker"
    """Who speaks in a table with one message a row: "user", "assistant" and their like."""
    TEXT = "text"
    """What is said in a table with one message a row."""
    ID = "id"
    """Rows with the same text here are one conversation.

    In a table with one message a row and no such column, one ends at an empty row or where new
    instructions stand.
    """
    TAG = "tag"
    RATING = "rating"
    NOTES = "notes"
    SPLIT = "split"
    """Whether it is for training or for the test."""
    SOURCE = "source"
    WEIGHT = "weight"
    """1 to learn from a reply, 0 not to."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One role for each column.

    `skipped` rows stand above the table, such as its title; they and the header are no
    conversations. `is_own` says that the program wrote the table: then an apostrophe before what
    a spreadsheet would take for a formula is not part of the text.
    """

    roles: tuple[Role, ...]
    has_header: bool = True
    skipped: int = 0
    is_own: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether conversations can be made: there is a column with what somebody says."""
        return not {Role.USER, Role.ASSISTANT, Role.TEXT, Role.PREFERRED}.isdisjoint(self.roles)


OWN_COLUMNS = {
    "conversation id": Role.ID,
    "role": Role.SPEAKER,
    "text": Role.TEXT,
    "learn from this": Role.WEIGHT,
    "tags": Role.TAG,
    "rating": Role.RATING,
    "notes": Role.NOTES,
    "used for": Role.SPLIT,
    "source": Role.SOURCE,
}
"""The header of a table that the program writes, by which it knows it again."""
