"""What the list of conversations asks: order, rows, counts and one conversation."""

from array import array
from collections.abc import Iterator, Sequence

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.rules import Trait
from desktop_app.storage.project.applying import MOST_STARS
from desktop_app.storage.project.database import Database, Row
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind, as_project_error
from desktop_app.storage.project.filters import NOT_ACCEPTED, ORDERS, conditions
from desktop_app.storage.project.instructions import TAGS, applier
from desktop_app.storage.project.rows import ConversationRow, Counts, Facets, Filter, Split

TITLE_LENGTH = 200

_ROWS = f"""SELECT id, substr(title, 1, :title_length), n_messages, split, n_blocking,
(SELECT tokens FROM token_count t WHERE t.id = conversation.id AND t.encoding = :encoding),
n_characters, traits, n_advice, {TAGS}, min(max(rating, 0), {MOST_STARS}),
coalesce((SELECT language FROM review r WHERE r.id = conversation.id), ''),
coalesce((SELECT name FROM source s WHERE s.id = conversation.source), ''), source_row
FROM conversation WHERE id IN (SELECT value FROM json_each(:ids)) AND state <= 1"""  # noqa: S608  # text of ours

OF_EACH_TAG = (
    "SELECT name, count(*) AS n FROM conversation_tag t JOIN tag ON tag.id = tag_id"
    " JOIN conversation c ON c.id = t.conversation_id WHERE state = 0 GROUP BY tag.id"
)
OF_EACH_LANGUAGE = (
    "SELECT language AS name, count(*) AS n FROM review JOIN conversation USING (id)"
    " WHERE state = 0 AND language != '' GROUP BY language"
)
"""How many conversations have each, in SQL."""


def ids(database: Database, where: Filter) -> "array[int]":
    """Return all ids of a filter without text, in the order asked for."""
    asked = conditions(where)
    # One JSON list crosses into Python a good deal faster than a row for each id.
    row = database.row(
        "SELECT json_group_array(id) FROM (SELECT id FROM conversation"  # noqa: S608  # pieces of ours
        f" WHERE {asked.sql} ORDER BY {ORDERS[where.sort]})",
        asked.parameters,
    )
    with as_project_error(database.path):
        return array("Q", msgspec.json.decode(row[0], type=list[int]) if row else ())


def rows(database: Database, wanted: Sequence[int], encoding: str) -> list[ConversationRow]:
    """Return the rows of the ids asked for, from the bin too, in that order.

    Ids that are not there are left out.
    """
    found = database.rows(
        _ROWS, {"title_length": TITLE_LENGTH, "encoding": encoding, "ids": id_list(wanted)}
    )
    by_id = {row[0]: _row(row) for row in found}
    return [by_id[id_] for id_ in wanted if id_ in by_id]


def _row(row: Row) -> ConversationRow:
    tags = tuple(sorted(msgspec.json.decode(row[9], type=list[str])))
    fields: Row = (*row[:3], Split(bool(row[3])), *row[4:9], tags, *row[10:])
    return ConversationRow(*fields)


def id_list(wanted: Sequence[int]) -> str:
    """Return ids as JSON, which passes any number of them as one parameter."""
    return msgspec.json.encode(list(wanted)).decode()


def counts(database: Database, refused_traits: int) -> Counts:
    """Count the conversations of each kind; a problem is what blocks, or one of the traits."""
    row = database.row(
        "SELECT count(*), coalesce(sum(split = 1), 0),"
        " coalesce(sum(n_blocking > 0 OR (traits & ?) != 0), 0), coalesce(sum(n_advice > 0), 0),"
        " (SELECT count(*) FROM conversation WHERE state > 0 AND state = 1),"
        " coalesce(sum(split != 1 AND (traits & ?) != 0), 0)"
        " FROM conversation WHERE state = 0",
        (refused_traits, int(Trait.PREFERENCE)),
    )
    total, test, problems, advice, binned, preference = row or (0, 0, 0, 0, 0, 0)
    return Counts(total, total - test, test, problems, advice, binned, preference)


def facets(database: Database) -> Facets:
    """Return what the conversations that are live can be filtered by."""
    return Facets(
        tags=_facet(database, OF_EACH_TAG),
        languages=_facet(database, OF_EACH_LANGUAGE),
        sources=_facet(
            database,
            "SELECT name, n FROM (SELECT source, count(*) AS n FROM conversation"
            " WHERE state = 0 GROUP BY source) JOIN source ON source.id = source",
        ),
        codes=_facet(
            database,
            "SELECT code AS name, count(*) AS n FROM advice a JOIN conversation USING (id)"  # noqa: S608  # text of ours
            f" WHERE state = 0 AND {NOT_ACCEPTED} GROUP BY code",
        ),
    )


def _facet(database: Database, sql: str) -> tuple[tuple[str, int], ...]:
    return tuple(database.rows(f"{sql} ORDER BY n DESC, name"))


def most_conversations(database: Database) -> int:
    """Return a number that the conversations are not more than, found at once."""
    row = database.row("SELECT max(id) FROM conversation")
    return (row and row[0]) or 0


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


def as_trained(database: Database, split: Split | None) -> Iterator[tuple[int, Conversation]]:
    """Yield all conversations with the shared instructions before them, as they are trained on."""
    apply = applier(database)
    for id_, text, tags in database.stream(
        f"SELECT id, line, {TAGS} FROM conversation JOIN body USING (id) WHERE state = 0"  # noqa: S608  # text of ours
        " AND (?1 IS NULL OR split = ?1) ORDER BY position, id",
        (split,),
    ):
        yield id_, apply(parsed(database, id_, text), tags)


def parsed(database: Database, id_: int, text: str) -> Conversation:
    """Return the conversation of a stored line. Raises ProjectError DAMAGED."""
    try:
        return parse_line(text)
    except LineError as error:
        detail = f"conversation {id_}: {error.reason}"
        raise ProjectError(ProjectErrorKind.DAMAGED, database.path, detail) from error
