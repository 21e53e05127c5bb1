"""From version 1 to 2: tags, stars, notes, advice, saved versions, and what a search looks through.

What version 2 derives from a text is found anew for each, a thousand at a time.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.storage.project import bodies
from desktop_app.storage.project.rows import State
from desktop_app.storage.project.schema import TABLES

BATCH = 1000
_GONE = ("conversation_order", "conversation_leftover")


def to_version_2(connection: sqlite3.Connection) -> None:
    """Rebuild the table of conversations and add the others, inside the caller's transaction.

    The caller has switched foreign keys off and `legacy_alter_table` on: otherwise renaming a
    table would rename it in the tables that refer to it.
    """
    for index in _GONE:
        connection.execute(f"DROP INDEX {index}")
    connection.execute("ALTER TABLE conversation RENAME TO conversation_1")
    _add_missing(connection)
    connection.execute(
        "INSERT INTO conversation (id, position, state, split, title, n_messages, n_characters,"
        " n_blocking, n_advice, traits, rating, is_folded, source, source_row, edited_at, digest,"
        " revision) SELECT id, position, state, split, title, n_messages, 0, n_blocking, 0, 0, 0,"
        " 0, 0, 0, 0.0, digest, revision FROM conversation_1"
    )
    # Dropping the old table drops its row here too, and with it the ids that must not come back.
    (seq,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
        " WHERE name IN ('conversation', 'conversation_1')"
    ).fetchone()
    connection.execute("DROP TABLE conversation_1")
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'conversation'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('conversation', ?)", (seq,))
    _tell_origins(connection)
    for batch in _batches(connection):
        _derive(connection, batch)


def _add_missing(connection: sqlite3.Connection) -> None:
    there = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema")}
    for statement in TABLES:
        if statement not in there:
            connection.execute(statement)


def _tell_origins(connection: sqlite3.Connection) -> None:
    """Take from the history where conversations came from and when they were written last."""
    found = connection.execute(
        "SELECT first_id, last_id, touched_at, source, field FROM change"
        " JOIN history ON history.id = history_id WHERE field = 'body'"
        " OR (field = 'state' AND before = ?) ORDER BY change.rowid",
        (State.ABSENT,),
    )
    for first_id, last_id, at, source, field in found:
        connection.execute(
            "UPDATE conversation SET edited_at = ?, source = iif(?, ?, source)"
            " WHERE id BETWEEN ? AND ?",
            (at, field == "state", bodies.source_id(connection, source), first_id, last_id),
        )


def _batches(connection: sqlite3.Connection) -> Iterator[list[tuple[int, str]]]:
    last = -1
    while found := connection.execute(
        "SELECT id, line FROM body WHERE id > ? ORDER BY id LIMIT ?", (last, BATCH)
    ).fetchall():
        last = found[-1][0]
        yield found


def _derive(connection: sqlite3.Connection, batch: list[tuple[int, str]]) -> None:
    for id_, line in batch:
        # A damaged line is kept as it is, and told when it is read.
        with suppress(LineError):
            new = bodies.written(parse_line(line)).derived
            connection.execute(
                "UPDATE conversation SET n_messages = ?, n_characters = ?, n_blocking = ?,"
                " traits = ?, is_folded = ? WHERE id = ?",
                (*new[2:6], new.folded is not None, id_),
            )
            if new.folded is not None:
                connection.execute("INSERT INTO folded VALUES (?, ?)", (id_, new.folded))
