"""A connection to a project file: opened safely, used in transactions, errors translated."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind, as_project_error
from desktop_app.storage.project.migrations import VERSION, bring_up_to_date
from desktop_app.storage.project.rows import State
from desktop_app.storage.project.schema import (
    APPLICATION_ID,
    check_tables,
    create_tables,
    refuse_active_content,
)

Row = tuple[Any, ...]
BUSY_TIMEOUT_S = 5.0
SMALLEST_PAGE = 512


class Database:
    """One SQLite connection. Every method raises ProjectError for what is wrong with the file."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def close(self) -> None:
        """Close the connection; the last one also folds the write-ahead log into the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; on disk when the block ends."""
        with as_project_error(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query."""
        with as_project_error(self.path):
            return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """Return the first row of a query, if there is one."""
        with as_project_error(self.path):
            row: Row | None = self.connection.execute(sql, parameters).fetchone()
            return row

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Yield the rows of a query as of when it was begun."""
        with as_project_error(self.path):
            cursor = self.connection.execute(sql, parameters)
            try:
                yield from cursor
            finally:
                cursor.close()


def create_database(path: Path) -> Database:
    """Make a new project file. Raises ProjectError EXISTS, READ_ONLY, NO_SPACE."""
    try:
        path.open("x").close()
    except FileExistsError as error:
        raise ProjectError(ProjectErrorKind.EXISTS, path) from error
    except OSError as error:
        raise ProjectError(ProjectErrorKind.READ_ONLY, path, type(error).__name__) from error
    try:
        with as_project_error(path):
            connection = _connect(path)
            try:
                create_tables(connection, VERSION)
                connection.execute("PRAGMA journal_mode = WAL")
            except BaseException:
                connection.close()
                raise
    except ProjectError:
        path.unlink(missing_ok=True)
        raise
    return Database(connection, path)


def open_database(path: Path, *, shared: bool) -> Database:
    """Open a project file. Raises ProjectError.

    Only the first connection of a program may clean up and migrate: `shared` ones do not.
    """
    if not path.is_file():
        kind = ProjectErrorKind.NOT_A_PROJECT if path.exists() else ProjectErrorKind.MISSING
        raise ProjectError(kind, path)
    # Asked of the mode, since the superuser may write to any file.
    if not path.stat().st_mode & 0o222:
        raise ProjectError(ProjectErrorKind.READ_ONLY, path)
    is_cut_off = _is_cut_off(path)
    with as_project_error(path):
        connection = _connect(path)
        try:
            if not shared:
                _check(connection, path, is_cut_off=is_cut_off)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _is_cut_off(path: Path) -> bool:
    """Whether a file ends in the middle of a page; SQLite would take what is missing for zeros.

    While there is a log of unfinished writing beside it, SQLite mends this by itself.
    """
    log = path.with_name(f"{path.name}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    return not has_log and path.stat().st_size % SMALLEST_PAGE != 0


def _check(connection: sqlite3.Connection, path: Path, *, is_cut_off: bool) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ProjectError(ProjectErrorKind.NOT_A_PROJECT, path)
    if is_cut_off:
        raise ProjectError(ProjectErrorKind.DAMAGED, path, "truncated")
    refuse_active_content(connection, path)
    bring_up_to_date(connection, path)
    check_tables(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    # What is left of an import that was cut short.
    connection.execute(
        "UPDATE conversation SET state = ? WHERE state >= 2 AND state = ?",
        (State.ABSENT, State.STAGED),
    )
