"""Edits: each one transaction that makes the change and writes it into the history."""

from collections.abc import Iterable, Sequence

from desktop_app.core.examples.conversation import Conversation
from desktop_app.storage.project import bodies, history
from desktop_app.storage.project.applying import Field
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import id_list
from desktop_app.storage.project.rows import Split, State


def add(
    database: Database,
    conversations: Iterable[Conversation],
    *,
    label: str,
    source: str,
    after: int | None,
    split: Split,
    at: float,
) -> list[int]:
    """Add conversations behind another one, or at the end; return their ids."""
    new = [bodies.written(conversation) for conversation in conversations]
    if not new:
        return []
    with database.transaction() as connection:
        origin = bodies.Origin(bodies.source_id(connection, source))
        ids = bodies.insert(
            connection,
            new,
            state=State.LIVE,
            splits=[split] * len(new),
            positions=bodies.positions(connection, len(new), after),
            origins=[origin] * len(new),
            at=at,
        )
        change = Change(Field.STATE, ids[0], ids[-1], State.ABSENT, State.LIVE)
        history.record(connection, label, [change], at=at, source=source)
    return list(ids)


def replace_many(
    database: Database,
    changes: Iterable[tuple[int, Conversation]],
    *,
    label: str,
    at: float,
    merge_key: str = "",
) -> None:
    """Put other conversations in place. What stays the same is no change. Raises KeyError."""
    new = [(id_, bodies.written(conversation)) for id_, conversation in changes]
    with database.transaction() as connection:
        changed, recorded = [], []
        for id_, after in new:
            row = connection.execute("SELECT line FROM body WHERE id = ?", (id_,)).fetchone()
            if row is None:
                raise KeyError(id_)
            if row[0] != after.line:
                changed.append((id_, after))
                recorded.append(Change(Field.BODY, id_, id_, row[0], after.line))
        if not changed:
            return
        bodies.overwrite(connection, changed, at)
        merged = len(recorded) == 1 and history.extend_last(connection, recorded[0], merge_key, at)
        if not merged:
            history.record(connection, label, recorded, at=at, merge_key=merge_key)


def delete(database: Database, ids: Sequence[int], at: float) -> None:
    """Move conversations that are live into the bin."""
    _set_state(database, ids, State.LIVE, State.BINNED, "delete", at)


def restore(database: Database, ids: Sequence[int], at: float) -> None:
    """Take conversations out of the bin."""
    _set_state(database, ids, State.BINNED, State.LIVE, "restore", at)


def _set_state(
    database: Database, ids: Sequence[int], before: State, after: State, label: str, at: float
) -> None:
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT id FROM conversation"
            " WHERE id IN (SELECT value FROM json_each(?)) AND state = ?",
            (id_list(ids), before),
        )
        changes = [
            Change(Field.STATE, first, last, before, after)
            for first, last in history.runs(id_ for (id_,) in found)
        ]
        history.make(connection, label, changes, at=at)
