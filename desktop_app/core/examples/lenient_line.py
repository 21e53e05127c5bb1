"""Reading a line that does not fit the format exactly: keep what is unknown, or say what is wrong.

The slow path of `chat_jsonl.parse_line`: everything is taken apart by hand, so that the message
at fault can be named and unknown keys are kept as they were written.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import NoReturn, TypeVar

import msgspec
from msgspec import Raw, Struct

from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)

MAX_DEPTH = 100
"""How deeply values may be nested; Python itself gives up at some hundreds, depending on where."""

OUTPUTS = ("preferred_output", "non_preferred_output")
"""The replies of a preference example, beside its "input"."""

Reader = Callable[[Raw, str], object]
S = TypeVar("S", bound=Struct)


class LineError(Exception):
    """A line is no conversation. `reason` is a stable code, `detail` says it in plain English."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def parse_leniently(line: str | bytes) -> Conversation:
    """Return the conversation on a line, unknown keys kept. Raises LineError."""
    try:
        text = line if isinstance(line, str) else line.decode()
        fields = msgspec.json.decode(text, type=dict[str, Raw])
        for raw in fields.values():
            bytes(raw).decode()
    except UnicodeDecodeError:
        _fail("not_utf8", "The line is not written in UTF-8; save the file as UTF-8 first.")
    except UnicodeEncodeError:
        _fail("half_character", "The line holds half a character (a lone surrogate).")
    except msgspec.ValidationError:
        _fail(
            "not_an_object", "The line is not a JSON object: it must begin with { and end with }."
        )
    except (msgspec.DecodeError, RecursionError):
        _explain_json(text)
    if any(too_deep(bytes(raw)) for raw in fields.values()):
        _fail_depth()
    if "messages" not in fields and "input" in fields and not fields.keys().isdisjoint(OUTPUTS):
        return _preference(fields)
    messages = fields.get("messages")
    if messages is None or not bytes(messages).startswith(b"["):
        _fail("no_messages_list", "The object has no list named “messages”.")
    return _struct(Conversation, _CONVERSATION, msgspec.json.encode(fields), "")


