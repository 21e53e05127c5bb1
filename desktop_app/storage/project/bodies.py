"""Writing conversations into the tables: the line itself and all that is derived from it."""

import sqlite3
from collections.abc import Iterable, Sequence

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.checks import count_blocking
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.split import digest
from desktop_app.storage.project.rows import Split, State

GAP = 1 << 32
"""Between the positions of neighbours: room for 32 insertions at the same place, 2^31 rows."""

Derived = tuple[str, int, int, int]
Written = tuple[str, Derived]
"""A line and its title, number of messages, number of blocking findings, digest."""


def written(conversation: Conversation) -> Written:
    """Return what is stored of a conversation."""
    text = line(conversation)
    derived = (
        conversation.title,
        len(conversation.messages),
        count_blocking(conversation),
        digest(text),
    )
    return text, derived


def insert(
    connection: sqlite3.Connection,
    new: Sequence[Written],
    *,
    state: State,
    splits: Iterable[Split],
    positions: Iterable[int],
) -> range:
    """Add rows and return their ids, which follow one another."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'conversation'")
    first = (row.fetchone() or (0,))[0] + 1
    ids = range(first, first + len(new))
    connection.executemany(
        "INSERT INTO conversation (id, position, state, split, title, n_messages, n_blocking,"
        " digest, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
        (
            (id_, position, int(state), int(split), *derived)
            for id_, position, split, (_, derived) in zip(ids, positions, splits, new, strict=False)
        ),
    )
    connection.executemany(
        "INSERT INTO body (id, line) VALUES (?, ?)",
        ((id_, text) for id_, (text, _) in zip(ids, new, strict=True)),
    )
    return ids


def overwrite(connection: sqlite3.Connection, new: Iterable[tuple[int, Written]]) -> None:
    """Put other lines in place; token counts of the old ones are dropped."""
    for id_, (text, derived) in new:
        connection.execute("UPDATE body SET line = ? WHERE id = ?", (text, id_))
        connection.execute(
            "UPDATE conversation SET title = ?, n_messages = ?, n_blocking = ?, digest = ?,"
            " revision = revision + 1 WHERE id = ?",
            (*derived, id_),
        )
        connection.execute("DELETE FROM token_count WHERE id = ?", (id_,))


def positions(connection: sqlite3.Connection, n: int, after: int | None) -> Sequence[int]:
    """Return n positions behind a conversation, or at the end; others move if there is no room."""
    if after is not None:
        between = _between(connection, n, after)
        if between is None:
            _spread_out(connection)
            between = _between(connection, n, after)
        if between:
            return between
    last = last_position(connection)
    return range(last + GAP, last + GAP * (n + 1), GAP)


def last_position(connection: sqlite3.Connection) -> int:
    """Return the position of the last conversation of any state, 0 if there is none."""
    last: int = connection.execute("SELECT max(position) FROM conversation").fetchone()[0] or 0
    return last


def _between(connection: sqlite3.Connection, n: int, after: int) -> Sequence[int] | None:
    """Return evenly spread positions; None if there is no room, () if `after` is the last."""
    row = connection.execute("SELECT position FROM conversation WHERE id = ?", (after,)).fetchone()
    if row is None:
        return ()
    start = row[0]
    end = connection.execute(
        "SELECT min(position) FROM conversation WHERE (position, id) > (?, ?)", (start, after)
    ).fetchone()[0]
    if end is None:
        return ()
    step = (end - start) // (n + 1)
    return range(start + step, start + step * (n + 1), step) if step else None


def _spread_out(connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE conversation SET position = ranked.place * ? FROM"
        " (SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM conversation)"
        " AS ranked WHERE ranked.id = conversation.id",
        (GAP,),
    )
