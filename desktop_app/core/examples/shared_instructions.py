"""System instructions that are written once and stand before many conversations."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from desktop_app.core.examples.chat_jsonl import whole_characters
from desktop_app.core.examples.conversation import INSTRUCTIONS, SYSTEM, Conversation, Message


class SharedInstructions(Struct, frozen=True, omit_defaults=True):
    """The instructions of the whole project, and those of conversations with a tag."""

    whole_project: str = ""
    by_tag: dict[str, str] = {}

    def of(self, tags: Sequence[str]) -> str:
        """Return what stands before a conversation with these tags; the first tag's wins."""
        for tag in sorted(tags):
            if text := self.by_tag.get(tag, ""):
                return text
        return self.whole_project

    def tidy(self) -> "SharedInstructions":
        """Return the same in whole characters, which any file can hold, and the tags in order."""
        by_tag = {
            whole_characters(tag): whole_characters(text)
            for tag, text in sorted(self.by_tag.items())
        }
        return SharedInstructions(whole_characters(self.whole_project), by_tag)

    def applied(self, conversation: Conversation, tags: Sequence[str]) -> Conversation:
        """Return the conversation as it is trained on; one with its own instructions stays."""
        text = self.of(tags)
        if not text or has_own_instructions(conversation):
            return conversation
        messages = (Message(SYSTEM, text), *conversation.messages)
        return msgspec.structs.replace(conversation, messages=messages)


def has_own_instructions(conversation: Conversation) -> bool:
    """Whether a conversation says itself how the assistant should be."""
    return any(message.role in INSTRUCTIONS for message in conversation.messages)
