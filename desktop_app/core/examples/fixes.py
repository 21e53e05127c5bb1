"""What can be mended at one click, where there is only one sensible way."""

from collections.abc import Callable

import msgspec

from desktop_app.core.examples.checks import (
    KNOWN_LINE_KEYS,
    KNOWN_MESSAGE_KEYS,
    SPECIAL_TOKEN,
    Finding,
)
from desktop_app.core.examples.conversation import (
    ASSISTANT,
    SYSTEM,
    USER,
    ContentPart,
    Conversation,
    Message,
    ToolCall,
)

replace = msgspec.structs.replace


def fix(conversation: Conversation, finding: Finding) -> Conversation | None:
    """Return the conversation without what was found, or None where a person has to decide."""
    if finding.code in _END_FIXES:
        is_last = finding.message_index == len(conversation.messages) - 1
        return _END_FIXES[finding.code](conversation) if is_last else None
    if finding.code == "unknown_key" and finding.message_index is None:
        return replace(conversation, extra=_only(conversation.extra, KNOWN_LINE_KEYS))
    if finding.code not in _MESSAGE_FIXES or finding.message_index is None:
        return None
    index = finding.message_index
    before = conversation.messages[index]
    after = _MESSAGE_FIXES[finding.code](before)
    if after is None or after == before:
        return None
    messages = (*conversation.messages[:index], after, *conversation.messages[index + 1 :])
    return replace(conversation, messages=messages)


def _without_empty_end(conversation: Conversation) -> Conversation | None:
    """Drop an empty reply at the end and the question before it, if something remains to learn."""
    rest = list(conversation.messages[:-1])
    if rest and rest[-1].role == USER:
        rest.pop()
    return _if_learnable(conversation, rest)


def _without_open_end(conversation: Conversation) -> Conversation | None:
    """Drop what comes after the last reply."""
    rest = list(conversation.messages)
    while rest and rest[-1].role != ASSISTANT:
        rest.pop()
    return _if_learnable(conversation, rest)


def _if_learnable(conversation: Conversation, messages: list[Message]) -> Conversation | None:
    if not any(message.is_learned_from for message in messages):
        return None
    return replace(conversation, messages=tuple(messages))


def _only(extra: str, known: frozenset[str]) -> str:
    fields = msgspec.json.decode(extra or "{}", type=dict[str, msgspec.Raw])
    kept = {key: value for key, value in fields.items() if key in known}
    return msgspec.json.encode(kept).decode() if kept else ""


def _strip_keys(message: Message) -> Message:
    calls = tuple(
        replace(call, extra="", function=replace(call.function, extra=""))
        for call in message.tool_calls
        if message.role == ASSISTANT
    )
    content = message.content
    if isinstance(content, tuple):
        content = tuple(_strip_part(part) for part in content)
    extra = _only(message.extra, KNOWN_MESSAGE_KEYS)
    return replace(message, content=content, tool_calls=calls, extra=extra)


def _strip_part(part: ContentPart) -> ContentPart:
    image = part.image_url and replace(part.image_url, extra="")
    return replace(part, image_url=image, extra="")


def _round_weight(message: Message) -> Message:
    return replace(message, weight=int((message.weight or 0) >= 0.5))


def _without_special_tokens(message: Message) -> Message:
    content = message.content
    if isinstance(content, str):
        content = _plain(content)
    elif content is not None:
        content = tuple(replace(p, text=p.text and _plain(p.text)) for p in content)
    return replace(message, content=content, tool_calls=tuple(map(_plain_call, message.tool_calls)))


def _plain(text: str) -> str:
    """Remove special tokens, also those that appear once others are gone."""
    while SPECIAL_TOKEN.search(text):
        text = SPECIAL_TOKEN.sub("", text)
    return text


def _plain_call(call: ToolCall) -> ToolCall:
    return replace(call, function=replace(call.function, arguments=_plain(call.function.arguments)))


def _without_images(message: Message) -> Message:
    return replace(message, content=message.text)


_END_FIXES: dict[str, Callable[[Conversation], Conversation | None]] = {
    "empty_reply": _without_empty_end,
    "last_not_assistant": _without_open_end,
}
_MESSAGE_FIXES: dict[str, Callable[[Message], Message | None]] = {
    "developer_role": lambda message: replace(message, role=SYSTEM),
    "weight_on_non_assistant": lambda message: replace(message, weight=None),
    "bad_weight": _round_weight,
    "unknown_key": _strip_keys,
    "special_token": _without_special_tokens,
    "image_in_assistant": _without_images,
}
