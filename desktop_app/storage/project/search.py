"""Looking for words in all messages: a scan, which works in every script and needs no index."""

import sqlite3
import unicodedata
from collections.abc import Callable, Iterator

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.rows import Filter

STEPS_BETWEEN_STOPS = 5_000
"""SQLite's own steps, some hundreds of conversations."""

LONGEST_PATTERN = 10_000
"""Bytes; SQLite refuses patterns above 50,000."""

# SQLite tests LIKE quickly, but knows the case of ASCII only; what is not ASCII (fewer characters
# than bytes) may still fold to it.
_SEARCH = """SELECT id FROM conversation JOIN body USING (id)
WHERE state = 0 AND (?1 IS NULL OR split = ?1) AND (NOT ?2 OR n_blocking > 0)
AND (line LIKE ?3 ESCAPE '\\' OR length(line) < length(CAST(line AS BLOB)))
AND has_words(line, ?4) ORDER BY position, id LIMIT ?5"""


def fold(text: str) -> str:
    """Return text without the differences of case and width (Unicode 15.0, D147, NFKC)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def prepare(connection: sqlite3.Connection) -> None:
    """Teach a connection what the search asks of each line that may match."""
    connection.create_function("has_words", 2, _has_words, deterministic=True)


def search(
    database: Database, where: Filter, *, limit: int | None, stop: Callable[[], bool]
) -> Iterator[int]:
    """Yield the ids of what matches, in the order of the list, until there are `limit`."""
    needle = fold(where.text)
    limit_or_all = -1 if limit is None else limit
    cursor = database.stream(
        _SEARCH,
        (where.split, where.problems_only, _pattern(needle), needle, limit_or_all),
    )
    database.connection.set_progress_handler(stop, STEPS_BETWEEN_STOPS)
    try:
        for (id_,) in cursor:
            yield id_
            if stop():
                return
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
    finally:
        database.connection.set_progress_handler(None, 0)


def _pattern(needle: str) -> str:
    """Return what every ASCII line with the needle is like: a line is JSON, as written here."""
    if not needle.isascii():
        return ""
    pattern = msgspec.json.encode(needle).decode()[1:-1]
    for special in "\\%_":
        pattern = pattern.replace(special, "\\" + special)
    return f"%{pattern}%" if len(pattern) <= LONGEST_PATTERN else "%"


def _has_words(line: str, needle: str) -> bool:
    try:
        return any(needle in fold(message.text) for message in parse_line(line).messages)
    except LineError:
        return False
