"""Edits: each one transaction that makes the change and writes it into the history."""

from collections.abc import Iterable, Sequence

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.split import for_test
from desktop_app.storage.project import bodies, history
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.history import Change, Field
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
        ids = bodies.insert(
            connection,
            new,
            state=State.LIVE,
            splits=[split] * len(new),
            positions=bodies.positions(connection, len(new), after),
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
            if row[0] != after[0]:
                changed.append((id_, after))
                recorded.append(Change(Field.BODY, id_, id_, row[0], after[0]))
        if not changed:
            return
        bodies.overwrite(connection, changed)
        id_, after = changed[0]
        merged = len(changed) == 1 and history.extend_last(connection, id_, after[0], merge_key, at)
        if not merged:
            history.record(connection, label, recorded, at=at, merge_key=merge_key)


def set_field(
    database: Database, ids: Sequence[int], field: Field, value: int, label: str, at: float
) -> None:
    """Give conversations that are live another state or split."""
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT iif(?, state, split) AS held, id FROM conversation"
            " WHERE id IN (SELECT value FROM json_each(?)) AND state = 0 AND held != ?",
            (field is Field.STATE, id_list(ids), value),
        ).fetchall()
        changes = [
            Change(field, first, last, before, value)
            for before in sorted({before for before, _ in found})
            for first, last in history.runs(id_ for held, id_ in found if held == before)
        ]
        if changes:
            history.record(connection, label, changes, at=at)
            history.apply(connection, changes, back=False)


def split_at_random(database: Database, test_share: float, seed: int, at: float) -> None:
    """Choose anew, by content, which conversations are for the test."""
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT id, split, digest FROM conversation WHERE state = 0"
        ).fetchall()
        chosen = for_test([digest for _, _, digest in found], test_share, seed)
        changes = [
            Change(Field.SPLIT, first, last, 1 - split, split)
            for split in Split
            for first, last in history.runs(
                id_
                for (id_, held, _), test in zip(found, chosen, strict=True)
                if test == bool(split) and held != split
            )
        ]
        if changes:
            history.record(connection, "split", changes, at=at)
            history.apply(connection, changes, back=False)
