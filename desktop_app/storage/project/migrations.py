"""Bringing a project of an older version up to date, a copy of it kept first."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.migration_2 import to_version_2

Migration = Callable[[sqlite3.Connection], None]

MIGRATIONS: tuple[Migration, ...] = (to_version_2,)
"""The first takes version 1 to version 2, and so on."""

VERSION = 1 + len(MIGRATIONS)


def bring_up_to_date(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Apply the migrations that a file lacks, all or none of them.

    Raises ProjectError NEWER for a file of a later version of the program.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = 1 + len(migrations)
    if version > newest:
        raise ProjectError(ProjectErrorKind.NEWER, path, f"version {version}")
    if version < 1:
        raise ProjectError(ProjectErrorKind.DAMAGED, path, f"version {version}")
    if version == newest:
        return
    _keep_copy(connection, path, version)
    # Tables are rebuilt under other names, to which nothing that refers to them is to follow.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migrate in migrations[version - 1 :]:
            migrate(connection)
        connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA legacy_alter_table = OFF")
        connection.execute("PRAGMA foreign_keys = ON")


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the project beside itself, as "shop (version 1).exemplar"; an earlier copy stays."""
    copy = path.with_name(f"{path.stem} (version {version}){path.suffix}")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.stem} (version {version}, {number}){path.suffix}")
    try:
        with closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
