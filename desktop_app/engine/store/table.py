"""Records of one kind: immutable structs kept as JSON, in the order in which they came."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from desktop_app.engine.store.database import StoreError

log = logging.getLogger(__name__)


class Identified(Protocol):
    """What a record must have."""

    @property
    def id(self) -> str:
        """Its name, unique within its kind."""
        ...


_BODY = "CAST(body AS BLOB)"
"""As bytes: a text that is no UTF-8 any more would fail the query for every row."""
MANY = 2**31
"""More records than there can be."""

R = TypeVar("R", bound=Identified)


@dataclass(frozen=True)
class Page(Generic[R]):
    """A stretch of a list."""

    items: list[R]
    has_more: bool


class UnknownIdError(Exception):
    """No record of this kind has this id."""

    def __init__(self, kind: str, record_id: str, *, param: str = "id") -> None:
        super().__init__(f"no {kind} has this id")
        self.kind = kind
        self.record_id = record_id
        self.param = param


class Table(Generic[R]):
    """The records of one kind, each belonging to an owner ('' if to nobody)."""

    def __init__(self, kind: str, record_type: type[R]) -> None:
        self.kind = kind
        self._type = record_type

    def add(self, connection: sqlite3.Connection, record: R, owner: str = "") -> bool:
        """Append a record; False, changing nothing, if its id is there already."""
        cursor = connection.execute(
            "INSERT OR IGNORE INTO records (kind, id, owner, body) VALUES (?, ?, ?, ?)",
            (self.kind, record.id, owner, msgspec.json.encode(record).decode()),
        )
        return cursor.rowcount == 1

    def get(self, connection: sqlite3.Connection, record_id: str) -> R:
        """Return a record. Raises UnknownIdError, and StoreError for one that is damaged."""
        row = connection.execute(
            f"SELECT {_BODY} FROM records WHERE kind = ? AND id = ?",  # noqa: S608  # fixed texts
            (self.kind, record_id),
        ).fetchone()
        if row is None:
            raise UnknownIdError(self.kind, record_id)
        for record in self._decoded([row]):
            return record
        raise StoreError(f"a {self.kind} in it is damaged")

    def replace(self, connection: sqlite3.Connection, record: R) -> None:
        """Put a record in the place of the one with its id."""
        connection.execute(
            "UPDATE records SET body = ? WHERE kind = ? AND id = ?",
            (msgspec.json.encode(record).decode(), self.kind, record.id),
        )

    def delete(self, connection: sqlite3.Connection, record_id: str) -> None:
        """Remove a record. Raises UnknownIdError."""
        cursor = connection.execute(
            "DELETE FROM records WHERE kind = ? AND id = ?", (self.kind, record_id)
        )
        if cursor.rowcount == 0:
            raise UnknownIdError(self.kind, record_id)

    def delete_owned(self, connection: sqlite3.Connection, owner: str) -> None:
        """Remove every record of an owner."""
        connection.execute("DELETE FROM records WHERE kind = ? AND owner = ?", (self.kind, owner))

    def expired(self, connection: sqlite3.Connection, now: int) -> list[R]:
        """Return the records whose `expires_at` has come."""
        rows = connection.execute(
            f"SELECT {_BODY} FROM records WHERE kind = ?"  # noqa: S608  # fixed texts
            " AND json_extract(body, '$.expires_at') <= ?",
            (self.kind, now),
        ).fetchall()
        return list(self._decoded(rows))

    def ids(self, connection: sqlite3.Connection) -> set[str]:
        """Return every id, also of records that are damaged."""
        rows = connection.execute("SELECT id FROM records WHERE kind = ?", (self.kind,))
        return {record_id for (record_id,) in rows}

    def all(self, connection: sqlite3.Connection, owner: str | None = None) -> list[R]:
        """Return the records of an owner, or of everybody, oldest first."""
        return self.page(connection, owner=owner, limit=MANY, newest_first=False).items

    def page(
        self,
        connection: sqlite3.Connection,
        *,
        limit: int,
        owner: str | None = None,
        after: str | None = None,
        newest_first: bool = True,
        where: Mapping[str, str] | None = None,
    ) -> Page[R]:
        """Return up to `limit` records, of an owner or of everybody, behind the one named `after`.

        `where` holds pairs that must be in the record's `metadata`; if it is empty, there must be
        none. Raises UnknownIdError.
        """
        conditions = ""
        values: list[object] = [self.kind]
        if owner is not None:
            conditions += " AND owner = ?"
            values.append(owner)
        if where is not None and not where:
            conditions += _NO_METADATA
        for key, value in (where or {}).items():
            conditions += _METADATA_CONDITION
            values += [key, value]
        if after is not None:
            conditions += " AND seq < ?" if newest_first else " AND seq > ?"
            values.append(self._position(connection, after))
        order = "DESC" if newest_first else "ASC"
        rows = connection.execute(
            f"SELECT {_BODY} FROM records WHERE kind = ?{conditions}"  # noqa: S608  # fixed texts
            f" ORDER BY seq {order} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        return Page(list(self._decoded(rows[:limit])), has_more=len(rows) > limit)

    def _decoded(self, rows: Iterable[tuple[bytes]]) -> Iterable[R]:
        """Yield the records in rows; one that is damaged must not take the others with it."""
        for (body,) in rows:
            try:
                yield msgspec.json.decode(body, type=self._type)
            except (msgspec.DecodeError, UnicodeDecodeError):
                log.error("a damaged %s is left out", self.kind)

    def _position(self, connection: sqlite3.Connection, record_id: str) -> int:
        row = connection.execute(
            "SELECT seq FROM records WHERE kind = ? AND id = ?", (self.kind, record_id)
        ).fetchone()
        if row is None:
            raise UnknownIdError(self.kind, record_id, param="after")
        return int(row[0])


_METADATA_CONDITION = (
    " AND EXISTS (SELECT 1 FROM json_each(records.body, '$.metadata')"
    " WHERE json_each.key = ? AND json_each.value = ?)"
)

_NO_METADATA = " AND NOT EXISTS (SELECT 1 FROM json_each(records.body, '$.metadata'))"
