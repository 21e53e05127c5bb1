"""One question and one answer: `prompt` and `completion`, and the other names people give them.

Source of the marks: the guide to fine-tuning the models before chat, where a prompt ends with a
fixed separator, a completion begins with a space and ends with a fixed stop text. The separator,
the one space, and, where a separator was there, the stop text are taken away; nothing else is.
"""

from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.core.examples.formats.fields import (
    Fields,
    first_key,
    messages_of,
    system_message,
    tags_of,
    text_of,
)
from desktop_app.core.examples.imported import Imported

PROMPTS = ("prompt", "question", "query", "input")
REPLIES = ("completion", "response", "answer", "output")

_SEPARATORS = ("\n\n###\n\n", "\n\n->\n\n", " ->")
_STOPS = ("\n", " END", " ###", "###")


def matches(fields: Fields) -> bool:
    """Whether a record is in this format."""
    return bool(first_key(fields, PROMPTS) and first_key(fields, REPLIES))


def read(_data: bytes, fields: Fields, number: int) -> Imported:
    """Read a record; either side may also be a list of messages."""
    prompt, reply = first_key(fields, PROMPTS), first_key(fields, REPLIES)
    before = _asked(fields, prompt)
    value = fields[reply]
    if isinstance(value, list | dict):
        after = messages_of(value if isinstance(value, list) else [value], f"“{reply}”")
    else:
        text = text_of(fields, reply)
        if prompt == "prompt" and reply == "completion":
            text = _without_marks(text, stops=_separator(fields[prompt]) != "")
        after = (Message(ASSISTANT, text),)
    system = system_message(text_of(fields, "system"))
    return Imported(Conversation((*system, *before, *after)), number, tags_of(fields))


def _asked(fields: Fields, prompt: str) -> tuple[Message, ...]:
    value = fields[prompt]
    if isinstance(value, list):
        return messages_of(value, f"“{prompt}”")
    text = text_of(fields, prompt)
    if prompt == "prompt":
        text = text.removesuffix(_separator(text))
    return (Message(USER, text),)


def _separator(prompt: object) -> str:
    text = prompt if isinstance(prompt, str) else ""
    return next((mark for mark in _SEPARATORS if text.endswith(mark)), "")


def _without_marks(text: str, *, stops: bool) -> str:
    if stops:
        text = text.removesuffix(next((mark for mark in _STOPS if text.endswith(mark)), ""))
    return text.removeprefix(" ")
