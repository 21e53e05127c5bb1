"""A connection to a project file: opened safely, used in transactions, errors translated."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind, as_project_error
from desktop_app.storage.project.finishing import clean_up
from desktop_app.storage.project.migrations import VERSION, bring_up_to_date
from desktop_app.storage.project.schema import (
    APPLICATION_ID,
    check_tables,
    create_tables,
    refuse_active_content,
)
from desktop_app.storage.project.turns import turn_of

T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]
BUSY_TIMEOUT_S = 5.0
SMALLEST_PAGE = 512
PAGE = 8192
"""Of new files. Most examples fit into half of it, and writing a file takes a tenth less time."""

STEPS_BETWEEN_STOPS = 5_000
"""SQLite's own steps, some hundreds of conversations."""


class Database:
    """One SQLite connection. Every method raises ProjectError for what is wrong with the file."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self._file = path.stat()
        self._turn = turn_of(self._file)

    def close(self) -> None:
        """Close the connection; the last one also folds the write-ahead log into the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; on disk when the block ends."""
        self._refuse_if_moved()
        if not self._turn.take(BUSY_TIMEOUT_S):
            raise ProjectError(ProjectErrorKind.IN_USE, self.path, "another writes")
        try:
            with as_project_error(self.path):
                self.connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self.connection
                    self.connection.execute("COMMIT")
                finally:
                    if self.connection.in_transaction:
                        self.connection.execute("ROLLBACK")
        finally:
            self._turn.give_up()

    @contextmanager
    def transaction_after(self, read: Callable[[], T]) -> Iterator[tuple[sqlite3.Connection, T]]:
        """Write what follows from reading, all as of one moment.

        While it reads others may write; if one does, it reads once more while they wait.
        """
        with as_project_error(self.path):
            self.connection.execute("BEGIN")
            try:
                found = read()
                before = self._data_version()
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
        with self.transaction() as connection:
            yield connection, found if self._data_version() == before else read()

    def _data_version(self) -> int:
        version: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a query."""
        with as_project_error(self.path):
            return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row of a query, if there is one."""
        with as_project_error(self.path):
            row: Row | None = self.connection.execute(sql, parameters).fetchone()
            return row

    def stream(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """Yield the rows of a query as of when it was begun."""
        with as_project_error(self.path):
            cursor = self.connection.execute(sql, parameters)
            try:
                for row in cursor:  # noqa: UP028  # "yield from" would itself close the cursor
                    yield row
            finally:
                # Whoever gave up reading may have closed the connection before.
                with suppress(sqlite3.ProgrammingError):
                    cursor.close()

    def _refuse_if_moved(self) -> None:
        """Raise ProjectError MISSING where the path leads to another file by now, or to none.

        SQLite goes on writing to a file that was deleted or moved, as if all were well.
        """
        try:
            is_there = os.path.samestat(self.path.stat(), self._file)
        except OSError:
            is_there = False
        if not is_there:
            raise ProjectError(ProjectErrorKind.MISSING, self.path, "moved or deleted")


@contextmanager
def interruptible(connection: sqlite3.Connection, stop: Callable[[], bool]) -> Iterator[None]:
    """Break off a query once `stop` answers yes: it raises OperationalError SQLITE_INTERRUPT."""
    connection.set_progress_handler(stop, STEPS_BETWEEN_STOPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


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
                connection.execute(f"PRAGMA page_size = {PAGE}")
                create_tables(connection, VERSION)
                connection.execute("PRAGMA journal_mode = WAL")
            except BaseException:
                connection.close()
                raise
    except ProjectError:
        path.unlink(missing_ok=True)
        raise
    return Database(connection, path)


def remove_database(path: Path) -> None:
    """Delete a file, and with it what SQLite left beside it. Raises ProjectError READ_ONLY."""
    try:
        # The log first: alone it would be taken for that of the next file of this name.
        for suffix in ("-wal", "-shm", ""):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise ProjectError(ProjectErrorKind.READ_ONLY, path, type(error).__name__) from error


def open_database(path: Path, *, shared: bool, any_thread: bool = False) -> Database:
    """Open a project file. Raises ProjectError.

    Only the first connection of a program may clean up and migrate: `shared` ones do not.
    `any_thread` for a connection that threads hand on to one another.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        is_gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        kind = ProjectErrorKind.MISSING if is_gone else ProjectErrorKind.READ_ONLY
        raise ProjectError(kind, path, type(error).__name__) from error
    if not stat.S_ISREG(mode):
        raise ProjectError(ProjectErrorKind.NOT_A_PROJECT, path)
    # Asked of the mode, since the superuser may write to any file.
    if not mode & 0o222:
        raise ProjectError(ProjectErrorKind.READ_ONLY, path)
    is_cut_off = _is_cut_off(path)
    with as_project_error(path):
        connection = _connect(path, any_thread=any_thread)
        try:
            if not shared:
                _check(connection, path, is_cut_off=is_cut_off)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path)


def _connect(path: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=not any_thread,
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
    try:
        with as_project_error(path):
            clean_up(connection)
    except ProjectError as error:
        # On a full disk it can wait: nobody sees what is left of an import.
        if error.kind is not ProjectErrorKind.NO_SPACE:
            raise
