"""The parts of an example that advice is about: instructions, question, reply."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, Conversation, Message


class Parts(NamedTuple):
    """What an example teaches: after these words, this reply.

    `reply_index` counts through `all_messages` and is None where nothing is replied. The reply is
    the last one learned from, or the preferred one.
    """

    instructions: str
    question: tuple[Message, ...]
    reply: str
    reply_index: int | None


def parts_of(conversation: Conversation) -> Parts:
    """Take an example apart."""
    messages = conversation.messages
    instructions = "\n".join(m.text for m in messages if m.role in (SYSTEM, "developer"))
    if conversation.is_preference:
        reply = conversation.preferred[0].text if conversation.preferred else ""
        return Parts(instructions, messages, reply, len(messages) if reply else None)
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].is_learned_from:
            return Parts(instructions, messages[:index], messages[index].text, index)
    return Parts(instructions, messages, "", None)


def last_words(question: tuple[Message, ...]) -> str:
    """Return what is replied to: the last message that is not the assistant's or instructions."""
    for message in reversed(question):
        if message.role not in (ASSISTANT, SYSTEM, "developer"):
            return message.text
    return ""


def digest_of(text: str) -> int:
    """Return 64 bits for a text whatever its case and spacing, 0 for none."""
    plain = " ".join(text.split()).casefold()
    if not plain:
        return 0
    data = blake2b(plain.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(data, "big", signed=True) or 1


# Most sets repeat their instructions word for word.
digest_of_instructions = lru_cache(maxsize=64)(digest_of)


def question_digest(parts: Parts) -> int:
    """Return 64 bits for all that stands before the reply; 0 where there is no reply."""
    if parts.reply_index is None:
        return 0
    return digest_of("\n".join(f"{m.role}: {m.text}" for m in parts.question))
