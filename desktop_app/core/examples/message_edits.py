"""What may be done to the messages of a conversation. Each gives a new conversation back.

An `index` counts through `all_messages`: the messages, then the preferred reply, then the other.
IndexError is raised for one that is not there.
"""

import msgspec

from desktop_app.core.examples.conversation import (
    ASSISTANT,
    INSTRUCTIONS,
    SYSTEM,
    TOOL,
    USER,
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)

replace = msgspec.structs.replace


def with_message(conversation: Conversation, index: int, *new: Message) -> Conversation:
    """Put other messages, or none, in the place of one."""
    name, place = _locate(conversation, index)
    held = getattr(conversation, name)
    return replace(conversation, **{name: (*held[:place], *new, *held[place + 1 :])})


def changed(conversation: Conversation, index: int, **changes: object) -> Conversation:
    """Change fields of one message."""
    message = conversation.all_messages[index]
    return with_message(conversation, index, replace(message, **changes))


def with_part_text(conversation: Conversation, index: int, part: int, text: str) -> Conversation:
    """Change the words of one part of a message that is made of parts; the others stay."""
    content = conversation.all_messages[index].content
    if not isinstance(content, tuple):
        raise IndexError(part)
    parts = list(content)
    parts[part] = replace(parts[part], text=text)
    return changed(conversation, index, content=tuple(parts))


def with_role(conversation: Conversation, index: int, role: str) -> Conversation:
    """Give a message to another speaker, without what only the former one may have.

    Calls of tools stay: they can be given back, and a check names them meanwhile.
    """
    message = conversation.all_messages[index]
    weight = message.weight if role == ASSISTANT else None
    call_id = message.tool_call_id if role == TOOL else None
    if role == TOOL and call_id is None:
        waiting = open_calls(conversation, index)
        call_id = waiting[0].id if waiting else None
    return changed(conversation, index, role=role, weight=weight, tool_call_id=call_id)


def inserted(conversation: Conversation, index: int, message: Message) -> Conversation:
    """Put a message before another one, or behind the last; replies to compare stay behind."""
    held = conversation.messages
    return replace(conversation, messages=(*held[:index], message, *held[index:]))


def moved(conversation: Conversation, index: int, to: int) -> Conversation:
    """Move a message so that it stands at `to`; replies to compare stay where they are."""
    held = list(conversation.messages)
    if not (0 <= index < len(held) and 0 <= to < len(held)):
        return conversation
    held.insert(to, held.pop(index))
    return replace(conversation, messages=tuple(held))


def next_message(conversation: Conversation, index: int) -> Message:
    """Return the empty message that would follow if it stood at `index`: turns are taken."""
    waiting = open_calls(conversation, index)
    if waiting:
        return Message(TOOL, "", tool_call_id=waiting[0].id)
    before = conversation.messages[index - 1].role if index else ""
    return Message(ASSISTANT if before in (USER, TOOL) else USER, "")


# Tool calls


def open_calls(conversation: Conversation, index: int) -> tuple[ToolCall, ...]:
    """Return the calls that a tool message at `index` may answer: asked before, not answered."""
    messages = conversation.messages
    asked = min(index, len(messages)) - 1
    while asked >= 0 and messages[asked].role == TOOL:
        asked -= 1
    if asked < 0:
        return ()
    answered = set()
    for place in range(asked + 1, len(messages)):
        if messages[place].role != TOOL:
            break
        if place != index:
            answered.add(messages[place].tool_call_id)
    return tuple(call for call in messages[asked].tool_calls if call.id not in answered)


def with_call(conversation: Conversation, index: int, name: str) -> Conversation:
    """Have a reply call a tool, without arguments as yet."""
    taken = {call.id for message in conversation.all_messages for call in message.tool_calls}
    number = len(taken) + 1
    while f"call_{number}" in taken:
        number += 1
    call = ToolCall(f"call_{number}", FunctionCall(name, "{}"))
    message = conversation.all_messages[index]
    content = message.content or None
    return changed(conversation, index, content=content, tool_calls=(*message.tool_calls, call))


def with_changed_call(
    conversation: Conversation, index: int, call: int, **changes: str
) -> Conversation:
    """Change the `name` or `arguments` of one call of a message."""
    calls = list(conversation.all_messages[index].tool_calls)
    calls[call] = replace(calls[call], function=replace(calls[call].function, **changes))
    return changed(conversation, index, tool_calls=tuple(calls))


def without_call(conversation: Conversation, index: int, call: int) -> Conversation:
    """Take back one call of a message; a reply that says nothing else gets an empty text."""
    message = conversation.all_messages[index]
    calls = (*message.tool_calls[:call], *message.tool_calls[call + 1 :])
    content = "" if message.content is None and not calls else message.content
    return changed(conversation, index, tool_calls=calls, content=content)


def answered(conversation: Conversation, index: int) -> tuple[Conversation, int]:
    """Add a message that answers the first open call of a reply; return where it stands.

    Without an open call the conversation stays, and the place is the reply's own.
    """
    place = index + 1
    while place < len(conversation.messages) and conversation.messages[place].role == TOOL:
        place += 1
    waiting = open_calls(conversation, place)
    if not waiting:
        return conversation, index
    return inserted(conversation, place, Message(TOOL, "", tool_call_id=waiting[0].id)), place


# Replies to compare


def can_be_compared(conversation: Conversation) -> bool:
    """Whether the last message is a reply beside which another one can be set."""
    messages = conversation.messages
    return not conversation.is_preference and bool(messages) and messages[-1].role == ASSISTANT


def compared(conversation: Conversation) -> Conversation:
    """Make the last reply the preferred one, with an empty one to compare it with."""
    if not can_be_compared(conversation):
        return conversation
    # A weight has no meaning where two replies are compared, and is refused there.
    last = replace(conversation.messages[-1], weight=None)
    return replace(
        conversation,
        messages=conversation.messages[:-1],
        preferred=(last,),
        non_preferred=(Message(ASSISTANT, ""),),
    )


def with_preferred_only(conversation: Conversation) -> Conversation:
    """Make an ordinary example of one with two replies: the preferred one ends it."""
    if not conversation.is_preference:
        return conversation
    messages = (*conversation.messages, *(conversation.preferred or ()))
    return replace(conversation, messages=messages, preferred=None, non_preferred=None)


def swapped(conversation: Conversation) -> Conversation:
    """Prefer the other reply."""
    preferred, other = conversation.preferred, conversation.non_preferred
    return replace(conversation, preferred=other, non_preferred=preferred)


def with_reply(conversation: Conversation, *, preferred: bool) -> Conversation:
    """Write an empty reply where one of the two is missing."""
    name = "preferred" if preferred else "non_preferred"
    if getattr(conversation, name):
        return conversation
    return replace(conversation, **{name: (Message(ASSISTANT, ""),)})


# Instructions


def with_own_instructions(conversation: Conversation, text: str) -> Conversation:
    """Begin a conversation with system instructions of its own."""
    return inserted(conversation, 0, Message(SYSTEM, text))


def without_own_instructions(conversation: Conversation) -> Conversation:
    """Drop the instructions that a conversation has of its own, so that shared ones apply."""
    kept = tuple(m for m in conversation.messages if m.role not in INSTRUCTIONS)
    return replace(conversation, messages=kept)


def _locate(conversation: Conversation, index: int) -> tuple[str, int]:
    for name in ("messages", "preferred", "non_preferred"):
        held = getattr(conversation, name) or ()
        if 0 <= index < len(held):
            return name, index
        index -= len(held)
    raise IndexError(index)
