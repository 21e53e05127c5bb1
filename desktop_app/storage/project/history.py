"""The history of edits: each one a row, written with the change itself, and the stack of undo."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from desktop_app.core.examples.lenient_line import LineError
from desktop_app.storage.project.applying import Field, Value, apply_to
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.rows import HistoryEntry, State, Touched

MERGE_WITHIN_S = 5.0
MOST_TOUCHED = 1000
SWEPT_AT_ONCE = 200

DONE, UNDONE, ABANDONED = 0, 1, 2
"""What `history.undone` holds. A step that was undone and edited over is kept for its texts."""

_LAST_DONE = "SELECT id, label, count, at FROM history WHERE undone = 0 ORDER BY id DESC LIMIT 1"
_FIRST_UNDONE = "SELECT id, label, count, at FROM history WHERE undone = 1 ORDER BY id LIMIT 1"
# A partial index serves only where its own condition stands in the query.
_SWEEP = (
    "DELETE FROM conversation WHERE id IN"  # noqa: S608  # a number of ours
    f" (SELECT id FROM conversation WHERE state = {State.ABSENT:d}"
    " AND id > (SELECT coalesce(max(largest_id), 0) FROM version) LIMIT ?)"
)


@dataclass(frozen=True, slots=True)
class Change:
    """The same thing done to the conversations `first_id` to `last_id`, all of which exist."""

    field: Field
    first_id: int
    last_id: int
    before: Value
    after: Value


def runs(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return ids as runs of numbers that follow one another: (first, last)."""
    found: list[tuple[int, int]] = []
    for id_ in sorted(set(ids)):
        if found and found[-1][1] == id_ - 1:
            found[-1] = (found[-1][0], id_)
        else:
            found.append((id_, id_))
    return found


def record(
    connection: sqlite3.Connection,
    label: str,
    changes: Sequence[Change],
    *,
    at: float,
    source: str = "",
    merge_key: str = "",
) -> None:
    """Write down changes that the same transaction makes; what was undone can't be redone then."""
    connection.execute("UPDATE history SET undone = ? WHERE undone = ?", (ABANDONED, UNDONE))
    _sweep(connection)
    cursor = connection.execute(
        "INSERT INTO history (label, source, merge_key, count, at, touched_at, undone)"
        " VALUES (?, ?, ?, ?, ?, ?, 0)",
        (label, source, merge_key, _count(changes), at, at),
    )
    connection.executemany(
        "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?)",
        ((cursor.lastrowid, c.first_id, c.last_id, c.field, c.before, c.after) for c in changes),
    )


def make(
    connection: sqlite3.Connection,
    label: str,
    changes: Sequence[Change],
    *,
    at: float,
    merge_key: str = "",
) -> None:
    """Make changes and write them down, joined to the last step if that is under the same key."""
    if not changes:
        return
    apply(connection, changes, back=False, at=at)
    if len(changes) > 1 or not extend_last(connection, changes[0], merge_key, at):
        record(connection, label, changes, at=at, merge_key=merge_key)


def extend_last(connection: sqlite3.Connection, change: Change, merge_key: str, now: float) -> bool:
    """Add to the last step, if it was made under this key on the same thing just now."""
    row = connection.execute(
        "SELECT id, merge_key, touched_at, undone FROM history ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if not merge_key or row is None:
        return False
    history_id, last_key, touched_at, undone = row
    if undone != DONE or last_key != merge_key or not 0 <= now - touched_at < MERGE_WITHIN_S:
        return False
    extended = connection.execute(
        "UPDATE change SET after = ? WHERE history_id = ? AND field = ? AND first_id = ?",
        (change.after, history_id, change.field, change.first_id),
    )
    connection.execute("UPDATE history SET touched_at = ? WHERE id = ?", (now, history_id))
    return extended.rowcount == 1


def apply(
    connection: sqlite3.Connection, changes: Sequence[Change], *, back: bool, at: float
) -> None:
    """Make the rows as they were before the changes (`back`) or after them."""
    # The same made of many at once takes a third of the time.
    alike = groupby(reversed(changes) if back else changes, _what)
    for (field, before, after), group in alike:
        values = (after, before) if back else (before, after)
        runs = [(change.first_id, change.last_id) for change in group]
        apply_to(connection, field, runs, values, at)


def _what(change: Change) -> tuple[Field, Value, Value]:
    return change.field, change.before, change.after


def undo_entry(database: Database) -> HistoryEntry | None:
    """Return the step that an undo would take back."""
    return _entry(database, _LAST_DONE, undone=False)


def redo_entry(database: Database) -> HistoryEntry | None:
    """Return the step that a redo would make again."""
    return _entry(database, _FIRST_UNDONE, undone=True)


def step(database: Database, entry: HistoryEntry, at: float) -> Touched:
    """Undo an entry, or redo one that is undone."""
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT field, first_id, last_id, before, after FROM change WHERE history_id = ?",
            (entry.id,),
        ).fetchall()
        try:
            changes = [Change(Field(field), *rest) for field, *rest in found]
            apply(connection, changes, back=not entry.undone, at=at)
        except (ValueError, LineError, sqlite3.IntegrityError) as error:
            detail = f"step {entry.id}"
            raise ProjectError(ProjectErrorKind.DAMAGED, database.path, detail) from error
        connection.execute(
            "UPDATE history SET undone = ?, merge_key = '' WHERE id = ?",
            (not entry.undone, entry.id),
        )
    return Touched(_ids(changes), any(change.field is Field.STATE for change in changes))


def _count(changes: Iterable[Change]) -> int:
    """Return how many conversations are touched, each counted once."""
    n, end = 0, 0
    for first, last in sorted((change.first_id, change.last_id) for change in changes):
        n += max(0, last - max(first, end) + 1)
        end = max(end, last + 1)
    return n


def _ids(changes: Sequence[Change]) -> tuple[int, ...]:
    if _count(changes) > MOST_TOUCHED:
        return ()
    ids = (range(change.first_id, change.last_id + 1) for change in changes)
    return tuple(dict.fromkeys(chain.from_iterable(ids)))


def _entry(database: Database, sql: str, *, undone: bool) -> HistoryEntry | None:
    row = database.row(sql)
    if row is None:
        return None
    id_, label, count, at = row
    return HistoryEntry(id_, label, count, at, undone)


def _sweep(connection: sqlite3.Connection) -> None:
    """Remove what no redo and no version can bring back any more, a little with each edit."""
    connection.execute(_SWEEP, (SWEPT_AT_ONCE,))
