"""The last step of an import: what nobody saw becomes visible, a part at a time.

It is written into the history first, as a step that can be neither undone nor redone. From then on
it is finished in any case: where the program dies, by whoever opens the file next.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from desktop_app.storage.project.rows import State

UNFINISHED = 3
"""What `history.undone` holds of such a step."""

AT_ONCE = 5000
"""Conversations in one transaction, some hundredths of a second: so long the window may wait."""

Runs = Iterable[tuple[int, int]]
"""Of ids that follow one another: (first, last)."""


def parts(runs: Runs) -> Iterator[tuple[int, int]]:
    """Yield runs of which none is longer than a transaction may be."""
    for first, last in runs:
        for start in range(first, last + 1, AT_ONCE):
            yield start, min(start + AT_ONCE - 1, last)


def show(connection: sqlite3.Connection, run: tuple[int, int]) -> None:
    """Make visible what is staged."""
    connection.execute(
        "UPDATE conversation SET state = ?, revision = 1 WHERE id BETWEEN ? AND ? AND state = ?",
        (State.LIVE, *run, State.STAGED),
    )


def hide(connection: sqlite3.Connection, run: tuple[int, int], at: float) -> None:
    """Take back `show`, but for what was edited since; `at` is the time of the import."""
    connection.execute(
        "UPDATE conversation SET state = ?, revision = 0 WHERE id BETWEEN ? AND ? AND state = ?"
        " AND revision = 1 AND edited_at = ?",
        (State.STAGED, *run, State.LIVE, at),
    )


def end_step(connection: sqlite3.Connection, history_id: int) -> None:
    """Let a step be undone; one that was undone meanwhile cannot be redone any more."""
    connection.execute("UPDATE history SET undone = 2 WHERE undone = 1")
    connection.execute("UPDATE history SET undone = 0 WHERE id = ?", (history_id,))


def clean_up(connection: sqlite3.Connection) -> None:
    """Finish an import that was cut short in its last step, and sweep up one cut short before."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for (history_id,) in connection.execute(
            "SELECT id FROM history WHERE undone = ?", (UNFINISHED,)
        ).fetchall():
            connection.execute(
                "UPDATE conversation SET state = ?, revision = 1 WHERE state > 0 AND state = ?"
                " AND EXISTS (SELECT 1 FROM change WHERE history_id = ? AND field = 'state'"
                " AND conversation.id BETWEEN first_id AND last_id)",
                (State.LIVE, State.STAGED, history_id),
            )
            end_step(connection, history_id)
        connection.execute(
            "UPDATE conversation SET state = ? WHERE state > 0 AND state = ?",
            (State.ABSENT, State.STAGED),
        )
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
