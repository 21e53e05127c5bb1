"""A conversation while its rows are read."""

from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, Conversation, Message
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.turns import Columns, split_of, stars
from desktop_app.core.examples.tables.words import NON_PREFERRED, PREFERRED


class Gathering:
    """Takes rows of one conversation and becomes what is imported of them.

    Nothing of a row is lost: a rating or a split that cannot be understood is kept as a note, and
    instructions that change from one row to the next stand where they change.
    """

    __slots__ = (
        "_columns",
        "_instructions",
        "_messages",
        "_non_preferred",
        "_notes",
        "_number",
        "_preferred",
        "_rating",
        "_source",
        "_split",
        "_tags",
        "size",
    )

    def __init__(self, number: int, columns: Columns) -> None:
        """Take the number of the first row."""
        self.size = 0
        self._number = number
        self._columns = columns
        self._messages: list[Message] = []
        self._preferred: tuple[Message, ...] | None = None
        self._non_preferred: tuple[Message, ...] | None = None
        self._instructions = ""
        # Dictionaries keep the order and drop what repeats.
        self._tags: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._rating = 0
        self._split = ""
        self._source = ""

    def add(self, cells: tuple[str, ...]) -> bool:
        """Add a row; return False, and change nothing, if nobody says anything in it."""
        columns = self._columns
        said, replies = columns.messages(cells), columns.replies(cells)
        if not said and not (replies and any(reply.text.strip() for reply in replies)):
            return False
        self.size += sum(map(len, cells))
        self._add_instructions(columns.text(cells, Role.SYSTEM))
        if said:
            self._add_messages(said)
        if replies:
            self._preferred, self._non_preferred = (replies[0],), (replies[1],)
        self._tags |= dict.fromkeys(columns.tags(cells))
        self._add_remarks(cells)
        return True

    def result(self) -> Imported:
        """Return the conversation with what the table says of it."""
        conversation = Conversation(
            tuple(self._messages), preferred=self._preferred, non_preferred=self._non_preferred
        )
        return Imported(
            conversation,
            self._number,
            tuple(self._tags),
            self._rating,
            "\n".join(self._notes),
            self._split,
            self._source,
        )

    def _add_instructions(self, text: str) -> None:
        if text.strip() and text.strip() != self._instructions.strip():
            self._instructions = text
            self._messages.append(Message(SYSTEM, text))

    def _add_messages(self, said: list[Message]) -> None:
        if said[0].role == PREFERRED:
            self._preferred = (*(self._preferred or ()), _reply(said[0]))
        elif said[0].role == NON_PREFERRED:
            self._non_preferred = (*(self._non_preferred or ()), _reply(said[0]))
        else:
            if self._is_answered_by(said[0]):
                del self._messages[-1]
            self._messages.extend(said)

    def _is_answered_by(self, message: Message) -> bool:
        """Whether the empty reply of the row before is answered only in this row."""
        last = self._messages[-1] if self._messages else message
        has_turns = not self._columns.by_role[Role.TEXT]
        return has_turns and message.role == ASSISTANT and last == Message(ASSISTANT, "")

    def _add_remarks(self, cells: tuple[str, ...]) -> None:
        columns = self._columns
        for role in columns.remarks:
            text = columns.text(cells, role)
            if not text.strip():
                continue
            if role is Role.RATING and (rating := stars(text)) is not None:
                self._rating = rating
            elif role is Role.SPLIT and (split := split_of(text)):
                self._split = split
            elif role is Role.SOURCE:
                self._source = text
            else:
                self._notes[text] = None


def _reply(message: Message) -> Message:
    return Message(ASSISTANT, message.content, weight=message.weight)
