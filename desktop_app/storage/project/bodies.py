"""Writing conversations into the tables: the line itself and all that is derived from it."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import NamedTuple

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.checks import count_blocking
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import traits_of
from desktop_app.core.examples.split import digest
from desktop_app.storage.project.folding import folded
from desktop_app.storage.project.rows import Split, State

GAP = 1 << 32
"""Between the positions of neighbours: room for 32 insertions at the same place, 2^31 rows."""

ROWS_AT_ONCE = 50
"""In one statement. SQLite takes two thirds of the time for them that it takes for one by one."""

_INSERT_CONVERSATION = (
    "INSERT INTO conversation (id, position, state, split, source, source_row, rating,"
    " title, n_messages, n_characters, n_blocking, traits, digest, is_folded, edited_at, revision,"
    " n_advice) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
)
_INSERT_BODY = "INSERT INTO body (id, line) VALUES (?, ?)"
_INSERT_FOLDED = "INSERT INTO folded (id, text) VALUES (?, ?)"

_FORGET = (
    "DELETE FROM folded WHERE id = ?",
    "DELETE FROM token_count WHERE id = ?",
    "DELETE FROM review WHERE id = ?",
    "DELETE FROM advice WHERE id = ? AND NOT is_set_wide",
)

N_ADVICE = (
    "(SELECT count(*) FROM advice a WHERE a.id = conversation.id AND NOT EXISTS"
    " (SELECT 1 FROM accepted y WHERE y.id = a.id AND y.code = a.code))"
)
"""How many kinds of advice are found of a conversation and not accepted, in SQL."""

_UPDATE = (
    "UPDATE conversation SET title = ?, n_messages = ?, n_characters = ?, n_blocking = ?,"  # noqa: S608  # text of ours
    " traits = ?, digest = ?, is_folded = ?, edited_at = ?, revision = revision + 1,"
    f" n_advice = {N_ADVICE} WHERE id = ?"
)

# One look at the end of an index for each state; over all at once it would be a scan.
_LAST_POSITION = """SELECT max(last) FROM (
SELECT max(position) AS last FROM conversation WHERE state = 0 UNION ALL
SELECT max(position) FROM conversation WHERE state > 0 AND state = 1 UNION ALL
SELECT max(position) FROM conversation WHERE state > 0 AND state = 2 UNION ALL
SELECT max(position) FROM conversation WHERE state > 0 AND state = 3)"""


class Derived(NamedTuple):
    """What is kept beside a line; `folded` is what a search looks through, None for the line."""

    folded: str | None
    title: str
    n_messages: int
    n_characters: int
    n_blocking: int
    traits: int
    digest: int


class Written(NamedTuple):
    """What is stored of a conversation."""

    line: str
    derived: Derived


Stored = tuple[str, tuple[str | None, str, int, int, int, int, int]]
"""What `Written` holds, as plain tuples: they take a third of the time to make, less to pass on."""


class Origin(NamedTuple):
    """Where a conversation came from (`source_id`, and its row there), and its stars."""

    source: int = 0
    source_row: int = 0
    rating: int = 0


UNKNOWN_ORIGIN = Origin()


def written(conversation: Conversation) -> Written:
    """Return what is stored of a conversation."""
    text, derived = stored(conversation)
    return Written(text, Derived(*derived))


def stored(conversation: Conversation) -> Stored:
    """Return what is stored of a conversation, for many of them."""
    text = line(conversation)
    messages = conversation.all_messages
    return text, (
        folded(conversation, text),
        conversation.title,
        len(messages),
        _n_characters(messages),
        count_blocking(conversation),
        int(traits_of(conversation)),
        digest(text),
    )


def n_characters(conversation: Conversation) -> int:
    """Return how long all texts are together, what is given to tools among them."""
    return _n_characters(conversation.all_messages)


def _n_characters(messages: Iterable[Message]) -> int:
    n = 0
    for message in messages:
        content = message.content
        n += len(content) if isinstance(content, str) else len(message.text)
        if message.tool_calls:
            n += sum(len(call.function.arguments) for call in message.tool_calls)
    return n


def source_id(connection: sqlite3.Connection, name: str) -> int:
    """Return the number of a source's name, 0 for none."""
    if not name:
        return 0
    connection.execute("INSERT OR IGNORE INTO source (name) VALUES (?)", (name,))
    row = connection.execute("SELECT id FROM source WHERE name = ?", (name,)).fetchone()
    id_: int = row[0]
    return id_


