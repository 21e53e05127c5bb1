"""The service's SQLite file: one connection, used by one thread at a time."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_app.engine.store.disk_full import is_disk_full

VERSION = 1
LEAST_FREE_BYTES = 1_000_000
"""With less a service could not even say where it is."""
SCHEMA = """
CREATE TABLE records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX records_by_owner ON records (kind, owner, seq);
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
STRANGE = "NOT json_valid(body) OR json_extract(body, '$.id') IS NOT id"
"""Rows that no transaction of ours can have left so."""


class StoreError(Exception):
    """The store is damaged, has no room to begin in, or was written by a newer program."""


class Database:
    """Every write is on disk when its transaction ends (WAL, synchronous=FULL)."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it if need be. Raises StoreError."""
        self._lock = threading.RLock()
        self._afterwards: list[Callable[[], None]] = []
        if shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
            raise StoreError("the disk is full")
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()
            self._check(path.name)
        except sqlite3.DatabaseError as error:
            if is_disk_full(error):
                raise StoreError("the disk is full") from error
            raise StoreError(f"{path.name} cannot be read: {error}") from error

    def _prepare(self) -> None:
        for setting in ("journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF"):
            self._connection.execute(f"PRAGMA {setting}")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StoreError("the store was written by a newer version of this program")
        if version == 0:
            self._connection.executescript(
                f"BEGIN; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;"
            )

    def _check(self, name: str) -> None:
        """Refuse a damaged file before anybody believes it: what no row speaks of is removed.

        Some 0.2 s for 100,000 rows. Raises StoreError.
        """
        (found,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        strange = self._connection.execute(f"SELECT 1 FROM records WHERE {STRANGE} LIMIT 1")  # noqa: S608  # a fixed text
        if found != "ok" or strange.fetchone() is not None:
            raise StoreError(f"{name} is damaged. Put a copy of it in its place, or move it away")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to this thread alone; an exception undoes everything.

        A transaction within a transaction is part of it.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
                afterwards = self._afterwards
            finally:
                self._afterwards = []
                # A COMMIT that failed leaves it open too, and SQLite may have rolled back itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            for action in afterwards:
                action()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something once what this thread is writing is on disk, at once if it is not writing.

        So are files removed whose rows go: a transaction that is undone, or a kill before its end,
        must not leave rows that speak of files which are gone.
        """
        with self._lock:
            if self._connection.in_transaction:
                self._afterwards.append(action)
                return
        action()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to this thread alone, for reading."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