def too_deep(data: bytes) -> bool:
    """Whether JSON is nested deeper than MAX_DEPTH."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    depth, level = 0, [msgspec.json.decode(data)]
    while level:
        depth += 1
        children = (v.values() if isinstance(v, dict) else v for v in level)
        level = [c for values in children for c in values if isinstance(c, dict | list)]
    return depth > MAX_DEPTH


def _fail(reason: str, detail: str) -> NoReturn:
    raise LineError(reason, detail) from None


def _fail_depth() -> NoReturn:
    _fail("too_deep", f"The JSON is nested more than {MAX_DEPTH} levels deep.")


def _explain_json(text: str) -> NoReturn:
    """Say why text is not JSON; `json` words it better, but also takes what is none."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        _fail_depth()
    except json.JSONDecodeError as error:
        _fail("not_json", f"The line is not valid JSON: {error.msg} at character {error.pos + 1}.")
    except ValueError as error:
        _fail("not_json", f"The line is not valid JSON: {error}.")
    _fail(
        "half_character", "The line holds half a character (a lone surrogate, \\ud800 to \\udfff)."
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_KINDS = {
    ord('"'): "text",
    ord("["): "a list",
    ord("{"): "an object",
    ord("t"): "true",
    ord("f"): "false",
    ord("n"): "nothing",
}


def _value(type_: object, expected: str, raw: Raw, where: str) -> object:
    data = bytes(raw)
    try:
        return msgspec.json.decode(data, type=type_)
    except UnicodeDecodeError:
        _fail("not_utf8", f"{where} is not written in UTF-8.")
    except msgspec.DecodeError:
        found = _KINDS.get(data[0], "a number")
        _fail("wrong_type", f"{where} is {found} where {expected} is expected.")


def _list(read: Reader, what: str, raw: Raw, where: str) -> tuple[object, ...]:
    if bytes(raw) == b"null":
        return ()
    items = _value(list[Raw], "a list", raw, where)
    assert isinstance(items, list)
    return tuple(read(item, what.format(where=where, n=n)) for n, item in enumerate(items, 1))


def _content(raw: Raw, where: str) -> object:
    if bytes(raw).startswith(b"["):
        return _list(partial(_struct, ContentPart, _PART), "{where}, part {n}", raw, where)
    return _value(str | None, "text", raw, where)


def _tools(raw: Raw, _where: str) -> str:
    data = bytes(raw)
    if data.startswith(b'"'):
        return msgspec.json.decode(data, type=str)
    return "" if data == b"null" else data.decode()


def _struct(type_: type[S], readers: Mapping[str, Reader], raw: Raw | bytes, where: str) -> S:
    fields = _value(dict[str, Raw], "an object", Raw(raw), where)
    assert isinstance(fields, dict)
    known: dict[str, object] = {}
    for name in readers.keys() & fields.keys():
        value = readers[name](fields.pop(name), f"{where}: “{name}”" if where else f"“{name}”")
        if value is not None:
            known[name] = value
    for field in msgspec.structs.fields(type_):
        if field.required and field.name not in known:
            reason = "no_role" if field.name == "role" else "missing_key"
            _fail(reason, f"{where} has no “{field.name}”.")
    # Outside its strings, JSON gives line ends no meaning; inside them they are escaped.
    extra = msgspec.json.encode(fields).decode().replace("\n", " ").replace("\r", " ")
    return type_(**known, extra=extra if fields else "")


_text = partial(_value, str | None, "text")
_IMAGE: dict[str, Reader] = {"url": _text, "detail": _text}


def _image(raw: Raw, where: str) -> ImageUrl | None:
    return None if bytes(raw) == b"null" else _struct(ImageUrl, _IMAGE, raw, where)


_PART: dict[str, Reader] = {"type": _text, "text": _text, "image_url": _image}
_FUNCTION: dict[str, Reader] = {"name": _text, "arguments": _text}
_CALL: dict[str, Reader] = {
    "id": _text,
    "type": _text,
    "function": partial(_struct, FunctionCall, _FUNCTION),
}
_MESSAGE: dict[str, Reader] = {
    "role": _text,
    "content": _content,
    "name": _text,
    "weight": partial(_value, int | float | None, "a number"),
    "tool_calls": partial(_list, partial(_struct, ToolCall, _CALL), "{where}, call {n}"),
    "tool_call_id": _text,
    "refusal": _text,
}
_message = partial(_struct, Message, _MESSAGE)
_CONVERSATION: dict[str, Reader] = {
    "messages": partial(_list, _message, "Message {n}"),
    "tools": _tools,
    "parallel_tool_calls": partial(_value, bool | None, "true or false"),
}


def _preference(fields: dict[str, Raw]) -> Conversation:
    """Read `input` as a conversation; keys of it that are unknown stay under `input` in `extra`."""
    inner = _value(dict[str, Raw], "an object", fields.pop("input"), "“input”")
    assert isinstance(inner, dict)
    replies = [
        _list(_message, where, fields.pop(key), f"“{key}”") if key in fields else None
        for key, where in zip(OUTPUTS, ("Preferred reply {n}", "Other reply {n}"), strict=True)
    ]
    if "messages" not in inner or not bytes(inner["messages"]).startswith(b"["):
        _fail("no_messages_list", "“input” has no list named “messages”.")
    if clash := _CONVERSATION.keys() & fields.keys():
        _fail("misplaced_key", f"“{min(clash)}” has to stand inside “input”.")
    unknown = {key: inner.pop(key) for key in list(inner) if key not in _CONVERSATION}
    whole = inner | fields | ({"input": Raw(msgspec.json.encode(unknown))} if unknown else {})
    conversation = _struct(Conversation, _CONVERSATION, msgspec.json.encode(whole), "")
    return msgspec.structs.replace(conversation, preferred=replies[0], non_preferred=replies[1])
