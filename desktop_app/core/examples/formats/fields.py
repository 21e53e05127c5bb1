"""What the readers of foreign records share: texts, messages and labels out of decoded JSON."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.conversation import Message
from desktop_app.core.examples.lenient_line import LineError

Fields = Mapping[str, object]

_LABELS = ("category", "tag", "tags", "label")


def fail(reason: str, detail: str) -> NoReturn:
    """Refuse a record."""
    raise LineError(reason, detail)


def first_key(fields: Fields, names: Sequence[str]) -> str:
    """Return which of the names a record has, '' if none."""
    return next((name for name in names if fields.get(name) is not None), "")


def text_of(fields: Fields, name: str, where: str = "") -> str:
    """Return a text, '' where it is missing or null. `where` ends in ": " or is ''."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        fail("wrong_type", f"{where}“{name}” is {kind_of(value)} where text is expected.")
    return value


def kind_of(value: object) -> str:
    """Say in words what kind of JSON value it is."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"


def messages_of(value: object, where: str) -> tuple[Message, ...]:
    """Read a list of messages in the chat format; `where` names it in errors."""
    line = msgspec.json.encode({"messages": value})
    try:
        conversation = parse_line(line)
    except LineError as error:
        fail(error.reason, f"{where}: {error.detail}")
    return conversation.messages


def system_message(text: str) -> tuple[Message, ...]:
    """Return the instructions as a message, nothing if there are none."""
    return (Message("system", text),) if text else ()


def tags_of(fields: Fields) -> tuple[str, ...]:
    """Return what is obviously a label; all other columns of a foreign record are left behind."""
    found: list[str] = []
    for name in _LABELS:
        value = fields.get(name)
        values = value if isinstance(value, list) else [value]
        found += [tag.strip() for tag in values if isinstance(tag, str) and tag.strip()]
    return tuple(dict.fromkeys(found))


def tools_text(fields: Fields) -> str:
    """Return the tools as JSON text; bare functions are wrapped the way services want them."""
    value = fields.get("tools")
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            # Told by the checks, and set right in the window.
            return str(value)
    if not value:
        return ""
    if isinstance(value, list):
        value = [_wrapped(tool) for tool in value]
    return msgspec.json.encode(value).decode()


def _wrapped(tool: object) -> object:
    if isinstance(tool, dict) and "name" in tool and "function" not in tool:
        inner = {key: item for key, item in tool.items() if key != "type"}
        return {"type": "function", "function": inner}
    return tool
