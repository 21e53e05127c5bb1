"""What differs between two states of a conversation, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from desktop_app.core.examples.conversation import Conversation, Message

MOST_WORDS = 400
"""In both together; of more, whole messages are compared: matching words takes quadratic time."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a message; `is_new` where the other state has not got them."""

    text: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class MarkedMessage:
    """A message of one state, its words in pieces; calls of tools are among the words."""

    role: str
    pieces: tuple[Piece, ...]


def marked(conversation: Conversation, other: Conversation | None) -> list[MarkedMessage]:
    """Return the messages of a conversation, marked where `other` differs; None marks nothing."""
    ours = [(m.role, _words_of(m)) for m in conversation.all_messages]
    if other is None:
        return [MarkedMessage(role, (Piece(text, is_new=False),)) for role, text in ours]
    theirs = [(m.role, _words_of(m)) for m in other.all_messages]
    by_words = sum(len(_WORDS.findall(text)) for _, text in ours + theirs) <= MOST_WORDS
    result = []
    matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        for offset, (role, text) in enumerate(ours[j1:j2]):
            before = theirs[i1 + offset][1] if tag == "replace" and i1 + offset < i2 else None
            if tag == "equal":
                pieces: tuple[Piece, ...] = (Piece(text, is_new=False),)
            elif before is None or not by_words:
                pieces = (Piece(text, is_new=True),)
            else:
                pieces = tuple(_compared(before, text))
            result.append(MarkedMessage(role, pieces))
    return result


def _words_of(message: Message) -> str:
    calls = (f"{call.function.name}({call.function.arguments})" for call in message.tool_calls)
    return "\n".join(part for part in (message.text, *calls) if part)


def _compared(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    for tag, _i1, _i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if j1 < j2:
            yield Piece("".join(new[j1:j2]), is_new=tag != "equal")
