"""Making two conversations of one, and one of several."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import msgspec

from desktop_app.core.examples.conversation import SYSTEM, Conversation
from desktop_app.storage.project import bodies, history
from desktop_app.storage.project.applying import Field
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import conversation, id_list, is_live
from desktop_app.storage.project.rows import Split, State


def divide(database: Database, id_: int, index: int, at: float) -> int:
    """Move the messages from an index on into a new conversation behind it; return its id.

    It has the tags, split, origin, tools and, where there are, the two replies of the old one.
    Raises KeyError, and ValueError where no message would be left on either side.
    """
    whole = _live(database, id_)
    if not 0 < index < len(whole.messages):
        raise ValueError(index)
    first = msgspec.structs.replace(
        whole, messages=whole.messages[:index], preferred=None, non_preferred=None
    )
    second = msgspec.structs.replace(whole, messages=whole.messages[index:], extra="")
    with database.transaction() as connection:
        change = _overwrite(connection, id_, first, at)
        new_id = _insert_behind(connection, id_, second, at)
        made = Change(Field.STATE, new_id, new_id, State.ABSENT, State.LIVE)
        history.record(connection, "divide", [change, made], at=at)
    return new_id


def join(database: Database, ids: Sequence[int], at: float) -> int:
    """Append the messages of all to the first, move the others to the bin; return the first's id.

    Instructions that the first has already are not repeated, and its tags become those of all.
    Raises KeyError, and ValueError for fewer than two or where one but the last has two replies.
    """
    first_id, *others = dict.fromkeys(ids)
    if not others:
        raise ValueError("one conversation cannot be joined")
    joined = _joined([_live(database, id_) for id_ in (first_id, *others)])
    with database.transaction() as connection:
        changes = [
            _overwrite(connection, first_id, joined, at),
            *(
                Change(Field.STATE, first, last, State.LIVE, State.BINNED)
                for first, last in history.runs(others)
            ),
            *(
                Change(Field.TAG, first_id, first_id, "", tag)
                for tag in _missing_tags(connection, first_id, others)
            ),
        ]
        history.apply(connection, changes[1:], back=False, at=at)
        history.record(connection, "join", changes, at=at)
    return first_id


def _live(database: Database, id_: int) -> Conversation:
    if not is_live(database, id_):
        raise KeyError(id_)
    return conversation(database, id_)


def _overwrite(connection: sqlite3.Connection, id_: int, new: Conversation, at: float) -> Change:
    before = connection.execute("SELECT line FROM body WHERE id = ?", (id_,)).fetchone()[0]
    written = bodies.written(new)
    bodies.overwrite(connection, [(id_, written)], at)
    return Change(Field.BODY, id_, id_, before, written.line)


def _insert_behind(connection: sqlite3.Connection, id_: int, new: Conversation, at: float) -> int:
    split, *origin = connection.execute(
        "SELECT split, source, source_row FROM conversation WHERE id = ?", (id_,)
    ).fetchone()
    (new_id,) = bodies.insert(
        connection,
        [bodies.written(new)],
        state=State.LIVE,
        splits=[Split(split)],
        positions=bodies.positions(connection, 1, id_),
        at=at,
        origins=[bodies.Origin(*origin)],
    )
    connection.execute(
        "INSERT INTO conversation_tag SELECT ?, tag_id FROM conversation_tag"
        " WHERE conversation_id = ?",
        (new_id, id_),
    )
    return new_id


def _missing_tags(
    connection: sqlite3.Connection, first_id: int, others: Sequence[int]
) -> list[str]:
    found = connection.execute(
        "SELECT DISTINCT name FROM conversation_tag JOIN tag ON tag.id = tag_id"
        " WHERE conversation_id IN (SELECT value FROM json_each(?1)) AND tag_id NOT IN"
        " (SELECT tag_id FROM conversation_tag WHERE conversation_id = ?2) ORDER BY name",
        (id_list(others), first_id),
    )
    return [name for (name,) in found]


def _joined(parts: Sequence[Conversation]) -> Conversation:
    first, last = parts[0], parts[-1]
    if any(part.is_preference for part in parts[:-1]):
        raise ValueError("two replies have nothing after them")
    instructions = [message for message in first.messages if message.role == SYSTEM]
    messages = list(first.messages)
    for part in parts[1:]:
        messages += (m for m in part.messages if m.role != SYSTEM or m not in instructions)
    return msgspec.structs.replace(
        first,
        messages=tuple(messages),
        tools=_joined_tools([part.tools for part in parts if part.tools]),
        preferred=last.preferred,
        non_preferred=last.non_preferred,
    )


def _joined_tools(lists: Sequence[str]) -> str:
    """Return all tools as one list, each once; the first list where one is none."""
    if len(set(lists)) > 1:
        with suppress(msgspec.MsgspecError):
            tools = dict.fromkeys(_tools(lists))
            return "[" + ",".join(tools) + "]"
    return lists[0] if lists else ""


def _tools(lists: Iterable[str]) -> Iterator[str]:
    for text in lists:
        for tool in msgspec.json.decode(text, type=list[msgspec.Raw]):
            yield bytes(tool).decode()
