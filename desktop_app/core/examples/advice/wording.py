"""Slips in single texts: space around them, hardly a word, characters gone wrong."""

import re

SHORT_REPLY = 3
"""A reply with fewer characters, and no letter or digit among them, is hardly one."""

# What ftfy takes for characters gone wrong has one of these beside another that is not ASCII, or
# one of the few that are enough alone. Looking for them first takes a tenth of the time.
_SUSPECT = re.compile(
    "[\x80-\u024f\u02c6-\u02dd\u0384\u0385\u0402\u0490\u0491\u2000-\u25ff\uf8ff\ufb01\ufb02\ufffd]"
    "(?:(?=[^\x00-\x7f])|(?<=[^\x00-\x7f].)|(?<=[\x80-\x9f\u00c2\u00c3\u0152\u0153]))",
    re.DOTALL,
)


def has_edge_space(text: str) -> bool:
    """Whether space stands before the first word or behind the last."""
    return text[:1].isspace() or text[-1:].isspace()


def is_short(reply: str) -> bool:
    """Whether a reply that is not empty is hardly one: a dash; "no", "B" and "3" are labels."""
    text = reply.strip()
    return 0 < len(text) < SHORT_REPLY and not any(map(str.isalnum, text))


def is_broken(text: str) -> bool:
    """Whether characters were read in the wrong encoding once ("Ã©" for "é")."""
    if text.isascii() or not _SUSPECT.search(text):
        return False
    from ftfy.badness import is_bad  # noqa: PLC0415  # a quarter of a second at the start

    return bool(is_bad(text))


def repaired(text: str) -> str:
    """Return a text with the characters that were read wrongly as they were meant."""
    if text.isascii():
        return text
    from ftfy import fix_encoding  # noqa: PLC0415  # a quarter of a second at the start

    return fix_encoding(text)
