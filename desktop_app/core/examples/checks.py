"""What a service would refuse in a training example, and a little of what makes it teach badly.

Sources: the supervised, preference and vision guides, SPEC `FineTuneChatRequestInput` and
`FineTunePreferenceRequestInput` for the rules, and messages of rejected jobs as users published
them. What only some services refuse is in `rules.py`; advice that takes longer is in `advice/`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from desktop_app.core.examples.conversation import ASSISTANT, ROLES, TOOL, Conversation, Message
from desktop_app.core.examples.images import image_fault
from desktop_app.core.examples.preferences import reply_faults
from desktop_app.core.examples.rules import (
    DEFAULT_RULES,
    EVERYWHERE,
    MIN_EXAMPLES,
    Rules,
    Trait,
    n_images,
)

__all__ = [
    "ADVICE",
    "BLOCKS",
    "DEFAULT_RULES",
    "KNOWN_LINE_KEYS",
    "KNOWN_MESSAGE_KEYS",
    "MIN_EXAMPLES",
    "SPECIAL_TOKEN",
    "Finding",
    "Severity",
    "check_conversation",
    "count_blocking",
    "unknown_keys",
]

Severity = Literal["blocks", "advice"]
BLOCKS: Severity = "blocks"
ADVICE: Severity = "advice"

SPECIAL_TOKEN = re.compile(
    r"<\|(?:endoftext|fim_prefix|fim_middle|fim_suffix|endofprompt|im_start|im_end|im_sep)\|>"
)
KNOWN_MESSAGE_KEYS = frozenset({"function_call"})
KNOWN_LINE_KEYS = frozenset({"functions"})
"""Old keys that services still take, though the program only carries them along."""

_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KNOWN_ROLES = frozenset((*ROLES, "function"))
_PLAIN_ROLES = frozenset(("system", "user", ASSISTANT))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. `message_index` counts from 0, None for the example as a whole.

    It counts through `all_messages`. `detail` is what the texts of `texts.py` quote: a role, a key,
    a number. `span` is where it stands in the message's `text`, where that is known.
    """

    code: str
    severity: Severity
    message_index: int | None = None
    detail: str = ""
    span: tuple[int, int] | None = None


def check_conversation(conversation: Conversation, rules: Rules = DEFAULT_RULES) -> list[Finding]:
    """Return what is wrong with one example, what blocks first."""
    if _is_plain(conversation):
        found = []
    elif conversation.messages:
        found = list(_check_parts_of(conversation))
    else:
        return [Finding("no_messages", BLOCKS)]
    found.extend(_check_traits(conversation, rules))
    return sorted(found, key=lambda finding: finding.severity != BLOCKS)


def count_blocking(conversation: Conversation) -> int:
    """Return how many findings would make any service refuse the example."""
    # Most are plain, and a million of them are looked at while they are imported.
    if _is_plain(conversation):
        return 0
    return sum(
        finding.severity == BLOCKS for finding in check_conversation(conversation, EVERYWHERE)
    )


def _is_plain(conversation: Conversation) -> bool:
    """Whether it is words in turn and nothing else, in which no message can be wrong by itself."""
    if conversation.extra or conversation.tools or conversation.is_preference:
        return False
    is_learned = False
    for message in conversation.messages:
        content, role = message.content, message.role
        if (
            content.__class__ is not str
            or role not in _PLAIN_ROLES
            or message.weight is not None
            or message.extra
            or message.tool_calls
            or not content.strip()
            or "<|" in content
        ):
            return False
        is_learned |= role == ASSISTANT
    return is_learned


def unknown_keys(extra: str, known: frozenset[str] = frozenset()) -> list[str]:
    """Return the keys in an `extra` text but for the known ones."""
    if not extra:
        return []
    return [
        key for key in msgspec.json.decode(extra, type=dict[str, msgspec.Raw]) if key not in known
    ]


def _check_parts_of(conversation: Conversation) -> Iterator[Finding]:
    if conversation.is_preference:
        for fault in reply_faults(conversation):
            severity = ADVICE if fault.code == "replies_equal" else BLOCKS
            yield Finding(fault.code, severity, fault.message_index, fault.detail)
    elif not any(m.is_learned_from for m in conversation.messages):
        yield Finding("no_learned_reply", BLOCKS)
    for key in unknown_keys(conversation.extra, KNOWN_LINE_KEYS):
        yield Finding("unknown_key", BLOCKS, detail=key)
    if conversation.tools and not _is_json(conversation.tools, list[dict[str, object]]):
        yield Finding("tools_not_json", BLOCKS)
    for index, message in enumerate(conversation.all_messages):
        yield from _check_message(message, index)
    if any(m.tool_calls or m.role == TOOL for m in conversation.messages):
        yield from _check_tool_answers(conversation.messages)


def _check_message(message: Message, index: int) -> Iterator[Finding]:
    if message.role == "developer":
        yield Finding("developer_role", BLOCKS, index)
    elif message.role not in _KNOWN_ROLES:
        yield Finding("unknown_role", BLOCKS, index, message.role)
    if message.weight is not None:
        if message.role != ASSISTANT:
            yield Finding("weight_on_non_assistant", BLOCKS, index)
        elif message.weight not in (0, 1):
            yield Finding("bad_weight", BLOCKS, index, str(message.weight))
    for key in _message_keys(message):
        yield Finding("unknown_key", BLOCKS, index, key)
    yield from _check_content(message, index)
    yield from _check_calls(message, index)


