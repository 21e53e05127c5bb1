"""Named versions of the whole set: kept without texts, compared, and brought back."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.split import digest
from desktop_app.storage.project import history
from desktop_app.storage.project.applying import Field, Value
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import (
    ProjectError,
    ProjectErrorKind,
    as_project_error,
)
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import TITLE_LENGTH, id_list, parsed
from desktop_app.storage.project.rows import State, Version, VersionChange
from desktop_app.storage.project.snapshot import Facts, Snapshot, facts_of, packed, taken, unpacked

_VERSIONS = "SELECT id, name, at, conversations, test FROM version ORDER BY id DESC"
_NEWEST_FACTS = "SELECT facts FROM version ORDER BY id DESC LIMIT 1"


def save_version(database: Database, name: str, at: float) -> Version:
    """Keep the set as it is now; where the newest version is just that, return it instead."""

    def read() -> tuple[Snapshot, bytes, bool]:
        now = taken(database.connection)
        facts = packed(now)
        return now, facts, database.row(_NEWEST_FACTS) == (facts,)

    with database.transaction_after(read) as (connection, (now, facts, is_kept)):
        # Typing that went on would join the last step and write over a text that is kept here.
        connection.execute(
            "UPDATE history SET merge_key = '' WHERE id = (SELECT max(id) FROM history)"
        )
        if not is_kept:
            n, largest_id = len(now.conversations), max(now.conversations, default=0)
            connection.execute(
                "INSERT INTO version (name, at, conversations, test, largest_id, facts)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (name, at, n, now.n_test, largest_id, facts),
            )
        found = connection.execute(_VERSIONS).fetchone()
    return Version(*found)


def versions(database: Database) -> list[Version]:
    """Return all versions, the newest first."""
    return [Version(*row) for row in database.rows(_VERSIONS)]


def delete_version(database: Database, version_id: int) -> None:
    """Forget a version; no conversation changes."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM version WHERE id = ?", (version_id,))


def version_texts(database: Database, version_id: int | None, id_: int) -> Conversation | None:
    """Return a conversation as it was in a version, or is now; None if it is not in it.

    Raises KeyError for a version that is not there.
    """
    if version_id is None:
        row = database.row(
            "SELECT line FROM body JOIN conversation USING (id) WHERE id = ? AND state = 0", (id_,)
        )
        return parsed(database, id_, row[0]) if row else None
    facts = _kept(database, version_id).conversations.get(id_)
    return parsed(database, id_, _text(database, id_, facts.digest)) if facts else None


def compare(database: Database, old_id: int, new_id: int | None) -> list[VersionChange]:
    """Return what happened from one version to another, or to now, by ascending id.

    Raises KeyError for a version that is not there.
    """
    old = _kept(database, old_id).conversations
    new = (_now(database) if new_id is None else _kept(database, new_id)).conversations
    kinds: dict[int, str] = dict.fromkeys(old.keys() - new.keys(), "removed")
    for id_, facts in new.items():
        before = old.get(id_)
        if before is None:
            kinds[id_] = "added"
        elif before != facts:
            kinds[id_] = "changed" if before.digest != facts.digest else "moved"
    rows = database.rows(
        "SELECT id, substr(title, 1, ?) FROM conversation"
        " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (TITLE_LENGTH, id_list(list(kinds))),
    )
    return [VersionChange(id_, kinds[id_], title) for id_, title in rows]


def restore_version(database: Database, version_id: int, at: float) -> None:
    """Make the set what it was, as one step; what has come since goes into the bin.

    Raises KeyError for a version that is not there.
    """
    wanted = _kept(database, version_id)

    def read() -> list[Change]:
        return list(_steps_to(database, version_id, wanted))

    with database.transaction_after(read) as (connection, changes):
        try:
            history.make(connection, "version", changes, at=at)
        except (ValueError, LineError, sqlite3.IntegrityError) as error:
            raise _damaged(database, version_id) from error


