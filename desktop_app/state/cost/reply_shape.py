"""How long prompts and replies are in the examples, for what replies will cost."""

from collections.abc import Iterable
from dataclasses import dataclass

from desktop_app.core.cost.tokens import PER_CONVERSATION, TokenCounter
from desktop_app.core.examples.conversation import ASSISTANT, Conversation

SAMPLE = 200
"""Conversations looked at: enough for a mean, few enough to count at every change."""


@dataclass(frozen=True)
class ReplyShape:
    """Mean tokens of the prompt before the last reply, and of that reply."""

    prompt: float
    reply: float


def reply_shape(
    conversations: Iterable[Conversation], counter: TokenCounter, encoding: str
) -> ReplyShape | None:
    """Return the means over the conversations in which the assistant speaks; None without one."""
    prompts, replies, n = 0, 0, 0
    for conversation in conversations:
        places = [i for i, each in enumerate(conversation.messages) if each.role == ASSISTANT]
        if not places:
            continue
        before = conversation.messages[: places[-1]]
        prompts += sum(counter.count_message(message, encoding) for message in before)
        prompts += PER_CONVERSATION
        replies += counter.count_text(conversation.messages[places[-1]].text, encoding)
        n += 1
    return ReplyShape(prompts / n, replies / n) if n else None
