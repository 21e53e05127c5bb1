"""What reading a file of examples brings: a conversation, or a place where none could be read."""

from dataclasses import dataclass

from desktop_app.core.examples.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Imported:
    """A conversation and what a file says of it. `number` is its line or row, from 1.

    `source` and `split` ("training", "test") are '' unless the file itself names them, as an export
    of a whole project does.
    """

    conversation: Conversation
    number: int
    tags: tuple[str, ...] = ()
    rating: int = 0
    notes: str = ""
    split: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line or row that holds no conversation. `number` counts from 1, `text` is its beginning.

    `reason` is a stable code, `detail` says why in plain English. `mended` is what it would be
    after an evident mend (a trailing comma, single quotes), None where a person has to decide.
    """

    number: int
    text: str
    reason: str
    detail: str
    mended: Imported | None = None
