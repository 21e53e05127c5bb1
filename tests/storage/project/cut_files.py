"""Files of lines, and what is found in them read line by line or in pieces."""

import io
import json
from collections.abc import Iterable

import msgspec

from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.storage.project import preparing
from desktop_app.storage.project.preparing import Prepared, pieces, prepared, row_of

LINES = Detected(Format.CHAT, container=Container.LINES)
Found = tuple[list[object], list[Rejected]]


def chat(words: str, **more: object) -> str:
    talk = [{"role": "user", "content": words}, {"role": "assistant", "content": "Yes."}]
    return json.dumps({"messages": talk, **more}, ensure_ascii=False)


SOME = [
    chat("Where is my parcel?"),
    chat("Wo ist mein Päckchen?"),
    "",
    "no JSON at all",
    chat("a comma too many")[:-1] + ",}",
    '{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}',
    '{"instruction": "Say hello", "output": "Hello"}',
    chat("a role that is none").replace('"user"', '"customer"'),
    "\ufeff" + chat("a mark in the middle"),
    chat("kept", exemplar={"version": 1, "tags": ["returns"], "rating": 4, "notes": "Good."}),
    chat("wrong letters: Ã¼ber, grÃ¶ÃŸer"),
]
FILES = {
    "plain": "\n".join(SOME * 40).encode(),
    "with a mark": "\n".join(SOME * 40).encode("utf-8-sig"),
    "ended": ("\r\n".join(SOME * 40) + "\r\n").encode(),
    "two bytes a character": "\n".join(SOME * 40).encode("utf-16"),
    "broken letters": b"\n".join([chat("x").encode(), b'{"messages": "\xff"}', b"\xe4"] * 40),
    "longer than a piece": "\n".join([chat("x" * 5000), chat("y"), "z" * 5000] * 9).encode(),
}


def singly(data: bytes, detected: Detected, *, repair: bool = False) -> Found:
    items = list(read_examples(io.BytesIO(data), detected, repair_mojibake=repair))
    rows = [row_of(item, item.number) for item in items if isinstance(item, Imported)]
    return [_without_number(row) for row in rows], [i for i in items if isinstance(i, Rejected)]


def together(found: Iterable[Prepared]) -> Found:
    parts = list(found)
    rows = [_without_number(row) for part in parts for row in part.rows]
    assert [part.end for part in parts] == sorted(part.end for part in parts)
    return rows, [bad for part in parts for bad in part.rejected]


def _without_number(row: preparing.Row) -> object:
    """Drop the number inside what is said, which nobody looks at: the row has its own."""
    number, spot, text, said = row
    return number, spot, text, said and msgspec.structs.replace(said, number=0)


def in_pieces(data: bytes, detected: Detected, *, repair: bool = False) -> Found:
    cut = pieces(io.BytesIO(data), detected)
    return together(prepared(piece, detected, repair_mojibake=repair) for piece in cut)
