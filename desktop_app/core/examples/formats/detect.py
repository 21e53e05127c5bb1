"""Finding out from its beginning what a file is; its name counts only where nothing else does."""

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from desktop_app.core.examples.formats.chat_text import looks_like_chat, speakers
from desktop_app.core.examples.formats.encodings import decoded, find_encoding
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.mojibake import has_mojibake
from desktop_app.core.examples.formats.pieces import lines
from desktop_app.core.examples.formats.record import shape_of
from desktop_app.core.examples.formats.relaxed import relaxed
from desktop_app.core.examples.formats.straightened import straightened
from desktop_app.core.examples.formats.values import record_end, split_values
from desktop_app.core.examples.project_jsonl import HEADER_KEY, KEY
from desktop_app.core.examples.tables.delimiter import (
    announced_delimiter,
    find_delimiter,
    is_consistent,
)

HEAD = 1 << 20
"""Bytes that are looked at; more say no more."""

_RECORDS = 20
_WHOLE = 1 << 16
"""Bytes; a longer record that is no JSON is told by the keys in it."""

_LINES = 200
_OFFICE = re.compile(rb"PK[\x03\x05\x07]|\xd0\xcf\x11\xe0")
"""ZIP archives, as workbooks are, and the files of office programs before 2007."""

_BINARY = re.compile(rb"%PDF|\x1f\x8b|PAR1|\x89PNG|\xff\xd8\xff|SQLite format 3\0")
_MOST_NOISE = 0.05
"""Share of characters that no text has: of random bytes a tenth are such, in any encoding."""

_NOISE = frozenset(("Cc", "Cn", "Co", "Cs"))
_RULE = re.compile(r"(?=.*--)(?=.*\|)[ |:-]+\s*$")
"""The line under the header of a table in Markdown."""

_JSON = re.compile(r"\s*(?:\{|\[\s*(?:[\[{\"'“\]]|$))")
_OBJECT_LINE = re.compile(r"^[ \t\ufeff]*\{.*\}[ \t,]*$", re.MULTILINE)
_KEY = re.compile(r"[\"'“”]([A-Za-z_]{2,40})[\"'“”]\s*:")
_FIRST_KEY = re.compile(rb"\{\s*(\"[^\"]*\")")
_TABLE_NAMES = (".csv", ".tsv", ".tab")


def detect(head: bytes, name: str = "") -> Detected:
    """Return what a file is that begins with `head`: its first 64 KiB to 1 MiB, or all of it.

    Whatever an office program may have written is XLSX: opening it says what is wrong with it.
    """
    head = head[:HEAD]
    if _OFFICE.match(head):
        return Detected(Format.XLSX)
    if _BINARY.match(head):
        return Detected(Format.UNKNOWN)
    encoding = find_encoding(head)
    text = decoded(head, encoding)
    line_end = "\r" if "\r" in text and "\n" not in text.rstrip("\n") else "\n"
    if line_end == "\r":
        text = text.replace("\r", "\n")
    found = _json(text) if _is_json(text) else _text(text, name)
    return Detected(
        found.format,
        encoding,
        has_mojibake(text),
        found.container,
        found.delimiter,
        line_end,
        found.speakers,
    )


def _is_json(text: str) -> bool:
    if _JSON.match(text):
        return True
    # The first line may be the one that is broken.
    first = [line for line in text.split("\n")[:_LINES] if line.strip()]
    return len(_OBJECT_LINE.findall("\n".join(first))) * 2 > len(first)


def _json(text: str) -> Detected:
    container = _container(text)
    stream = io.BytesIO(text.encode(errors="replace"))
    pieces = lines(stream) if container is Container.LINES else split_values(stream)
    shapes = Counter(_shapes(data for _, data in pieces))
    best = max(shapes, key=lambda shape: shapes[shape], default=Format.UNKNOWN)
    return Detected(best, container=container)


def _container(text: str) -> Container:
    full = (line for line in text.split("\n") if line.strip())
    first, second = (next(full, "").strip(" \t\r\ufeff").encode(errors="replace") for _ in range(2))
    if first.startswith(b"["):
        is_line = record_end(first) == len(first) and second.startswith(b"[")
        return Container.LINES if is_line else Container.ARRAY
    end = record_end(first)
    if end is not None:
        is_only_one = not first[end:].strip(b" \t,").startswith(b"{")
        return Container.LINES if is_only_one else Container.OBJECTS
    if not first.startswith(b"{"):
        return Container.LINES
    keys = [found[1] if (found := _FIRST_KEY.match(line)) else None for line in (first, second)]
    return Container.LINES if keys[0] and keys[0] == keys[1] else Container.OBJECTS


def _shapes(records: Iterator[bytes]) -> Iterator[Format]:
    """Yield the formats of the first records; the last may be cut off, and be told by its keys."""
    n_known = 0
    for data in records:
        if data.strip() and (shape := _shape(data)) is not None:
            n_known += 1
            yield shape
        if n_known == _RECORDS:
            return


def _shape(data: bytes) -> Format | None:
    text = data.decode(errors="replace")
    slip = relaxed(text) if len(data) <= _WHOLE else None
    straight = straightened(text.encode() if slip is None else slip[0].encode(errors="replace"))
    fields: dict[str, object]
    if straight is None:
        # Values do not matter here, but that there are some.
        fields = {key.lower(): [] for key in _KEY.findall(text)}
    else:
        fields = msgspec.json.decode(straight)
    if HEADER_KEY in fields or KEY in fields:
        return Format.PROJECT
    return shape_of(fields)


def _text(text: str, name: str) -> Detected:
    if _is_noise(text):
        return Detected(Format.UNKNOWN)
    first = text.split("\n", _LINES)[:_LINES]
    sample = io.StringIO(text[: HEAD // 8], newline="").readlines()[:_LINES]
    announced = announced_delimiter(first[0])
    delimiter = announced or find_delimiter(sample)
    is_table = bool(announced) or (is_consistent(sample, delimiter) and not _is_markdown(sample))
    if is_table and (delimiter == "\t" or not looks_like_chat(first)):
        return Detected(Format.TABLE, delimiter=delimiter)
    if looks_like_chat(first):
        return Detected(Format.CHAT_TEXT, speakers=speakers(text.split("\n")))
    if name.lower().endswith(_TABLE_NAMES) and text.strip():
        return Detected(Format.TABLE, delimiter=delimiter)
    return Detected(Format.UNKNOWN)


def _is_noise(text: str) -> bool:
    """Whether it is no text at all: bytes of a program, a picture, a sound."""
    sample = text[:_WHOLE]
    odd = (c for c in sample if not (c.isprintable() or c.isspace()))
    n = sample.count("\ufffd") + sum(unicodedata.category(c) in _NOISE for c in odd)
    return n > _MOST_NOISE * len(sample)


def _is_markdown(lines: Sequence[str]) -> bool:
    """Whether a table stands among other lines."""
    return any("|" not in line for line in lines if line.strip()) and any(map(_RULE.match, lines))
