"""How each kind of change is made to the tables, forth and, with the values swapped, back."""

import sqlite3
from collections.abc import Callable
from enum import StrEnum

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.storage.project import instructions
from desktop_app.storage.project.bodies import N_ADVICE, overwrite, written
from desktop_app.storage.project.rows import Split, State

Value = int | str
MOST_STARS = 5


class Field(StrEnum):
    """What a change is about.

    The values of a TAG or ACCEPTED change are its name where it is there, and '' where not.
    INSTRUCTIONS, which belong to no conversation, have the ids 0 to -1.
    """

    STATE = "state"
    SPLIT = "split"
    BODY = "body"
    TAG = "tag"
    RATING = "rating"
    NOTE = "note"
    ACCEPTED = "accepted"
    INSTRUCTIONS = "instructions"


def apply_one(
    connection: sqlite3.Connection,
    field: Field,
    ids: tuple[int, int],
    values: tuple[Value, Value],
    at: float,
) -> None:
    """Change the conversations from the first id to the last, from the old value to the new.

    Raises ValueError and LineError for what no edit of ours has written.
    """
    expected = int if field in _NUMBERS else str
    if not all(isinstance(value, expected) for value in values):
        raise ValueError(field)
    _APPLY[field](connection, ids, values, at)


def _state(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], _at: float
) -> None:
    sql = "UPDATE conversation SET state = ? WHERE id BETWEEN ? AND ?"
    connection.execute(sql, (State(int(values[1])), *ids))


def _split(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], _at: float
) -> None:
    sql = "UPDATE conversation SET split = ? WHERE id BETWEEN ? AND ?"
    connection.execute(sql, (Split(int(values[1])), *ids))


def _body(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], at: float
) -> None:
    overwrite(connection, [(ids[0], written(parse_line(str(values[1]))))], at)


def _rating(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], at: float
) -> None:
    if not 0 <= int(values[1]) <= MOST_STARS:
        raise ValueError(values[1])
    sql = "UPDATE conversation SET rating = ?, edited_at = ? WHERE id BETWEEN ? AND ?"
    connection.execute(sql, (values[1], at, *ids))


def _tag(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], at: float
) -> None:
    old, new = map(str, values)
    if old:
        connection.execute(
            "DELETE FROM conversation_tag WHERE conversation_id BETWEEN ? AND ?"
            " AND tag_id = (SELECT id FROM tag WHERE name = ?)",
            (*ids, old),
        )
    if new:
        connection.execute("INSERT OR IGNORE INTO tag (name) VALUES (?)", (new,))
        connection.execute(
            "INSERT OR IGNORE INTO conversation_tag SELECT conversation.id, tag.id"
            " FROM conversation, tag WHERE conversation.id BETWEEN ? AND ? AND name = ?",
            (*ids, new),
        )
    _touch(connection, ids, at)
    for name in filter(None, (old, new)):
        instructions.drop_counts(connection, name, *ids)


def _note(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], at: float
) -> None:
    if values[1]:
        connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (ids[0], values[1]))
    else:
        connection.execute("DELETE FROM note WHERE id = ?", (ids[0],))
    _touch(connection, ids, at)


def _accepted(
    connection: sqlite3.Connection, ids: tuple[int, int], values: tuple[Value, Value], _at: float
) -> None:
    old, new = values
    if old:
        connection.execute(
            "DELETE FROM accepted WHERE id BETWEEN ? AND ? AND code = ?", (*ids, old)
        )
    if new:
        connection.execute(
            "INSERT OR IGNORE INTO accepted SELECT id, ? FROM conversation"
            " WHERE id BETWEEN ? AND ?",
            (new, *ids),
        )
    connection.execute(
        f"UPDATE conversation SET n_advice = {N_ADVICE} WHERE id BETWEEN ? AND ?",  # noqa: S608  # text of ours
        ids,
    )


def _instructions(
    connection: sqlite3.Connection, _ids: tuple[int, int], values: tuple[Value, Value], _at: float
) -> None:
    instructions.put(connection, str(values[1]))


def _touch(connection: sqlite3.Connection, ids: tuple[int, int], at: float) -> None:
    connection.execute("UPDATE conversation SET edited_at = ? WHERE id BETWEEN ? AND ?", (at, *ids))


_NUMBERS = (Field.STATE, Field.SPLIT, Field.RATING)
_APPLY: dict[
    Field,
    Callable[[sqlite3.Connection, tuple[int, int], tuple[Value, Value], float], None],
] = {
    Field.STATE: _state,
    Field.SPLIT: _split,
    Field.BODY: _body,
    Field.TAG: _tag,
    Field.RATING: _rating,
    Field.NOTE: _note,
    Field.ACCEPTED: _accepted,
    Field.INSTRUCTIONS: _instructions,
}
