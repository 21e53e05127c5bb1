"""A set as a table for spreadsheets: CSV, one message a row.

Read back as a table it gives equal conversations where they are made of text alone. Images, tools
and their calls are not in it: the export of the whole project keeps those.
"""

from collections.abc import Iterable, Iterator

from desktop_app.core.examples.chat_jsonl import whole_characters
from desktop_app.core.examples.conversation import ASSISTANT, Conversation, Message
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.tables.formulas import defused
from desktop_app.core.examples.tables.mapping import OWN_COLUMNS
from desktop_app.core.examples.tables.words import NON_PREFERRED, PREFERRED

MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the encoding of the country."""


def table_lines(items: Iterable[Imported]) -> Iterator[str]:
    """Yield the file piece by piece, for UTF-8 without a mark of its own and no other line ends.

    `number` of an item is the id of its conversation: no two may have the same.
    """
    yield MARK + csv_row(OWN_COLUMNS)
    for item in items:
        for role, message in _spoken(item.conversation):
            weight = "" if message.weight is None else str(message.weight)
            yield csv_row(
                (
                    str(item.number),
                    role,
                    message.text,
                    weight,
                    "; ".join(item.tags),
                    str(item.rating or ""),
                    item.notes,
                    item.split,
                    item.source,
                )
            )


def csv_row(cells: Iterable[str]) -> str:
    """Return a line of CSV in which no cell is a formula."""
    quoted = (whole_characters(defused(cell)).replace('"', '""') for cell in cells)
    return ",".join(f'"{cell}"' for cell in quoted) + "\r\n"


def _spoken(conversation: Conversation) -> Iterator[tuple[str, Message]]:
    for message in conversation.messages:
        yield message.role, message
    for reply in conversation.preferred or ():
        yield PREFERRED if reply.role == ASSISTANT else reply.role, reply
    for reply in conversation.non_preferred or ():
        yield NON_PREFERRED if reply.role == ASSISTANT else reply.role, reply
