"""Which conversations are trained on and which are kept for the test: edits of that alone."""

import sqlite3
from collections.abc import Collection, Sequence

from desktop_app.storage.project import history
from desktop_app.storage.project.applying import Field
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import id_list
from desktop_app.storage.project.rows import Split

LABEL = "split"


def set_split(database: Database, ids: Sequence[int], split: Split, at: float) -> None:
    """Use conversations for training, or keep them for the test."""
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT id FROM conversation WHERE id IN (SELECT value FROM json_each(?))"
            " AND state = 0 AND split != ?",
            (id_list(ids), split),
        )
        _move(connection, {split: [id_ for (id_,) in found]}, at)


def assign_split(database: Database, test_ids: Collection[int], at: float) -> None:
    """Keep these for the test; all others become training."""
    wanted = frozenset(test_ids)
    with database.transaction() as connection:
        found = connection.execute("SELECT id, split FROM conversation WHERE state = 0").fetchall()
        moved: dict[Split, list[int]] = {split: [] for split in Split}
        for id_, held in found:
            split = Split(id_ in wanted)
            if held != split:
                moved[split].append(id_)
        _move(connection, moved, at)


def _move(connection: sqlite3.Connection, moved: dict[Split, list[int]], at: float) -> None:
    changes = [
        Change(Field.SPLIT, first, last, 1 - split, split)
        for split, ids in moved.items()
        for first, last in history.runs(ids)
    ]
    history.make(connection, LABEL, changes, at=at)
