"""One example conversation, as the chat fine-tuning format knows it.

Source of the format: SPEC `FineTuneChatRequestInput` (OpenAI API, 2025-07-04) and the supervised
fine-tuning guide. Structs of msgspec rather than dataclasses: they decode and validate a line four
times as fast, and are frozen and compared by value all the same.

`extra`, wherever it stands, is the JSON object of keys that the format does not know, as written,
and '' if there are none.
"""

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

SYSTEM, USER, ASSISTANT, TOOL = "system", "user", "assistant", "tool"
ROLES = (SYSTEM, USER, ASSISTANT, TOOL)
INSTRUCTIONS = (SYSTEM, "developer")
"""Who says how the assistant should be: newer models call it the developer."""
TITLE_LENGTH = 200


class ImageUrl(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where an image is: a web address or a data URL."""

    url: str
    detail: str | None = None
    extra: str = ""


class ContentPart(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One part of a message that is made of text and images."""

    type: str
    text: str | None = None
    image_url: ImageUrl | None = None
    extra: str = ""


class FunctionCall(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The function that the assistant calls; `arguments` is JSON text, as written."""

    name: str
    arguments: str
    extra: str = ""


class ToolCall(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One call of a tool by the assistant."""

    id: str
    function: FunctionCall
    # A factory, because a service wants it written even when it is the default.
    type: str = field(default_factory=lambda: "function")
    extra: str = ""


class Message(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One turn."""

    role: str
    content: str | tuple[ContentPart, ...] | None = None
    name: str | None = None
    weight: int | float | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    refusal: str | None = None
    extra: str = ""

    @property
    def text(self) -> str:
        """The words of the message; parts that are not text are left out."""
        if isinstance(self.content, tuple):
            return "\n".join(part.text for part in self.content if part.text is not None)
        return self.content or ""

    @property
    def is_learned_from(self) -> bool:
        """Whether training counts this message: assistant messages whose weight is not 0."""
        return self.role == ASSISTANT and self.weight != 0

    def map_text(self, change: Callable[[str], str]) -> "Message":
        """Return the message with its words changed; images and tool calls stay."""
        if isinstance(self.content, str):
            return replace(self, content=change(self.content))
        if self.content is None:
            return self
        parts = (replace(p, text=change(p.text)) if p.text else p for p in self.content)
        return replace(self, content=tuple(parts))


class Conversation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One training example. `tools` is the JSON text of the list of tools, '' if absent.

    A preference example (SPEC `FineTunePreferenceRequestInput`) has replies to compare after its
    `messages`: `preferred` and `non_preferred`. Both are None in any other example.
    """

    messages: tuple[Message, ...]
    tools: str = ""
    parallel_tool_calls: bool | None = None
    preferred: tuple[Message, ...] | None = None
    non_preferred: tuple[Message, ...] | None = None
    extra: str = ""

    @property
    def is_preference(self) -> bool:
        """Whether two replies are compared, rather than one learned from."""
        return self.preferred is not None or self.non_preferred is not None

    @property
    def all_messages(self) -> tuple[Message, ...]:
        """The messages, then the preferred reply, then the other: what findings count through."""
        return self.messages + (self.preferred or ()) + (self.non_preferred or ())

    def map_messages(self, change: Callable[[Message], Message]) -> "Conversation":
        """Return the conversation with each of `all_messages` changed."""
        compared = {
            name: tuple(map(change, replies))
            for name, replies in (
                ("preferred", self.preferred),
                ("non_preferred", self.non_preferred),
            )
            if replies is not None
        }
        return replace(self, messages=tuple(map(change, self.messages)), **compared)

    @property
    def title(self) -> str:
        """What a list shows: the first line of the first user message, else of any message."""
        speakers = [m for m in self.messages if m.role == USER] or list(self.messages)
        for message in speakers:
            start = message.text.lstrip()[:TITLE_LENGTH]
            if start:
                line = start.splitlines()[0].rstrip()
                if not line.isprintable():
                    line = "".join(c if c.isprintable() else " " for c in line).strip()
                return line
        return ""
