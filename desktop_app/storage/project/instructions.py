"""System instructions that are written once: kept with the project, applied to what is trained."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind, as_project_error

KEY = "shared_instructions"

TAGS = (
    "(SELECT json_group_array(name) FROM conversation_tag t JOIN tag ON tag.id = t.tag_id"
    " WHERE t.conversation_id = conversation.id)"
)
"""The names of a conversation's tags as a JSON list, in SQL."""

Apply = Callable[[Conversation, str], Conversation]


def stored(connection: sqlite3.Connection) -> SharedInstructions:
    """Return what is kept. Raises ValueError for what is none."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (KEY,)).fetchone()
    return decoded(row[0] if row else "")


def instructions(database: Database) -> SharedInstructions:
    """Return what is kept. Raises ProjectError DAMAGED."""
    try:
        with as_project_error(database.path):
            return stored(database.connection)
    except ValueError as error:
        raise ProjectError(ProjectErrorKind.DAMAGED, database.path, KEY) from error


def applier(database: Database) -> Apply:
    """Return what makes a conversation, and its tags as JSON, what is trained on."""
    shared = instructions(database)
    if shared == SharedInstructions():
        return lambda conversation, _tags: conversation
    return lambda conversation, tags: shared.applied(conversation, json.loads(tags))


def encoded(shared: SharedInstructions) -> str:
    """Return what is stored; empty texts are left out."""
    by_tag = {tag: text for tag, text in shared.by_tag.items() if text}
    kept = SharedInstructions(shared.whole_project, by_tag).tidy()
    return msgspec.json.encode(kept).decode() if kept != SharedInstructions() else ""


def decoded(text: str) -> SharedInstructions:
    """Return instructions from what is stored. Raises ValueError."""
    if not text:
        return SharedInstructions()
    return msgspec.json.decode(text, type=SharedInstructions)


def put(connection: sqlite3.Connection, text: str) -> None:
    """Store instructions, and drop the token counts, to which they belong. Raises ValueError."""
    decoded(text)
    connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (KEY, text))
    connection.execute("DELETE FROM token_count")


def drop_counts(connection: sqlite3.Connection, tag: str, runs: Iterable[tuple[int, int]]) -> None:
    """Forget the token counts of conversations whose instructions a tag may have changed."""
    # What is damaged is told by those who read it; nothing is counted with it.
    with suppress(ValueError):
        if tag in stored(connection).by_tag:
            sql = "DELETE FROM token_count WHERE id BETWEEN ? AND ?"
            connection.executemany(sql, runs)
