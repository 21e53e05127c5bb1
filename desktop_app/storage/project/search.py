"""Looking for words in all texts: a scan, which works in every script and needs no index."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from desktop_app.storage.project import listing
from desktop_app.storage.project.database import Database, interruptible
from desktop_app.storage.project.filters import conditions
from desktop_app.storage.project.folding import fold
from desktop_app.storage.project.needle import NOWHERE, line_match
from desktop_app.storage.project.rows import Filter, Sort
from desktop_app.storage.project.scan import Parameters, Scan, scanned

PIECE = 4000
"""Conversations: a few milliseconds."""

_TEXTS = (
    " LEFT JOIN folded ON folded.id = CASE WHEN is_folded THEN conversation.id END"
    " LEFT JOIN body ON body.id = CASE WHEN NOT is_folded THEN conversation.id END"
)
_IN_LIST_ORDER = (
    "SELECT json_group_array(id) FROM (SELECT conversation.id AS id FROM conversation"  # noqa: S608  # text of ours
    f"{_TEXTS} WHERE (position, conversation.id) > (:from_position, :from_id)"
    " AND (position, conversation.id) <= (:to_position, :to_id)"
    " AND %s AND %s ORDER BY position, conversation.id)"
)
_AS_GIVEN = (
    "SELECT json_group_array(id) FROM (SELECT conversation.id AS id"  # noqa: S608  # text of ours
    " FROM json_each(:ids) AS given"
    f" CROSS JOIN conversation ON conversation.id = given.value{_TEXTS}"
    " WHERE %s ORDER BY given.key)"
)
_LARGEST = (1 << 63) - 1

Stop = Callable[[], bool]


def search(database: Database, where: Filter, *, limit: int | None, stop: Stop) -> Iterator[int]:
    """Yield the ids of what matches, in the order asked for, until there are `limit`.

    `stop` is asked every few milliseconds while nothing is found, and else for each piece.
    """
    if where.in_bin or where.tag or where.language or where.code:
        found = _found_in_some(database, where, stop)
    elif where.sort is Sort.LIST:
        found = scanned(database, _list_scan(database, where), stop)
    else:
        found = _found_in_other_order(database, where, stop)
    try:
        yield from islice(found, limit)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise


def _found_in_some(database: Database, where: Filter, stop: Stop) -> Iterator[int]:
    """Find out first which are asked for beside the text."""
    with interruptible(database.connection, stop):
        ids = listing.ids(database, replace(where, text=""))
    yield from scanned(database, _scan_of(where, ids), stop)


def _found_in_other_order(database: Database, where: Filter, stop: Stop) -> Iterator[int]:
    """Look through what comes first in that order, then through the rest in the list's own.

    Texts lie in the file much as in the list: read in any other order, they take far longer.
    """
    with interruptible(database.connection, stop):
        ids = listing.ids(database, replace(where, text=""))
    yield from scanned(database, _scan_of(where, ids[:PIECE]), stop)
    if len(ids) > PIECE and not stop():
        found = frozenset(scanned(database, _list_scan(database, where), stop))
        yield from (id_ for id_ in ids[PIECE:] if id_ in found)


def _list_scan(database: Database, where: Filter) -> Scan:
    """Return a scan of the list, for conditions on what stands in the index of its order."""
    asked = conditions(where)
    matches, parameters = _matches(where.text)
    sql = _IN_LIST_ORDER % (asked.sql, matches)
    return Scan(sql, asked.parameters | parameters, _ranges(database))


def _scan_of(where: Filter, ids: Sequence[int]) -> Scan:
    """Return a scan of given conversations in the order given."""
    matches, parameters = _matches(where.text)
    return Scan(_AS_GIVEN % matches, parameters, _slices(ids))


def _matches(text: str) -> tuple[str, Parameters]:
    needle = fold(text)
    match = line_match(needle)
    if match == NOWHERE:
        return "is_folded AND instr(text, :needle)", {"needle": needle}
    sql = f"CASE WHEN is_folded THEN instr(text, :needle) {match.branches} END"
    return sql, {"needle": needle, **match.parameters}


def _ranges(database: Database) -> Iterator[Parameters]:
    position, id_ = -1, -1
    while position < _LARGEST:
        row = database.row(
            "SELECT position, id FROM conversation WHERE state = 0 AND (position, id) > (?, ?)"
            " ORDER BY position, id LIMIT 1 OFFSET ?",
            (position, id_, PIECE - 1),
        )
        begun = {"from_position": position, "from_id": id_}
        position, id_ = row or (_LARGEST, _LARGEST)
        yield {**begun, "to_position": position, "to_id": id_}


def _slices(ids: Sequence[int]) -> Iterator[Parameters]:
    for start in range(0, len(ids), PIECE):
        yield {"ids": listing.id_list(ids[start : start + PIECE])}
