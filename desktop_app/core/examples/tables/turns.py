"""What one row of a table says, by the columns that a mapping names."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, USER, Message
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.words import NON_PREFERRED, PREFERRED, SPLITS, plain, speaker

_WEIGHTS = {"0": 0, "1": 1, "no": 0, "yes": 1, "false": 0, "true": 1}
_TAG_SEPARATORS = str.maketrans(";|\n", ",,,")
MOST_STARS = 5


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a row; `turns` are joined columns in the order of speaking.

    `remarks` are the roles of the columns that are about the conversation, tags apart.
    """

    mapping: Mapping
    turns: tuple[tuple[str, tuple[int, ...]], ...]
    by_role: dict[Role, tuple[int, ...]]
    remarks: tuple[Role, ...]

    @classmethod
    def of(cls, mapping: Mapping) -> "Columns":
        """Work out the order once, not for each row."""
        by_role = {role: _indices(mapping.roles, role) for role in Role}
        remarks = (Role.NOTES, Role.RATING, Role.SPLIT, Role.SOURCE)
        return cls(
            mapping,
            _turns(mapping.roles),
            by_role,
            tuple(role for role in remarks if by_role[role]),
        )

    def text(self, cells: Sequence[str], role: Role) -> str:
        """Return the texts of all columns with a role, a blank line between two."""
        return joined(cells, self.by_role[role])

    def tags(self, cells: Sequence[str]) -> list[str]:
        """Return the tags of a row; "a; b, c" in one cell are three."""
        found = [
            tag.strip()
            for index in self.by_role[Role.TAG]
            for tag in cells[index].translate(_TAG_SEPARATORS).split(",")
        ]
        return [tag for tag in found if tag]

    def messages(self, cells: Sequence[str]) -> list[Message]:
        """Return what is said in the row, [] if nothing; instructions are not among it.

        An empty reply stands where a question has no answer in its column.
        """
        if self.by_role[Role.TEXT]:
            return self._one_message(cells)
        said: list[Message] = []
        for role, indices in self.turns:
            text = joined(cells, indices)
            if text.strip():
                said.append(Message(role, text, weight=self._weight(cells, role)))
            elif role == ASSISTANT and said and said[-1].role == USER:
                said.append(Message(role, ""))
        return said

    def replies(self, cells: Sequence[str]) -> tuple[Message, Message] | None:
        """Return the preferred reply and the other one where the table has both columns."""
        if not (self.by_role[Role.PREFERRED] and self.by_role[Role.NON_PREFERRED]):
            return None
        better = self.text(cells, Role.PREFERRED)
        worse = self.text(cells, Role.NON_PREFERRED)
        return Message(ASSISTANT, better), Message(ASSISTANT, worse)

    def begins(self, cells: Sequence[str]) -> bool:
        """Whether a row with one message begins a conversation: with instructions."""
        padded = [*cells, *[""] * len(self.mapping.roles)]
        return speaker(self.text(padded, Role.SPEAKER)) == SYSTEM

    def _one_message(self, cells: Sequence[str]) -> list[Message]:
        text = self.text(cells, Role.TEXT)
        named = self.text(cells, Role.SPEAKER)
        role = speaker(named)
        if self.mapping.is_own and role not in (PREFERRED, NON_PREFERRED):
            role = named
        is_message = bool(text.strip()) or role == ASSISTANT or self.mapping.is_own
        weight = self._weight(cells, role)
        return [Message(role, text, weight=weight)] if role and is_message else []

    def _weight(self, cells: Sequence[str], role: str) -> int | None:
        if not self.by_role[Role.WEIGHT] or (role != ASSISTANT and not self.mapping.is_own):
            return None
        return weight_of(self.text(cells, Role.WEIGHT))


def joined(cells: Sequence[str], indices: Sequence[int]) -> str:
    """Return the texts of some cells, a blank line between two."""
    if not indices:
        return ""
    if len(indices) == 1:
        return cells[indices[0]]
    return "\n\n".join(cells[index] for index in indices if cells[index].strip())


def plain_number(text: str) -> str:
    """Return "4" for " 4.0 ", other texts in small letters."""
    return text.strip().casefold().removesuffix(".0")


def stars(text: str) -> int | None:
    """Return the rating that "4", "4.0", "4/5" or "★★★★☆" means; None if it means none."""
    word = plain_number(text.replace(" ", "").removesuffix(f"/{MOST_STARS}"))
    if word and not word.strip("★⭐☆\ufe0f"):
        return min(word.count("★") + word.count("⭐"), MOST_STARS)
    number = int(word) if word.isdecimal() and len(word) == 1 else MOST_STARS + 1
    return number if number <= MOST_STARS else None


def weight_of(text: str) -> int | None:
    """Return 1 for "1" or "yes", 0 for "0" or "no", None for anything else."""
    return _WEIGHTS.get(plain_number(text))


def split_of(text: str) -> str:
    """Return "training" or "test", '' for anything else."""
    return SPLITS.get(plain(text), "")


def _indices(roles: Sequence[Role], wanted: Role) -> tuple[int, ...]:
    return tuple(index for index, role in enumerate(roles) if role is wanted)


def _turns(roles: Sequence[Role]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Order the columns of user and assistant.

    As many of one as of the other are pairs, in whatever order they stand; else they are spoken
    from left to right, and neighbours of one role are one message (an instruction and its input).
    """
    users, replies = _indices(roles, Role.USER), _indices(roles, Role.ASSISTANT)
    if len(users) == len(replies):
        pairs = zip(users, replies, strict=True)
        return tuple(chain.from_iterable(((USER, (u,)), (ASSISTANT, (r,))) for u, r in pairs))
    names = dict.fromkeys(users, USER) | dict.fromkeys(replies, ASSISTANT)
    groups = groupby(sorted(names), key=names.__getitem__)
    turns = [(role, tuple(indices)) for role, indices in groups]
    if len(turns) == 2:
        turns.sort(key=lambda turn: turn[0] != USER)
    return tuple(turns)
