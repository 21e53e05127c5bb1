"""Finding words in the messages of conversations and putting others in their place."""

import re
from dataclasses import dataclass

from desktop_app.core.examples.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. Without `match_case`, by Unicode's simple case folding."""

    text: str
    match_case: bool = False
    whole_words: bool = False


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where it stands: in which of `all_messages`, from which character to which."""

    message_index: int
    start: int
    end: int


class Replacer:
    """Looks for one thing; an empty text is found nowhere."""

    def __init__(self, wanted: Wanted) -> None:
        pattern = re.escape(wanted.text)
        if wanted.whole_words:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        flags = re.NOFLAG if wanted.match_case else re.IGNORECASE
        self._pattern = re.compile(pattern if wanted.text else r"(?!)", flags)

    def occurrences(self, conversation: Conversation) -> list[Occurrence]:
        """Return all places, in the order of the messages."""
        return [
            Occurrence(index, match.start(), match.end())
            for index, message in enumerate(conversation.all_messages)
            for match in self._pattern.finditer(message.text)
        ]

    def replaced(self, conversation: Conversation, by: str) -> Conversation:
        """Return the conversation with every occurrence replaced; nothing in `by` is special."""

        def change(text: str) -> str:
            return self._pattern.sub(lambda _match: by, text)

        return conversation.map_messages(lambda message: message.map_text(change))
