"""Two replies to compare, in the spellings that are about.

`input`, `preferred_output`, `non_preferred_output` is the one that services take; a specification
of 2025-05 called the replies `preferred_completion` and `non_preferred_completion`. Others write
`chosen` and `rejected` beside `prompt`, `conversations` or `instruction`; there either reply may be
a text, a message, or the whole conversation, of which the common beginning is what was asked.
"""

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.core.examples.formats import alpaca, sharegpt
from desktop_app.core.examples.formats.fields import (
    Fields,
    fail,
    first_key,
    messages_of,
    system_message,
    tags_of,
    text_of,
    tools_text,
)
from desktop_app.core.examples.formats.prompt_completion import PROMPTS
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.lenient_line import OUTPUTS

_MISNAMED = {"preferred_completion": OUTPUTS[0], "non_preferred_completion": OUTPUTS[1]}


def matches(fields: Fields) -> bool:
    """Whether a record is in this format."""
    if "chosen" in fields and "rejected" in fields:
        return True
    return "input" in fields and any(name in fields for name in (*OUTPUTS, *_MISNAMED))


def read(data: bytes, fields: Fields, number: int) -> Imported:
    """Read a record; unknown keys are kept, but beside `chosen` only what is a label."""
    if "chosen" in fields and "rejected" in fields:
        return Imported(_compared(fields), number, tags_of(fields))
    if not fields.keys().isdisjoint(_MISNAMED):
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        data = msgspec.json.encode({_MISNAMED.get(key, key): raw[key] for key in raw})
    return Imported(parse_line(data), number)


def _compared(fields: Fields) -> Conversation:
    chosen, rejected = (_reply(fields, name) for name in ("chosen", "rejected"))
    shared = _common(chosen, rejected)
    asked = _asked(fields)
    before = shared if shared[: len(asked)] == asked or not asked else _joined(asked, shared)
    if not before:
        fail("no_prompt", "There are two replies but nothing that they answer (“prompt”).")
    n = len(shared)
    return Conversation(
        before, tools_text(fields), preferred=chosen[n:], non_preferred=rejected[n:]
    )


def _joined(asked: tuple[Message, ...], shared: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return what was asked, once, where the replies hold it again."""
    if asked[-1:] == shared[-1:]:
        return asked if len(asked) >= len(shared) else shared
    return asked + shared


def _common(one: tuple[Message, ...], other: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the beginning that both share; the last message of either is its reply."""
    n = 0
    while n < min(len(one), len(other)) - 1 and one[n] == other[n]:
        n += 1
    return one[:n]


def _reply(fields: Fields, name: str) -> tuple[Message, ...]:
    value = fields[name]
    if isinstance(value, str):
        return (Message(ASSISTANT, value),)
    turns = value if isinstance(value, list) else [value]
    if turns and isinstance(turns[0], dict) and "from" in turns[0]:
        return tuple(sharegpt.turn_message(turn, f"“{name}”") for turn in turns)
    return messages_of(turns, f"“{name}”")


def _asked(fields: Fields) -> tuple[Message, ...]:
    if sharegpt.matches(fields):
        return sharegpt.turns_of(fields)
    if isinstance(fields.get("messages"), list):
        return messages_of(fields["messages"], "“messages”")
    if "instruction" in fields:
        return alpaca.asked(fields)
    name = first_key(fields, PROMPTS)
    value = fields.get(name)
    if isinstance(value, list):
        return messages_of(value, f"“{name}”")
    question = text_of(fields, name)
    system = system_message(text_of(fields, "system"))
    return (*system, Message(USER, question)) if question else ()
