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
    n_characters INTEGER NOT NULL,
    n_blocking INTEGER NOT NULL,
    n_advice INTEGER NOT NULL,
    traits INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    is_folded INTEGER NOT NULL,
    source INTEGER NOT NULL,
    source_row INTEGER NOT NULL,
    edited_at REAL NOT NULL,
    digest INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT""",
    # All that lists are counted, filtered and sorted by, but for titles and times.
    """CREATE INDEX conversation_order ON conversation (position, id, split, n_blocking, n_advice,
traits, rating, is_folded, source, n_characters) WHERE state = 0""",
    "CREATE INDEX conversation_away ON conversation (state, position) WHERE state > 0",
    # Of what was undone: each edit removes some, of which a version may keep very many.
    "CREATE INDEX conversation_absent ON conversation (id) WHERE state = 2",
    """CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT""",
    """CREATE TABLE body (
    id INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    line TEXT NOT NULL
) STRICT""",
    # What a search looks through in place of a line that is more than plain words in ASCII.
    """CREATE TABLE folded (
    id INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT""",
    """CREATE TABLE tag (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT""",
    """CREATE TABLE conversation_tag (
    conversation_id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag,
    PRIMARY KEY (conversation_id, tag_id)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX conversation_tag_by_tag ON conversation_tag (tag_id, conversation_id)",
    """CREATE TABLE note (
    id INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT""",
    # What looking through a conversation's present text found.
    """CREATE TABLE review (
    id INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
    language TEXT NOT NULL,
    question INTEGER NOT NULL,
    reply INTEGER NOT NULL,
    instructions INTEGER NOT NULL
) STRICT""",
    """CREATE TABLE advice (
    id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    code TEXT NOT NULL,
    is_set_wide INTEGER NOT NULL,
    PRIMARY KEY (id, code)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX advice_by_code ON advice (code, id)",
    """CREATE TABLE accepted (
    id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    code TEXT NOT NULL,
    PRIMARY KEY (id, code)
) STRICT, WITHOUT ROWID""",
    # `facts` tells of each conversation what it was; the texts are in the bodies and the history.
    """CREATE TABLE version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    at REAL NOT NULL,
    conversations INTEGER NOT NULL,
    test INTEGER NOT NULL,
    largest_id INTEGER NOT NULL,
    facts BLOB NOT NULL
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
    "CREATE INDEX change_field ON change (field, first_id)",
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
