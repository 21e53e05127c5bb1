"""Texts that were read in the wrong encoding once ("Ã¼" for "ü"), found and, if asked, repaired."""

import re

import msgspec

from desktop_app.core.examples.conversation import ContentPart, Conversation, Message
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
    old = item.conversation
    replies = [None if r is None else tuple(map(_message, r))
               for r in (old.preferred, old.non_preferred)]  # fmt: skip
    new: Conversation = msgspec.structs.replace(
        old,
        messages=tuple(map(_message, old.messages)),
        preferred=replies[0],
        non_preferred=replies[1],
    )
    return msgspec.structs.replace(item, conversation=new)


def _message(message: Message) -> Message:
    if isinstance(message.content, tuple):
        return msgspec.structs.replace(message, content=tuple(map(_part, message.content)))
    return msgspec.structs.replace(message, content=_text(message.content))


def _part(part: ContentPart) -> ContentPart:
    return msgspec.structs.replace(part, text=_text(part.text))


def _text(text: str | None) -> str | None:
    if not text or text.isascii():
        return text
    # As above.
    from ftfy import fix_encoding  # noqa: PLC0415  # see above

    return str(fix_encoding(text))
