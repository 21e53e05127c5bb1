"""Texts that were read in the wrong encoding once ("Ã¼" for "ü"), found and, if asked, repaired."""

import re

import msgspec

from desktop_app.core.examples.imported import Imported, Rejected

_ESCAPES = re.compile(r"\\u00([89a-fA-F][0-9a-fA-F])")
_LOOKED_AT = 1 << 16
_PER_CHARACTER = 1 / 2_000
"""Suspicious places; one typographic accident in a long text is none."""


def has_mojibake(text: str) -> bool:
    """Whether text looks as if it was read in the wrong encoding; JSON's escapes count as well."""
    text = _ESCAPES.sub(lambda found: chr(int(found[1], 16)), text)
    odd = "\n".join(line for line in text.splitlines() if not line.isascii())[:_LOOKED_AT]
    if not odd:
        return False
    # Imported only here: it takes 60 ms, which every start would pay.
    from ftfy.badness import badness  # noqa: PLC0415  # see above

    return bool(badness(odd) > len(odd) * _PER_CHARACTER)


def repaired(item: Imported | Rejected) -> Imported | Rejected:
    """Return the item with the texts of its messages as they were meant; all else stays."""
    if isinstance(item, Imported):
        return _repaired(item)
    if item.mended is None:
        return item
    mended = _repaired(item.mended)
    return Rejected(item.number, item.text, item.reason, item.detail, mended)


def _repaired(item: Imported) -> Imported:
    conversation = item.conversation.map_messages(lambda message: message.map_text(_text))
    return msgspec.structs.replace(item, conversation=conversation)


def _text(text: str) -> str:
    if text.isascii():
        return text
    # As above.
    from ftfy import fix_encoding  # noqa: PLC0415  # see above

    return str(fix_encoding(text))
