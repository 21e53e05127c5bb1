"""What a project answers with."""

from dataclasses import dataclass
from enum import IntEnum
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

    `n_blocking` counts what would make a service refuse it; `tokens` is None while uncounted.
    """

    id: int
    title: str
    n_messages: int
    split: Split
    n_blocking: int
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows. `text` is looked for in all messages, whatever its case or width."""

    text: str = ""
    split: Split | None = None
    problems_only: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations there are, of which kind."""

    conversations: int
    training: int
    test: int
    with_problems: int


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
    """A conversation whose tokens are to be counted; `revision` goes back with the count."""

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
