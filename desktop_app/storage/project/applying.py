"""How each kind of change is made to the tables, forth and, with the values swapped, back."""

import sqlite3
from collections.abc import Callable, Sequence
from enum import StrEnum

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.storage.project import instructions
from desktop_app.storage.project.bodies import N_ADVICE, overwrite, written
from desktop_app.storage.project.rows import Split, State

Value = int | str
Runs = Sequence[tuple[int, int]]
"""Of ids that follow one another: (first, last)."""

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


def apply_to(
    connection: sqlite3.Connection,
    field: Field,
    runs: Runs,
    values: tuple[Value, Value],
    at: float,
) -> None:
    """Change conversations from the old value to the new.

    Raises ValueError and LineError for what no edit of ours has written.
    """
    old, new = values
    if isinstance(old, int) and isinstance(new, int) and field in _NUMBERS:
        _NUMBERS[field](connection, runs, new)
    elif isinstance(old, str) and isinstance(new, str) and field in _NAMES:
        _NAMES[field](connection, runs, old, new)
    elif isinstance(new, str) and field in _TEXTS:
        for id_, _ in runs:
            _TEXTS[field](connection, id_, new, at)
    else:
        raise ValueError(field)


def _state(connection: sqlite3.Connection, runs: Runs, value: int) -> None:
    sql = "UPDATE conversation SET state = ? WHERE id BETWEEN ? AND ?"
    state = State(value)
    connection.executemany(sql, ((state, *run) for run in runs))


def _split(connection: sqlite3.Connection, runs: Runs, value: int) -> None:
    sql = "UPDATE conversation SET split = ? WHERE id BETWEEN ? AND ?"
    split = Split(value)
    connection.executemany(sql, ((split, *run) for run in runs))


def _rating(connection: sqlite3.Connection, runs: Runs, value: int) -> None:
    if not 0 <= value <= MOST_STARS:
        raise ValueError(value)
    sql = "UPDATE conversation SET rating = ? WHERE id BETWEEN ? AND ?"
    connection.executemany(sql, ((value, *run) for run in runs))


def _tag(connection: sqlite3.Connection, runs: Runs, old: str, new: str) -> None:
    if old:
        tag_id = _tag_id(connection, old)
        connection.executemany(
            "DELETE FROM conversation_tag WHERE conversation_id BETWEEN ? AND ? AND tag_id = ?",
            ((*run, tag_id) for run in runs),
        )
    if new:
        tag_id = _tag_id(connection, new)
        connection.executemany(
            "INSERT OR IGNORE INTO conversation_tag SELECT id, ? FROM conversation"
            " WHERE id BETWEEN ? AND ?",
            ((tag_id, *run) for run in runs),
        )
    for name in filter(None, (old, new)):
        instructions.drop_counts(connection, name, runs)


def _tag_id(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("INSERT OR IGNORE INTO tag (name) VALUES (?)", (name,))
    row = connection.execute("SELECT id FROM tag WHERE name = ?", (name,)).fetchone()
    id_: int = row[0]
    return id_


def _accepted(connection: sqlite3.Connection, runs: Runs, old: str, new: str) -> None:
    if old:
        connection.executemany(
            "DELETE FROM accepted WHERE id BETWEEN ? AND ? AND code = ?",
            ((*run, old) for run in runs),
        )
    if new:
        connection.executemany(
            "INSERT OR IGNORE INTO accepted SELECT id, ? FROM conversation"
            " WHERE id BETWEEN ? AND ?",
            ((new, *run) for run in runs),
        )
    connection.executemany(
        f"UPDATE conversation SET n_advice = {N_ADVICE} WHERE id BETWEEN ? AND ?",  # noqa: S608  # text of ours
        runs,
    )


def _instructions(connection: sqlite3.Connection, _runs: Runs, _old: str, new: str) -> None:
    instructions.put(connection, new)


def _body(connection: sqlite3.Connection, id_: int, line: str, at: float) -> None:
    overwrite(connection, [(id_, written(parse_line(line)))], at)


def _note(connection: sqlite3.Connection, id_: int, text: str, at: float) -> None:
    connection.execute("DELETE FROM note WHERE id = ?", (id_,))
    if text:
        connection.execute("INSERT INTO note VALUES (?, ?)", (id_, text))
    connection.execute("UPDATE conversation SET edited_at = ? WHERE id = ?", (at, id_))


_NUMBERS: dict[Field, Callable[[sqlite3.Connection, Runs, int], None]] = {
    Field.STATE: _state,
    Field.SPLIT: _split,
    Field.RATING: _rating,
}
_NAMES: dict[Field, Callable[[sqlite3.Connection, Runs, str, str], None]] = {
    Field.TAG: _tag,
    Field.ACCEPTED: _accepted,
    Field.INSTRUCTIONS: _instructions,
}
_TEXTS: dict[Field, Callable[[sqlite3.Connection, int, str, float], None]] = {
    Field.BODY: _body,
    Field.NOTE: _note,
}
