"""What the list of conversations asks: order, rows, counts and one conversation."""

from array import array
from collections.abc import Iterator, Sequence

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.rows import ConversationRow, Counts, Filter, Split

TITLE_LENGTH = 200


def ids(database: Database, where: Filter) -> "array[int]":
    """Return all ids of a filter without text, in the order of the list."""
    # One JSON list crosses into Python a good deal faster than a row for each id.
    row = database.row(
        "SELECT json_group_array(id) FROM (SELECT id FROM conversation WHERE state = 0"
        " AND (?1 IS NULL OR split = ?1) AND (NOT ?2 OR n_blocking > 0) ORDER BY position, id)",
        (where.split, where.problems_only),
    )
    return array("Q", msgspec.json.decode(row[0], type=list[int]) if row else ())


def rows(database: Database, wanted: Sequence[int], encoding: str) -> list[ConversationRow]:
    """Return the rows of the ids asked for, in that order; ids that are not there are left out."""
    found = database.rows(
        "SELECT id, substr(title, 1, ?), n_messages, split, n_blocking,"
        " (SELECT tokens FROM token_count t WHERE t.id = conversation.id AND t.encoding = ?)"
        " FROM conversation WHERE id IN (SELECT value FROM json_each(?)) AND state = 0",
        (TITLE_LENGTH, encoding, id_list(wanted)),
    )
    by_id = {
        id_: ConversationRow(id_, title, messages, Split(bool(split)), blocking, tokens)
        for id_, title, messages, split, blocking, tokens in found
    }
    return [by_id[id_] for id_ in wanted if id_ in by_id]


def id_list(wanted: Sequence[int]) -> str:
    """Return ids as JSON, which passes any number of them as one parameter."""
    return msgspec.json.encode(list(wanted)).decode()


def counts(database: Database) -> Counts:
    """Count the conversations of each kind."""
    row = database.row(
        "SELECT count(*), coalesce(sum(split = 1), 0), coalesce(sum(n_blocking > 0), 0)"
        " FROM conversation WHERE state = 0"
    )
    total, test, problems = row or (0, 0, 0)
    return Counts(total, total - test, test, problems)


def is_live(database: Database, id_: int) -> bool:
    """Whether a conversation is there, neither in the bin nor undone."""
    return bool(database.row("SELECT 1 FROM conversation WHERE id = ? AND state = 0", (id_,)))


def conversation(database: Database, id_: int) -> Conversation:
    """Return a conversation, from the bin as well. Raises KeyError, ProjectError DAMAGED."""
    row = database.row("SELECT line FROM body WHERE id = ?", (id_,))
    if row is None:
        raise KeyError(id_)
    return parsed(database, id_, row[0])


def conversations(database: Database, split: Split | None) -> Iterator[tuple[int, Conversation]]:
    """Yield all conversations in the order of the list, as of when this was begun."""
    for id_, text in database.stream(
        "SELECT id, line FROM conversation JOIN body USING (id) WHERE state = 0"
        " AND (?1 IS NULL OR split = ?1) ORDER BY position, id",
        (split,),
    ):
        yield id_, parsed(database, id_, text)


def parsed(database: Database, id_: int, text: str) -> Conversation:
    """Return the conversation of a stored line. Raises ProjectError DAMAGED."""
    try:
        return parse_line(text)
    except LineError as error:
        detail = f"conversation {id_}: {error.reason}"
        raise ProjectError(ProjectErrorKind.DAMAGED, database.path, detail) from error
