"""Alpaca: `instruction`, `input` and `output`, with `system` and `history` beside them.

Source: the data of Stanford Alpaca; `system` and `history` (pairs of what was asked and answered
before) and the line end between instruction and input are those of LLaMA-Factory.
"""

from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.core.examples.formats.fields import (
    Fields,
    fail,
    first_key,
    system_message,
    tags_of,
    text_of,
)
from desktop_app.core.examples.imported import Imported

_REPLIES = ("output", "response")


def matches(fields: Fields) -> bool:
    """Whether a record is in this format."""
    return "instruction" in fields and any(name in fields for name in _REPLIES)


def read(_data: bytes, fields: Fields, number: int) -> Imported:
    """Read a record; columns that are neither said nor a label are left behind."""
    reply = Message(ASSISTANT, text_of(fields, first_key(fields, _REPLIES)))
    return Imported(Conversation((*asked(fields), reply)), number, tags_of(fields))


def asked(fields: Fields) -> tuple[Message, ...]:
    """Return all that stands before the reply."""
    parts = [text_of(fields, "instruction"), text_of(fields, "input")]
    question = Message(USER, "\n".join(part for part in parts if part))
    return (*system_message(text_of(fields, "system")), *_history(fields), question)


def _history(fields: Fields) -> tuple[Message, ...]:
    pairs = fields.get("history") or []
    if not isinstance(pairs, list):
        fail("wrong_type", "“history” is no list of pairs.")
    messages: list[Message] = []
    for n, pair in enumerate(pairs, 1):
        match pair:
            case [str(question), str(reply)]:
                messages += [Message(USER, question), Message(ASSISTANT, reply)]
            case _:
                fail("wrong_type", f"“history”, pair {n} is no list of two texts.")
    return tuple(messages)
