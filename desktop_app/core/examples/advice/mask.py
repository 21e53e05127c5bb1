"""Putting a placeholder in the place of personal data and secrets."""

from collections.abc import Callable, Iterator

import msgspec

from desktop_app.core.examples.advice.found import Found, without_overlap
from desktop_app.core.examples.advice.personal_data import (
    CARD,
    EMAIL,
    IBAN,
    PHONE,
    has_number,
    personal_data,
)
from desktop_app.core.examples.advice.secrets import KEY, PASSWORD, may_have_secrets, secrets
from desktop_app.core.examples.conversation import Conversation, Message, ToolCall

PLACEHOLDERS = {
    EMAIL: "[email]",
    PHONE: "[phone]",
    CARD: "[card]",
    IBAN: "[IBAN]",
    KEY: "[key]",
    PASSWORD: "[password]",
}
MASKED = frozenset(PLACEHOLDERS)
replace = msgspec.structs.replace


def private_parts(text: str) -> list[Found]:
    """Return likely personal data and secrets in the order of the text, without overlaps."""
    found = [*personal_data(text), *secrets(text)]
    return without_overlap(found) if len(found) > 1 else found


def may_be_private(text: str) -> bool:
    """Whether a closer look is worth its time; a fraction of the time of `private_parts`."""
    return "@" in text or has_number(text) or may_have_secrets(text)


def masked(conversation: Conversation, codes: frozenset[str] = MASKED) -> Conversation:
    """Return the conversation with all that is found under these codes replaced.

    In the words of all messages, and in the texts within the arguments of tool calls.
    """

    def change(message: Message) -> Message:
        changed = message.map_text(lambda text: masked_text(text, codes))
        if not changed.tool_calls:
            return changed
        calls = tuple(_masked_call(call, codes) for call in changed.tool_calls)
        return replace(changed, tool_calls=calls)

    return conversation.map_messages(change)


def masked_text(text: str, codes: frozenset[str] = MASKED) -> str:
    """Return a text with what is found under these codes replaced."""
    for found in reversed(private_parts(text)):
        if found.code in codes:
            text = text[: found.start] + PLACEHOLDERS[found.code] + text[found.end :]
    return text


def argument_texts(call: ToolCall) -> list[str]:
    """Return the texts within the arguments of a call; none where they are no JSON."""
    try:
        values = msgspec.json.decode(call.function.arguments)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return []
    return list(_texts(values))


def _masked_call(call: ToolCall, codes: frozenset[str]) -> ToolCall:
    texts = argument_texts(call)
    if all(masked_text(text, codes) == text for text in texts):
        # As written: another spacing would be a change that nobody wanted.
        return call
    values = msgspec.json.decode(call.function.arguments)
    arguments = msgspec.json.encode(_mapped(values, lambda text: masked_text(text, codes)))
    return replace(call, function=replace(call.function, arguments=arguments.decode()))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _mapped(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    if isinstance(value, dict):
        return {key: _mapped(each, change) for key, each in value.items()}
    return value
