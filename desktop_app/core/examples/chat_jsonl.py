"""Chat JSONL, one training example a line: the form in which services take and give examples.

Source: SPEC `FineTuneChatRequestInput` (OpenAI API, 2025-07-04).
"""

import msgspec
from msgspec import Raw, Struct

from desktop_app.core.examples.conversation import ROLES, Conversation, Message
from desktop_app.core.examples.lenient_line import OUTPUTS, parse_leniently, too_deep

NO_TOOLS = Raw()


class _Line(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    messages: tuple[Message, ...]
    tools: Raw = NO_TOOLS
    parallel_tool_calls: bool | None = None


_decoder = msgspec.json.Decoder(_Line)


def parse_line(line: str | bytes) -> Conversation:
    """Return the conversation on a line; keys that the format does not know go to `extra`.

    Raises LineError for what cannot be a conversation at all.
    """
    return parse_exactly(line) or parse_leniently(line)


def parse_exactly(line: str | bytes) -> Conversation | None:
    """Return the conversation on a line that is in the format, keys and roles included.

    None says no more than that a closer look is needed.
    """
    try:
        decoded = _decoder.decode(line)
        for message in decoded.messages:
            if message.role not in ROLES or _has_extra(message):
                return None
        tools = _tools_text(decoded.tools) if decoded.tools is not NO_TOOLS else ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return Conversation(decoded.messages, tools, decoded.parallel_tool_calls)


def line(conversation: Conversation) -> str:
    """Return the training line, without line end; `parse_line` gives the same conversation back.

    Unknown keys stand where they came from. Tools that are no JSON list, as while being typed, are
    written as a JSON string; half characters (lone surrogates) as U+FFFD.
    """
    if conversation.is_preference:
        return _encoded(_spread_preference(conversation))
    if conversation.extra or any(map(_has_extra, conversation.messages)):
        return _encoded(_spread(conversation))
    tools = _raw_tools(conversation.tools) if conversation.tools else NO_TOOLS
    simple = _Line(conversation.messages, tools, conversation.parallel_tool_calls)
    try:
        return msgspec.json.encode(simple).decode()
    except UnicodeEncodeError:
        return _encoded(_spread(conversation))


def _has_extra(message: Message) -> bool:
    if message.extra:
        return True
    # Most messages are this plain, and this is looked at for every line that is read or written.
    if not message.tool_calls and type(message.content) is not tuple:
        return False
    parts = message.content if isinstance(message.content, tuple) else ()
    return any(part.extra or (part.image_url and part.image_url.extra) for part in parts) or any(
        call.extra or call.function.extra for call in message.tool_calls
    )


def _tools_text(raw: Raw) -> str:
    data = bytes(raw)
    if not data or data == b"null":
        return ""
    if data.startswith(b'"'):
        return msgspec.json.decode(data, type=str)
    if too_deep(data):
        raise RecursionError
    return data.decode()


def _raw_tools(text: str) -> Raw:
    """Return a JSON list or object as it stands on one line, anything else as a JSON string."""
    try:
        data = text.encode()
        value = msgspec.json.decode(data, type=Raw)
        # Outside its strings, JSON gives line ends no meaning; inside them they are escaped.
        if bytes(value)[:1] in (b"[", b"{") and bytes(value) == data and not too_deep(data):
            return Raw(data.replace(b"\n", b" ").replace(b"\r", b" "))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        pass
    return Raw(msgspec.json.encode(whole_characters(text)))


def _spread(value: object) -> object:
    """Return structs as dicts, with the unknown keys back among the known ones."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, tuple):
        return [_spread(item) for item in value]
    if not isinstance(value, Struct):
        return value
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    extra = fields.pop("extra")
    if isinstance(value, Conversation):
        fields["tools"] = _raw_tools(value.tools) if value.tools else None
    known = {
        name: _spread(item)
        for name, item in fields.items()
        if name == "messages" or item not in (None, ())
    }
    return known | msgspec.json.decode(extra or "{}", type=dict[str, Raw])


def _spread_preference(conversation: Conversation) -> dict[str, object]:
    replies = zip(OUTPUTS, (conversation.preferred, conversation.non_preferred), strict=True)
    bare = msgspec.structs.replace(conversation, extra="", preferred=None, non_preferred=None)
    unknown = msgspec.json.decode(conversation.extra or "{}", type=dict[str, Raw])
    inside = _spread(bare)
    assert isinstance(inside, dict)
    if bytes(unknown.get("input", b"")).startswith(b"{"):
        inside |= msgspec.json.decode(unknown.pop("input"), type=dict[str, Raw])
    outputs = {key: _spread(reply) for key, reply in replies if reply is not None}
    return {"input": inside} | outputs | unknown


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def whole_characters(text: str) -> str:
    """Return text with half characters (lone surrogates) as U+FFFD, which any file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
