"""What reading a file of examples brings: a conversation, or a place where none could be read."""

from dataclasses import dataclass

from msgspec import Struct

from desktop_app.core.examples.conversation import Conversation


class Imported(Struct, frozen=True):
    """A conversation and what a file says of it. `number` is its line or row, from 1.

    `source`, `source_row` (where it stood in that source, from 1; 0: unknown), `split` ("training",
    "test") and `accepted` (codes of advice that is not to be shown again) are empty unless the file
    itself names them, as an export of a whole project does.

    A struct, because it is made for every line of a file and costs a tenth of a dataclass.
    """

    conversation: Conversation
    number: int
    tags: tuple[str, ...] = ()
    rating: int = 0
    notes: str = ""
    split: str = ""
    source: str = ""
    source_row: int = 0
    accepted: tuple[str, ...] = ()


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