def _steps_to(database: Database, version_id: int, wanted: Snapshot) -> Iterator[Change]:
    """Yield what makes the set of now another one."""
    connection = database.connection
    now = taken(connection)
    ids = wanted.conversations.keys()
    yield from _coming_and_going(connection, now.conversations.keys(), ids)
    facts = facts_of(connection, id_list(list(ids)))
    if facts.keys() != ids:
        raise _damaged(database, version_id)
    yield from _changes(database, facts, wanted.conversations)
    if now.instructions != wanted.instructions:
        yield Change(Field.INSTRUCTIONS, 0, -1, now.instructions, wanted.instructions)


def _now(database: Database) -> Snapshot:
    with as_project_error(database.path):
        return taken(database.connection)


def _kept(database: Database, version_id: int) -> Snapshot:
    row = database.row("SELECT facts FROM version WHERE id = ?", (version_id,))
    if row is None:
        raise KeyError(version_id)
    try:
        return unpacked(row[0])
    except ValueError as error:
        raise _damaged(database, version_id) from error


def _damaged(database: Database, version_id: int) -> ProjectError:
    return ProjectError(ProjectErrorKind.DAMAGED, database.path, f"version {version_id}")


def _text(database: Database, id_: int, wanted: int) -> str:
    """Return the text of a digest: the present one, or one that was written before or undone."""
    texts = database.stream(
        "SELECT line FROM body WHERE id = ?1 UNION ALL"
        " SELECT text FROM (SELECT after AS text, change.rowid AS number FROM change"
        " WHERE field = 'body' AND first_id = ?1 UNION ALL SELECT before, change.rowid FROM change"
        " WHERE field = 'body' AND first_id = ?1)",
        (id_,),
    )
    for (text,) in texts:
        if digest(text) == wanted:
            return str(text)
    raise ProjectError(ProjectErrorKind.DAMAGED, database.path, f"text of conversation {id_}")


def _coming_and_going(
    connection: sqlite3.Connection, now: AbstractSet[int], wanted: AbstractSet[int]
) -> Iterator[Change]:
    found = connection.execute(
        "SELECT id, state FROM conversation WHERE id IN (SELECT value FROM json_each(?))",
        (id_list(list(wanted - now)),),
    )
    yield from _grouped(Field.STATE, ((id_, state, State.LIVE) for id_, state in found))
    yield from _grouped(Field.STATE, ((id_, State.LIVE, State.BINNED) for id_ in now - wanted))


def _changes(
    database: Database, held: Mapping[int, Facts], wanted: Mapping[int, Facts]
) -> Iterator[Change]:
    """Yield what makes conversations from what they are what they are to be."""
    pairs = [(id_, held[id_], facts) for id_, facts in wanted.items() if held[id_] != facts]
    yield from _grouped(Field.SPLIT, ((id_, a.split, b.split) for id_, a, b in pairs))
    yield from _grouped(Field.RATING, ((id_, a.rating, b.rating) for id_, a, b in pairs))
    tags = [(id_, frozenset(a.tags), frozenset(b.tags)) for id_, a, b in pairs]
    yield from _grouped(Field.TAG, ((id_, tag, "") for id_, a, b in tags for tag in a - b))
    yield from _grouped(Field.TAG, ((id_, "", tag) for id_, a, b in tags for tag in b - a))
    for id_, a, b in pairs:
        if a.note != b.note:
            yield Change(Field.NOTE, id_, id_, a.note, b.note)
        if a.digest != b.digest:
            texts = _text(database, id_, a.digest), _text(database, id_, b.digest)
            yield Change(Field.BODY, id_, id_, *texts)


def _grouped(field: Field, changes: Iterable[tuple[int, Value, Value]]) -> Iterator[Change]:
    """Join the same change of conversations that follow one another; drop what is none."""
    by_values: dict[tuple[Value, Value], list[int]] = {}
    for id_, before, after in changes:
        if before != after:
            by_values.setdefault((before, after), []).append(id_)
    for values, ids in sorted(by_values.items()):
        for first, last in history.runs(ids):
            yield Change(field, first, last, *values)
