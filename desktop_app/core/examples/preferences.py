"""What an example of two replies to compare must be: one reply each, to words of the user.

Sources: the preference guide and SPEC `FineTunePreferenceRequestInput` (OpenAI API, 2025-07-04).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation


@dataclass(frozen=True, slots=True)
class PreferenceFault:
    """A code of `texts.py`. `message_index` counts through `all_messages`."""

    code: str
    message_index: int | None = None
    detail: str = ""


def reply_faults(conversation: Conversation) -> Iterator[PreferenceFault]:
    """Yield what is wrong with the replies of a preference example, and with what they answer."""
    messages = conversation.messages
    if messages and messages[-1].role != USER:
        yield PreferenceFault("question_not_last", len(messages) - 1)
    start = len(messages)
    for code, replies in (
        ("no_preferred_reply", conversation.preferred or ()),
        ("no_other_reply", conversation.non_preferred or ()),
    ):
        if not replies:
            yield PreferenceFault(code)
        if len(replies) > 1:
            yield PreferenceFault("several_replies", start + 1, str(len(replies)))
        for index, reply in enumerate(replies, start):
            if reply.role != ASSISTANT:
                yield PreferenceFault("reply_not_assistant", index, reply.role)
        start += len(replies)
    if conversation.preferred and conversation.preferred == conversation.non_preferred:
        yield PreferenceFault("replies_equal", start - 1)
