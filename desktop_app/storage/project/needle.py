"""What makes a stored line match a text that is looked for, in SQL and without a word of Python.

A line that is plain (`folding.is_plain`) is JSON of a fixed form, as this program writes it:
`{"messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Yes","weight":0}]}`.
LIKE looks through it at the speed of reading, and knows the case of ASCII. Of what it finds, two
kinds are no words: what stands around the texts, and half of an escape (the n of a line end). Only
a text that could be meant by one of them is looked at again, with all that is not words taken off.
"""

from dataclasses import dataclass

import msgspec

LONGEST_PATTERN = 10_000
"""Characters; SQLite refuses patterns above 50,000 bytes."""

# In a text, quotes have a backslash before them, so that none of these can be part of one. Roles
# come first: what is taken off is no longer there for the next.
_NAMES = {
    "system": '"role":"system"',
    "user": '"role":"user"',
    "assistant": '"role":"assistant"',
    "role": '{"role"',
    "messages": '{"messages"',
    "content": ',"content"',
    "weight": ',"weight"',
}
_FRAME = (
    '{"messages":[{"role":',
    '},{"role":',
    '"system","content":',
    '"user","content":',
    '"assistant","content":',
    ',"weight":0',
    ',"weight":1',
)
_END = "}]}"
"""Behind all texts; this one may stand in a text too."""

_ESCAPES = (("\\\\", 1), ("\\n", 10), ("\\r", 13), ("\\t", 9), ('\\"', 2))
"""Escapes and the numbers of the characters put in their place, in the order of putting."""


@dataclass(frozen=True, slots=True)
class LineMatch:
    """Branches of a CASE on `line` (SQL tries no branch behind the one that fits), and parameters.

    AND and OR would not do: as values, SQLite works out both sides.
    """

    branches: str
    parameters: dict[str, str]


NOWHERE = LineMatch("ELSE 0", {})


def line_match(needle: str) -> LineMatch:
    """Return what finds a folded text in plain lines."""
    written = msgspec.json.encode(needle).decode()[1:-1]
    if not needle.isascii() or "\\u" in written.replace("\\\\", ""):
        return NOWHERE
    if len(written) > LONGEST_PATTERN:
        return LineMatch("ELSE instr(lower(line), :written)", {"written": written})
    around = _around(needle)
    # A hit may begin at the second half of an escape.
    in_escape = written[:1] in ("n", "r", "t", "\\")
    if not around and not in_escape:
        return LineMatch(f"ELSE {_like('pattern')}", {"pattern": _pattern(written)})
    parameters = {
        "pattern": _pattern(written),
        "after_space": _pattern(" " + written),
        "before_space": _pattern(written + " "),
        "after_backslash": _pattern("\\" + written),
        "words": _pattern(needle.replace("\\", "\x01").replace('"', "\x02")),
    }
    branches = f"WHEN NOT {_like('pattern')} THEN 0"
    # No space stands around the texts or in the middle of an escape. One name is taken off sooner.
    if in_escape or len(around) > 1:
        branches += f" WHEN {_like('after_space')} THEN 1"
    words = _without(around)
    if not in_escape:
        if len(around) > 1:
            branches += f" WHEN {_like('before_space')} THEN 1"
        return LineMatch(f"{branches} ELSE {_like('pattern', words)}", parameters)
    if not around:
        branches += f" WHEN NOT {_like('after_backslash')} THEN 1"
    return LineMatch(f"{branches} ELSE {_like('words', _unescaped(words))}", parameters)


def _around(needle: str) -> list[str]:
    """Return what around the texts holds a text that is looked for."""
    if needle.isalpha():
        return [text for name, text in _NAMES.items() if needle in name]
    return [text for text in (*_FRAME, _END) if any(needle in each for each in text.split('"'))]


def _like(pattern: str, text: str = "line") -> str:
    return f"({text} LIKE :{pattern} ESCAPE '\\')"


def _without(around: list[str]) -> str:
    """Return SQL for a line without what is given."""
    sql = f"substr(line, 1, length(line) - {len(_END)})" if _END in around else "line"
    for text in around:
        if text != _END:
            sql = f"replace({sql}, '{text}', '')"
    return sql


def _unescaped(sql: str) -> str:
    for escape, number in _ESCAPES:
        sql = f"replace({sql}, '{escape}', char({number}))"
    return sql


def _pattern(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
