"""What a project answers with."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from desktop_app.core.examples.conversation import Conversation


class Split(IntEnum):
    """What a conversation is used for."""

    TRAINING = 0
    TEST = 1


class State(IntEnum):
    """Whether a conversation is there. Undo flips this and copies nothing.

    ABSENT: an undone addition. STAGED: part of an import that is not finished.
    """

    LIVE = 0
    BINNED = 1
    ABSENT = 2
    STAGED = 3


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """What a list paints of a conversation: never the whole text.

    `n_blocking` counts what would make any service refuse it, and `traits` (`core.examples.rules`)
    is what only some do. `tokens` is None while uncounted, `language` '' while unknown, and
    `n_advice` what is not accepted of the advice found. `source_row` is 0 where there is none.
    """

    id: int
    title: str
    n_messages: int
    split: Split
    n_blocking: int
    tokens: int | None
    n_characters: int = 0
    traits: int = 0
    n_advice: int = 0
    tags: tuple[str, ...] = ()
    rating: int = 0
    language: str = ""
    source: str = ""
    source_row: int = 0


class Sort(StrEnum):
    """The order of a list. EDITED: what was changed last comes first."""

    LIST = "list"
    TITLE = "title"
    LONGEST = "longest"
    SHORTEST = "shortest"
    BEST = "best"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows, all conditions together, and in which order.

    `text` is looked for in all messages, whatever its case or width. A problem is what blocks under
    every service, or a trait among `refused_traits`. `code` names a kind of advice. Lengths are in
    characters, both ends included.
    """

    text: str = ""
    split: Split | None = None
    problems_only: bool = False
    refused_traits: int = 0
    advice_only: bool = False
    code: str = ""
    in_bin: bool = False
    tag: str = ""
    language: str = ""
    source: str = ""
    least_rating: int = 0
    shortest: int = 0
    longest: int | None = None
    sort: Sort = Sort.LIST


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations there are, of which kind; `binned` ones are not among the others.

    `preference` of the training conversations have two replies to compare.
    """

    conversations: int
    training: int
    test: int
    with_problems: int
    with_advice: int = 0
    binned: int = 0
    preference: int = 0

    @property
    def are_preferences(self) -> bool:
        """Whether most of what is trained on are replies to compare, which tells the method."""
        return 2 * self.preference > self.training


@dataclass(frozen=True, slots=True)
class Facets:
    """What a project can be filtered by, with how many conversations each has, the most first."""

    tags: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    codes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """What looking through one conversation found; the numbers are digests, 0 for none.

    `revision` is that of the conversation that was read. Equal `question`s with different `reply`s
    contradict each other.
    """

    id: int
    revision: int
    codes: tuple[str, ...]
    language: str
    question: int
    reply: int
    instructions: int


@dataclass(frozen=True, slots=True)
class PastText:
    """How a conversation once was. `number` names it; `label` is the step that made it so."""

    number: int
    at: float
    label: str
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Version:
    """A named state of the whole set."""

    id: int
    name: str
    at: float
    conversations: int
    test: int


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What happened to one conversation between two versions.

    `kind`: "added", "removed", "changed" (its words), "moved" (its split, tags, rating or notes).
    """

    id: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One undoable step: a stable label, the conversations it touched, its time (Unix)."""

    id: int
    label: str
    count: int
    at: float
    undone: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """What an undo or redo changed. `ids` is empty where they are more than 1,000."""

    ids: tuple[int, ...]
    order_changed: bool


class Uncounted(NamedTuple):
    """A conversation to be counted or looked through; `revision` goes back with what was found."""

    id: int
    revision: int
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Document:
    """Something that the program keeps with the project as text of its own making."""

    id: str
    title: str
    created_at: float
    body: str
