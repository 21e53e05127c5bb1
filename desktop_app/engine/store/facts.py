"""Single values that the service remembers."""

from desktop_app.engine.store.database import Database


def fact(database: Database, key: str) -> str | None:
    """Return a remembered value."""
    with database.reading() as connection:
        row = connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_fact(database: Database, key: str, value: str) -> None:
    """Remember a value."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)",
            (key, value),
        )
