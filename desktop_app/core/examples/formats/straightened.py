"""Setting right the evident slips in how a record is built, once it is JSON."""

import msgspec

from desktop_app.core.examples.formats.roles import other_role

_LISTS = frozenset(
    ("messages", "conversations", "preferred_output", "non_preferred_output",
     "preferred_completion", "non_preferred_completion", "chosen", "rejected")
)  # fmt: skip
_TEXTS = frozenset(
    ("content", "value", "prompt", "completion", "instruction", "output", "system", "question",
     "answer", "query", "response", "arguments")
)  # fmt: skip
_OTHERS = frozenset(
    ("role", "from", "input", "tools", "name", "weight", "tool_calls", "tool_call_id", "function",
     "parallel_tool_calls", "history")
)  # fmt: skip
_KNOWN = _LISTS | _TEXTS | _OTHERS


def straightened(data: bytes) -> bytes | None:
    """Return the record with keys and roles in their usual spelling, numbers as texts, and so on.

    A list of messages that was written as a text is unpacked, one that stands bare is wrapped. None
    if it is no JSON; the result may still be no conversation.
    """
    try:
        value = msgspec.json.decode(data)
        if isinstance(value, list):
            value = {"messages": value}
        return msgspec.json.encode(_object(value)) if isinstance(value, dict) else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _object(fields: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in fields.items():
        usual = key.strip().lower()
        name = usual if usual in _KNOWN and usual not in fields else key
        found[name] = _value(name, value)
    return found


def _value(name: str, value: object) -> object:
    if name in _LISTS and isinstance(value, str):
        value = _unpacked(value)
    if isinstance(value, list) and name in _LISTS:
        return [_message(item) for item in value]
    if isinstance(value, dict) and name in (_LISTS | {"input"}):
        return _object(value)
    # A number's own spelling is lost only where it is not the shortest: 1.50 becomes 1.5.
    if name in _TEXTS and isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    return value


def _unpacked(text: str) -> object:
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return text
    return value if isinstance(value, list | dict) else text


def _message(value: object) -> object:
    if not isinstance(value, dict):
        return value
    message = _object(value)
    role = message.get("role")
    if isinstance(role, str):
        message["role"] = other_role(role) or role
    return message
