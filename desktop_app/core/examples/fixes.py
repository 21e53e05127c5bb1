"""What can be mended at one click, where there is only one sensible way."""

from collections.abc import Callable

import msgspec

from desktop_app.core.examples.advice.mask import MASKED, masked
from desktop_app.core.examples.advice.review import advise
from desktop_app.core.examples.advice.wording import repaired
from desktop_app.core.examples.checks import (
    DEFAULT_RULES,
    KNOWN_LINE_KEYS,
    KNOWN_MESSAGE_KEYS,
    SPECIAL_TOKEN,
    Finding,
    check_conversation,
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
from desktop_app.core.examples.message_edits import with_message, with_preferred_only
from desktop_app.core.examples.rules import Rules

replace = msgspec.structs.replace

MOST_FIXES = 1000
"""Of one code in one conversation: more messages than that nobody writes."""


def fix(conversation: Conversation, finding: Finding) -> Conversation | None:
    """Return the conversation without what was found, or None where a person has to decide.

    Personal data and secrets are masked in all messages, as one place seldom stands alone.
    """
    after = _fixed(conversation, finding)
    return None if after == conversation else after


def fix_all(
    conversation: Conversation, code: str, rules: Rules = DEFAULT_RULES
) -> Conversation | None:
    """Return the conversation without anything of a code, as far as it can be mended, else None."""
    now = conversation
    # Each fix takes one finding away, so that there can be no more of them than findings.
    for _ in range(MOST_FIXES):
        findings = [*check_conversation(now, rules), *advise(now)]
        mended = (fix(now, finding) for finding in findings if finding.code == code)
        after = next((each for each in mended if each is not None), None)
        if after is None:
            break
        now = after
    return None if now == conversation else now


def _fixed(conversation: Conversation, finding: Finding) -> Conversation | None:
    code, index = finding.code, finding.message_index
    if code in MASKED:
        return masked(conversation, frozenset((code,)))
    if code == "preference_example":
        return with_preferred_only(conversation) if conversation.preferred else None
    if code == "unknown_key" and index is None:
        return replace(conversation, extra=_only(conversation.extra, KNOWN_LINE_KEYS))
    if index is None or index >= len(conversation.all_messages):
        return None
    if code == "same_role_twice":
        return _joined(conversation, index)
    if code in _END_FIXES:
        is_last = index == len(conversation.messages) - 1 and not conversation.is_preference
        return _END_FIXES[code](conversation) if is_last else None
    if code not in _MESSAGE_FIXES:
        return None
    after = _MESSAGE_FIXES[code](conversation.all_messages[index])
    return None if after is None else with_message(conversation, index, after)


def _joined(conversation: Conversation, index: int) -> Conversation | None:
    """Make one message of two that follow each other, where both are nothing but words."""
    messages = conversation.messages
    if not 0 < index < len(messages):
        return None
    one, other = messages[index - 1], messages[index]
    if not isinstance(one.content, str) or not isinstance(other.content, str):
        return None
    if replace(one, content="") != replace(other, content="") or one.tool_calls:
        return None
    both = replace(one, content=f"{one.content}\n\n{other.content}".strip())
    return replace(conversation, messages=(*messages[: index - 1], both, *messages[index + 1 :]))


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
    calls = tuple(map(_plain_call, message.tool_calls))
    return replace(message.map_text(_plain), tool_calls=calls)


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
    "images_not_taken": _without_images,
    "reply_not_assistant": lambda message: replace(message, role=ASSISTANT),
    "edge_space": lambda message: message.map_text(str.strip),
    "broken_characters": lambda message: message.map_text(repaired),
}
