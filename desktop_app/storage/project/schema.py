"""The tables of a project file, and whether a file has these and nothing else."""

import sqlite3
from pathlib import Path

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind

APPLICATION_ID = 0x4578656D
""""Exem" in the file's header, by which a project is known."""

TABLES = (
    # Narrow, so that lists, counts, undo and the bin never touch the bodies.
    """CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    position INTEGER NOT NULL,
    state INTEGER NOT NULL,
    split INTEGER NOT NULL,
    title TEXT NOT NULL,
    n_messages INTEGER NOT NULL,
    n_blocking INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT""",
    """CREATE INDEX conversation_order
ON conversation (position, split, n_blocking) WHERE state = 0""",
    "CREATE INDEX conversation_leftover ON conversation (state) WHERE state >= 2",
    """CREATE TABLE body (
    id INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    line TEXT NOT NULL
) STRICT""",
    """CREATE TABLE token_count (
    id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    encoding TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (id, encoding)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL,
    source TEXT NOT NULL,
    merge_key TEXT NOT NULL,
    count INTEGER NOT NULL,
    at REAL NOT NULL,
    touched_at REAL NOT NULL,
    undone INTEGER NOT NULL
) STRICT""",
    "CREATE INDEX history_undone ON history (undone)",
    # One row for each run of ids to which the same thing happened.
    """CREATE TABLE change (
    history_id INTEGER NOT NULL REFERENCES history ON DELETE CASCADE,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    before ANY NOT NULL,
    after ANY NOT NULL
) STRICT""",
    "CREATE INDEX change_history ON change (history_id)",
    """CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE job (
    submission TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE job_event (
    number INTEGER PRIMARY KEY,
    submission TEXT NOT NULL REFERENCES job ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (submission, event_id)
) STRICT""",
    """CREATE TABLE document (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID""",
)


def create_tables(connection: sqlite3.Connection, version: int) -> None:
    """Make an empty database a project."""
    connection.execute("BEGIN")
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("COMMIT")


def refuse_active_content(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse triggers, views and virtual tables, which could act on their own.

    Raises ProjectError NOT_A_PROJECT: no version of the program makes any.
    """
    found = connection.execute(
        "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
        " OR (type = 'table' AND rootpage = 0)"
    ).fetchone()[0]
    if found:
        raise ProjectError(ProjectErrorKind.NOT_A_PROJECT, path, "triggers, views or modules")


def check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file whose tables are not ours to the letter. Raises ProjectError DAMAGED."""
    found = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    if sorted(sql for (sql,) in found) != sorted(TABLES):
        raise ProjectError(ProjectErrorKind.DAMAGED, path, "unexpected tables")
