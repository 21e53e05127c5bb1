"""One chat as it is kept in the project, and what follows from it."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from desktop_app.core.examples.conversation import (
    ASSISTANT,
    SYSTEM,
    USER,
    Conversation,
    Message,
)
from desktop_app.provider.provider import ChatDelta
from desktop_app.state.chat.model_choice import ModelChoice

KIND = "chat"
TITLE_LENGTH = 200

STREAMING, DONE, STOPPED, FAILED = "streaming", "done", "stopped", "failed"
TEMPERATURE = 0.7
"""Lively enough to show what a model does with a second try, sober enough to keep a format."""
LONGEST_REPLY = 400


class Reply(Struct, frozen=True, omit_defaults=True):
    """What a model answered, as far as it came.

    `corrected` is the user's better wording and stands in the reply's place from then on.
    `problem` and `detail` say why a failed one ended; `example` is the id of the conversation
    that was made of it.
    """

    model: ModelChoice
    text: str = ""
    state: str = STREAMING
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    tokens: int | None = None
    seconds: float = 0.0
    problem: str = ""
    detail: str = ""
    corrected: str = ""
    example: int | None = None

    @property
    def shown(self) -> str:
        """The words that count: the correction, if there is one."""
        return self.corrected or self.text

    def grown(self, deltas: Sequence[ChatDelta]) -> "Reply":
        """The reply with what has come since."""
        finish_reason, prompt_tokens, tokens = self.finish_reason, self.prompt_tokens, self.tokens
        for delta in deltas:
            finish_reason = delta.finish_reason or finish_reason
            if delta.completion_tokens is not None:
                prompt_tokens, tokens = delta.prompt_tokens, delta.completion_tokens
        return msgspec.structs.replace(
            self,
            text=self.text + "".join(delta.text for delta in deltas),
            finish_reason=finish_reason,
            prompt_tokens=prompt_tokens,
            tokens=tokens,
        )


class Turn(Struct, frozen=True, omit_defaults=True):
    """What the user said, and one reply, or two side by side."""

    said: str
    replies: tuple[Reply, ...] = ()

    def reply(self, column: int) -> Reply | None:
        """The reply in a column; before a second model was added, the first one's."""
        if not self.replies:
            return None
        return self.replies[min(column, len(self.replies) - 1)]


class ChatDocument(Struct, frozen=True, omit_defaults=True):
    """A chat. `instructions` None: whatever the training set has. Times are Unix seconds."""

    id: str
    created_at: float
    model: ModelChoice | None = None
    against: ModelChoice | None = None
    instructions: str | None = None
    temperature: float = TEMPERATURE
    longest_reply: int = LONGEST_REPLY
    turns: tuple[Turn, ...] = ()

    @property
    def title(self) -> str:
        """The beginning of what was said first."""
        said = self.turns[0].said.strip() if self.turns else ""
        return said.split("\n", 1)[0][:TITLE_LENGTH]

    @property
    def n_replies(self) -> int:
        return sum(len(turn.replies) for turn in self.turns)

    @property
    def tokens(self) -> int:
        """What the services counted for this chat, read and written."""
        replies = [reply for turn in self.turns for reply in turn.replies]
        return sum((r.prompt_tokens or 0) + (r.tokens or 0) for r in replies)

    def messages(self, turn: int, column: int) -> list[Message]:
        """What a model of a column is asked in a turn: all before it, and what the user says."""
        messages = [Message(SYSTEM, self.instructions)] if self.instructions else []
        for place, each in enumerate(self.turns[: turn + 1]):
            messages.append(Message(USER, each.said))
            reply = each.reply(column)
            if place < turn and reply is not None and reply.shown:
                messages.append(Message(ASSISTANT, reply.shown))
        return messages

    def example(self, turn: int, column: int) -> Conversation | None:
        """The conversation up to a reply, to learn from; None while there is no reply."""
        reply = self.turns[turn].reply(column)
        if reply is None or not reply.shown.strip():
            return None
        last = Message(ASSISTANT, reply.shown)
        return Conversation(messages=(*self.messages(turn, column), last))

    def with_reply(self, turn: int, column: int, reply: Reply) -> "ChatDocument":
        """The same chat with one reply replaced."""
        old = self.turns[turn]
        replies = (*old.replies[:column], reply, *old.replies[column + 1 :])
        changed = msgspec.structs.replace(old, replies=replies)
        return msgspec.structs.replace(
            self, turns=(*self.turns[:turn], changed, *self.turns[turn + 1 :])
        )


def encode(document: ChatDocument) -> str:
    """The JSON text that the project keeps."""
    return msgspec.json.encode(document).decode()


def decode(body: str) -> ChatDocument:
    """Read a kept chat. A reply that was still on its way when the program ended was stopped.

    Raises msgspec.DecodeError (also for what has another shape: msgspec.ValidationError).
    """
    document = msgspec.json.decode(body, type=ChatDocument)
    for place, turn in enumerate(document.turns):
        for column, reply in enumerate(turn.replies):
            if reply.state == STREAMING:
                stopped = msgspec.structs.replace(reply, state=STOPPED)
                document = document.with_reply(place, column, stopped)
    return document