def _message_keys(message: Message) -> Iterator[str]:
    """Name the keys that a message must not have; tool calls are the assistant's alone."""
    yield from unknown_keys(message.extra, KNOWN_MESSAGE_KEYS)
    if isinstance(message.content, tuple):
        for part in message.content:
            yield from unknown_keys(part.extra)
            yield from unknown_keys(part.image_url.extra if part.image_url else "")
    for call in message.tool_calls:
        yield from unknown_keys(call.extra)
        yield from unknown_keys(call.function.extra)
    if message.tool_calls and message.role != ASSISTANT:
        yield "tool_calls"


def _check_content(message: Message, index: int) -> Iterator[Finding]:
    text = message.text
    speaks_otherwise = (
        bool(message.tool_calls or message.refusal) or "function_call" in message.extra
    )
    if isinstance(message.content, tuple):
        yield from _check_parts(message, index)
        speaks_otherwise |= any(part.type != "text" for part in message.content)
    if message.content is None and not speaks_otherwise:
        yield Finding("missing_content", BLOCKS, index)
    elif not text.strip() and not speaks_otherwise:
        if message.is_learned_from:
            yield Finding("empty_reply", BLOCKS, index)
        else:
            yield Finding("empty_message", ADVICE, index)
    # Almost no text has "<|", and looking for it is much faster than the pattern.
    if "<|" in text and (match := SPECIAL_TOKEN.search(text)):
        yield Finding("special_token", BLOCKS, index, match[0])


def _check_parts(message: Message, index: int) -> Iterator[Finding]:
    assert isinstance(message.content, tuple)
    for part in message.content:
        if part.type == "image_url" and part.image_url is not None:
            if message.role == ASSISTANT:
                yield Finding("image_in_assistant", BLOCKS, index)
            elif fault := image_fault(part.image_url.url):
                yield Finding(fault.code, BLOCKS, index, fault.detail)
        elif part.type != "text" or part.text is None:
            yield Finding("unknown_part", BLOCKS, index, part.type)


def _check_calls(message: Message, index: int) -> Iterator[Finding]:
    for call in message.tool_calls:
        if not _FUNCTION_NAME.fullmatch(call.function.name):
            yield Finding("bad_function_name", BLOCKS, index, call.function.name[:80])
        if not _is_json(call.function.arguments, dict[str, object]):
            yield Finding("arguments_not_json", BLOCKS, index, call.function.name[:80])
        if match := SPECIAL_TOKEN.search(call.function.arguments):
            yield Finding("special_token", BLOCKS, index, match[0])


def _check_tool_answers(messages: tuple[Message, ...]) -> Iterator[Finding]:
    """Calls are to be answered before anything else is said; at the very end they need not be."""
    open_calls: dict[str, int] = {}
    for index, message in enumerate(messages):
        if message.role == TOOL:
            if open_calls.pop(message.tool_call_id or "", None) is None:
                yield Finding("tool_answer_without_call", BLOCKS, index)
            continue
        for call_id, asked_at in open_calls.items():
            yield Finding("tool_call_unanswered", BLOCKS, asked_at, call_id[:80])
        open_calls = {call.id: index for call in message.tool_calls}


def _check_traits(conversation: Conversation, rules: Rules) -> Iterator[Finding]:
    """Find what the traits of `rules.py` stand for, with the place."""
    if conversation.is_preference:
        if Trait.PREFERENCE in rules.refused:
            yield Finding("preference_example", BLOCKS)
    else:
        if Trait.SUPERVISED in rules.refused:
            yield Finding("no_replies_to_compare", BLOCKS)
        # Where nobody replies that is said already, and there is nothing to go back to.
        roles = [message.role for message in conversation.messages]
        if roles[-1] != ASSISTANT and ASSISTANT in roles:
            severity = BLOCKS if Trait.LAST_NOT_ASSISTANT in rules.refused else ADVICE
            yield Finding("last_not_assistant", severity, len(conversation.messages) - 1)
    yield from _check_order(conversation.messages, rules)
    yield from _check_images(conversation, rules)


def _check_order(messages: tuple[Message, ...], rules: Rules) -> Iterator[Finding]:
    before = ""
    for index, message in enumerate(messages):
        if message.role == before and before in ("user", ASSISTANT):
            severity = BLOCKS if Trait.SAME_ROLE_TWICE in rules.refused else ADVICE
            yield Finding("same_role_twice", severity, index, before)
        before = message.role


def _check_images(conversation: Conversation, rules: Rules) -> Iterator[Finding]:
    images = {
        index: n
        for index, message in enumerate(conversation.all_messages)
        if message.content.__class__ is tuple and (n := n_images(message))
    }
    if Trait.IMAGES in rules.refused:
        for index in images:
            yield Finding("images_not_taken", BLOCKS, index)
    elif sum(images.values()) > rules.most_images:
        yield Finding("too_many_images", BLOCKS, None, str(rules.most_images))


def _is_json(text: str, type_: object) -> bool:
    try:
        msgspec.json.decode(text, type=type_)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True
