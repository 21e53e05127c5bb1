"""Settings of a project, and texts that the program keeps with it: chats, evaluations."""

from desktop_app.storage.project.database import Database
from desktop_app.storage.project.rows import Document


def setting(database: Database, key: str, default: str) -> str:
    """Return what is kept under a key."""
    row = database.row("SELECT value FROM setting WHERE key = ?", (key,))
    return row[0] if row else default


def set_setting(database: Database, key: str, value: str) -> None:
    """Keep a value; not part of undo."""
    with database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))


def save_document(
    database: Database, kind: str, id_: str, title: str, body: str, at: float
) -> None:
    """Keep a text, in place of the one of the same kind and id; that one's time stays."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET title = excluded.title, body = excluded.body",
            (kind, id_, title, at, body),
        )


def documents(database: Database, kind: str) -> list[Document]:
    """Return all texts of a kind, the newest first."""
    rows = database.rows(
        "SELECT id, title, created_at, body FROM document WHERE kind = ?"
        " ORDER BY created_at DESC, id",
        (kind,),
    )
    return [Document(*row) for row in rows]


def delete_document(database: Database, kind: str, id_: str) -> None:
    """Remove a text."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM document WHERE kind = ? AND id = ?", (kind, id_))
