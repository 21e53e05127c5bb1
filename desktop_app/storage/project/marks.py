"""What is said of conversations: tags, stars, notes, and advice that is fine as it is."""

from collections.abc import Iterable, Sequence

import msgspec

from desktop_app.core.examples.chat_jsonl import whole_characters
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project import history, instructions
from desktop_app.storage.project.applying import MOST_STARS, Field, Value
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import id_list

_TAGGED = "SELECT conversation_id FROM conversation_tag JOIN tag ON tag.id = tag_id WHERE name = ?"


def set_tag(database: Database, ids: Sequence[int], tag: str, *, on: bool, at: float) -> None:
    """Put a tag on conversations that are live, or take it off. Raises ValueError for ''."""
    if not tag:
        raise ValueError("a tag has a name")
    tag = whole_characters(tag)
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT id FROM conversation WHERE id IN (SELECT value FROM json_each(?))"
            " AND state = 0 AND ? = NOT EXISTS (SELECT 1 FROM conversation_tag"
            " WHERE conversation_id = conversation.id"
            " AND tag_id = (SELECT id FROM tag WHERE name = ?))",
            (id_list(ids), on, tag),
        )
        history.make(connection, "tag", _switched(Field.TAG, found, tag, on=on), at=at)


def rename_tag(database: Database, old: str, new: str, at: float) -> None:
    """Give a tag another name, that of another tag too, which it then becomes part of.

    The instructions of the tag go with it, unless the other has its own.
    """
    if not new:
        raise ValueError("a tag has a name")
    old, new = whole_characters(old), whole_characters(new)
    if old == new:
        return
    shared = instructions.instructions(database)
    with database.transaction() as connection:
        gone = connection.execute(_TAGGED, (old,)).fetchall()
        come = connection.execute(f"{_TAGGED} EXCEPT {_TAGGED}", (old, new)).fetchall()
        changes = [
            *_switched(Field.TAG, come, new, on=True),
            *_switched(Field.TAG, gone, old, on=False),
            *_renamed_instructions(shared, old, new),
        ]
        history.make(connection, "tag", changes, at=at)


def tags(database: Database) -> tuple[str, ...]:
    """Return the tags of conversations that are live, in the order of the alphabet.

    Counts nothing: one conversation of each is found, however many there are.
    """
    rows = database.rows(
        "SELECT name FROM tag WHERE EXISTS (SELECT 1 FROM conversation_tag"
        " JOIN conversation ON conversation.id = conversation_id"
        " WHERE tag_id = tag.id AND state = 0) ORDER BY name"
    )
    return tuple(name for (name,) in rows)


def set_rating(database: Database, ids: Sequence[int], stars: int, at: float) -> None:
    """Give conversations that are live 1 to 5 stars, or none. Raises ValueError."""
    if not 0 <= stars <= MOST_STARS:
        raise ValueError(f"{stars} stars")
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT rating, id FROM conversation"
            " WHERE id IN (SELECT value FROM json_each(?)) AND state = 0 AND rating != ?",
            (id_list(ids), stars),
        ).fetchall()
        changes = [
            Change(Field.RATING, first, last, before, stars)
            for before in sorted({before for before, _ in found})
            for first, last in history.runs(id_ for held, id_ in found if held == before)
        ]
        history.make(connection, "rate", changes, at=at)


def note(database: Database, id_: int) -> str:
    """Return the note on a conversation, '' if there is none."""
    row = database.row("SELECT text FROM note WHERE id = ?", (id_,))
    return row[0] if row else ""


def set_note(database: Database, id_: int, text: str, at: float) -> None:
    """Write a note on a conversation, '' for none. Raises KeyError."""
    before, text = note(database, id_), whole_characters(text)
    if text == before:
        return
    with database.transaction() as connection:
        if not connection.execute("SELECT 1 FROM conversation WHERE id = ?", (id_,)).fetchone():
            raise KeyError(id_)
        change = Change(Field.NOTE, id_, id_, before, text)
        history.make(connection, "note", [change], at=at, merge_key=f"note:{id_}")


def accept(database: Database, ids: Sequence[int], code: str, *, on: bool, at: float) -> None:
    """Say that advice of a kind is not to be followed here, or take that back."""
    with database.transaction() as connection:
        found = connection.execute(
            "SELECT id FROM conversation WHERE id IN (SELECT value FROM json_each(?))"
            " AND state = 0 AND ? = NOT EXISTS"
            " (SELECT 1 FROM accepted y WHERE y.id = conversation.id AND y.code = ?)",
            (id_list(ids), on, code),
        )
        history.make(connection, "accept", _switched(Field.ACCEPTED, found, code, on=on), at=at)


def accepted(database: Database, id_: int) -> frozenset[str]:
    """Return the kinds of advice that are not to be followed."""
    return frozenset(
        code for (code,) in database.rows("SELECT code FROM accepted WHERE id = ?", (id_,))
    )


def set_instructions(database: Database, shared: SharedInstructions, at: float) -> None:
    """Keep the instructions of the project and its tags."""
    text = instructions.encoded(shared)
    before = instructions.encoded(instructions.instructions(database))
    if text == before:
        return
    with database.transaction() as connection:
        change = _instructions_change(before, text)
        history.make(connection, "instructions", [change], at=at, merge_key="instructions")


def _switched(field: Field, found: Iterable[tuple[int]], name: str, *, on: bool) -> list[Change]:
    values: tuple[Value, Value] = ("", name) if on else (name, "")
    return [
        Change(field, first, last, *values) for first, last in history.runs(id_ for (id_,) in found)
    ]


def _renamed_instructions(shared: SharedInstructions, old: str, new: str) -> list[Change]:
    if old not in shared.by_tag:
        return []
    by_tag = {new: shared.by_tag[old]} | shared.by_tag
    del by_tag[old]
    renamed = msgspec.structs.replace(shared, by_tag=by_tag)
    return [_instructions_change(instructions.encoded(shared), instructions.encoded(renamed))]


def _instructions_change(before: str, after: str) -> Change:
    return Change(Field.INSTRUCTIONS, 0, -1, before, after)
