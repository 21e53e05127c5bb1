"""What a set of conversations is at one moment, but for the texts: those are found by digest."""

import sqlite3
import zlib

import msgspec
from msgspec import Struct

from desktop_app.storage.project import instructions

COMPRESSION = 1
"""Of zlib. Digests do not compress at all, and the rest does at any level."""

LARGEST = 1 << 28
"""Bytes of a snapshot; a million conversations with tags have some 60 MB. A file that comes from
somebody else may hold a few kilobytes that would fill the memory."""

_ASKED = "iif(?1 IS NULL, state = 0, conversation.id IN (SELECT value FROM json_each(?1)))"

# A JSON list crosses into Python a good deal faster than a row for each conversation.
_CONVERSATIONS = (
    "SELECT json_group_array(json_array(id, json_array(digest, split, rating)))"  # noqa: S608  # text of ours
    f" FROM (SELECT id, digest, split, rating FROM conversation WHERE {_ASKED} ORDER BY id)"
)
_TAGS = (
    "SELECT conversation_id, name FROM conversation_tag JOIN tag ON tag.id = tag_id"  # noqa: S608  # text of ours
    f" JOIN conversation ON conversation.id = conversation_id WHERE {_ASKED} ORDER BY name"
)
_NOTES = f"SELECT id, text FROM note JOIN conversation USING (id) WHERE {_ASKED}"  # noqa: S608  # text of ours


class Facts(Struct, frozen=True, array_like=True):
    """What is known of one conversation. Equal digests are equal texts; tags are in order."""

    digest: int
    split: int
    rating: int
    tags: tuple[str, ...] = ()
    note: str = ""


class Snapshot(Struct, frozen=True):
    """A set: the facts by id, in ascending order, and the shared instructions as stored."""

    conversations: dict[int, Facts]
    instructions: str

    @property
    def n_test(self) -> int:
        """How many are kept for the test."""
        return sum(facts.split for facts in self.conversations.values())


def taken(connection: sqlite3.Connection) -> Snapshot:
    """Return the set as it is now."""
    text = instructions.encoded(instructions.stored(connection))
    return Snapshot(facts_of(connection, None), text)


def facts_of(connection: sqlite3.Connection, ids: str | None) -> dict[int, Facts]:
    """Return the facts of all that is live, or of ids (a JSON list) in any state."""
    (text,) = connection.execute(_CONVERSATIONS, (ids,)).fetchone()
    found = dict(msgspec.json.decode(text, type=list[tuple[int, Facts]]))
    tags: dict[int, list[str]] = {}
    for id_, name in connection.execute(_TAGS, (ids,)):
        tags.setdefault(id_, []).append(name)
    notes: dict[int, str] = dict(connection.execute(_NOTES, (ids,)).fetchall())
    for id_ in tags.keys() | notes.keys():
        found[id_] = msgspec.structs.replace(
            found[id_], tags=tuple(tags.get(id_, ())), note=notes.get(id_, "")
        )
    return found


def packed(snapshot: Snapshot) -> bytes:
    """Return what is kept of a snapshot; equal ones give equal bytes."""
    return zlib.compress(msgspec.msgpack.encode(snapshot), COMPRESSION)


def unpacked(data: bytes) -> Snapshot:
    """Return the snapshot of what `packed` made. Raises ValueError for anything else."""
    unpacking = zlib.decompressobj()
    try:
        whole = unpacking.decompress(data, LARGEST)
        if not unpacking.eof:
            raise ValueError("more than a snapshot")
        return msgspec.msgpack.decode(whole, type=Snapshot)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError("no snapshot") from error