def insert(
    connection: sqlite3.Connection,
    new: Sequence[Stored],
    *,
    state: State,
    splits: Iterable[Split | bool],
    positions: Iterable[int],
    at: float = 0.0,
    origins: Iterable[tuple[int, int, int]] = repeat(UNKNOWN_ORIGIN),
) -> range:
    """Add rows and return their ids, which follow one another.

    Rows that are STAGED have the revision 0: that tells them from all that was ever seen.
    """
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'conversation'")
    first = (row.fetchone() or (0,))[0] + 1
    ids = range(first, first + len(new))
    rows: list[object] = []
    bodies: list[object] = []
    folded_texts: list[object] = []
    revision = int(state is not State.STAGED)
    number = int(state)
    for id_, position, split, origin, (text, derived) in zip(
        ids, positions, splits, origins, new, strict=False
    ):
        rows += (id_, position, number, int(split), *origin, *derived[1:])
        rows += (derived[0] is not None, at, revision)
        bodies += (id_, text)
        if derived[0] is not None:
            folded_texts += (id_, derived[0])
    _insert_rows(connection, _INSERT_CONVERSATION, rows)
    _insert_rows(connection, _INSERT_BODY, bodies)
    _insert_rows(connection, _INSERT_FOLDED, folded_texts)
    return ids


def _insert_rows(connection: sqlite3.Connection, sql: str, values: list[object]) -> None:
    """Run an insertion of one row as often as there are values for it."""
    one = sql[sql.rindex("(") :]
    width = one.count("?")
    many = width * ROWS_AT_ONCE
    whole = len(values) // many * many
    if whole:
        together = sql + f", {one}" * (ROWS_AT_ONCE - 1)
        for start in range(0, whole, many):
            connection.execute(together, values[start : start + many])
    connection.executemany(
        sql, (values[start : start + width] for start in range(whole, len(values), width))
    )


def overwrite(
    connection: sqlite3.Connection, new: Iterable[tuple[int, Written]], at: float
) -> None:
    """Put other lines in place; what was found out about the old ones is dropped.

    Advice that a whole set gave stays until the set is looked through again.
    """
    for id_, (text, derived) in new:
        connection.execute("UPDATE body SET line = ? WHERE id = ?", (text, id_))
        for statement in _FORGET:
            connection.execute(statement, (id_,))
        if derived.folded is not None:
            connection.execute("INSERT INTO folded VALUES (?, ?)", (id_, derived.folded))
        connection.execute(_UPDATE, (*derived[1:], derived.folded is not None, at, id_))


def positions(connection: sqlite3.Connection, n: int, after: int | None) -> Sequence[int]:
    """Return n positions behind a conversation, or at the end; others move if there is no room."""
    if after is not None:
        between = _between(connection, n, after)
        if between is None:
            _spread_out(connection)
            between = _between(connection, n, after)
        if between:
            return between
    last = last_position(connection)
    return range(last + GAP, last + GAP * (n + 1), GAP)


def last_position(connection: sqlite3.Connection) -> int:
    """Return the position of the last conversation of any state, 0 if there is none."""
    last: int = connection.execute(_LAST_POSITION).fetchone()[0] or 0
    return last


def _between(connection: sqlite3.Connection, n: int, after: int) -> Sequence[int] | None:
    """Return evenly spread positions; None if there is no room, () if `after` is the last."""
    row = connection.execute("SELECT position FROM conversation WHERE id = ?", (after,)).fetchone()
    if row is None:
        return ()
    start = row[0]
    # One question for each of the two indexes: asked of all states at once, it is a scan.
    found = connection.execute(
        "SELECT min(position) FROM conversation WHERE (position, id) > (?1, ?2) AND state = 0"
        " UNION ALL"
        " SELECT min(position) FROM conversation WHERE (position, id) > (?1, ?2) AND state > 0",
        (start, after),
    ).fetchall()
    ends = [end for (end,) in found if end is not None]
    if not ends:
        return ()
    step = (min(ends) - start) // (n + 1)
    return range(start + step, start + step * (n + 1), step) if step else None


def _spread_out(connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE conversation SET position = ranked.place * ? FROM"
        " (SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM conversation)"
        " AS ranked WHERE ranked.id = conversation.id",
        (GAP,),
    )
