"""One record read by its shape: which keys it has says what it is, whatever the file is called."""

from collections.abc import Callable

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.formats import alpaca, preference, prompt_completion, sharegpt
from desktop_app.core.examples.formats.fields import Fields, fail
from desktop_app.core.examples.formats.format import Format
from desktop_app.core.examples.formats.roles import other_role
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.lenient_line import (
    MAX_DEPTH,
    LineError,
    parse_leniently,
    too_deep,
)
from desktop_app.core.examples.project_jsonl import KEY, read_project_line


def read_record(data: bytes, number: int, first: Format = Format.UNKNOWN) -> Imported:
    """Read the JSON object of one record; `first` wins where it may be several formats.

    Of a key that stands there twice the last counts, as with `json`. Raises LineError.
    """
    fields = _decoded(data)
    if fields is None:
        return _read_raw(data, number)
    shape = shape_of(fields, first)
    if shape is None:
        names = ", ".join(f"“{name[:40]}”" for name in list(fields)[:8]) or "none"
        fail(
            "unknown_keys",
            "No conversation can be made of these keys: expected are “messages”, or “prompt” and"
            f" “completion”, or another known pair; found: {names}.",
        )
    return _READERS[shape](data, fields, number)


def shape_of(fields: Fields, first: Format = Format.UNKNOWN) -> Format | None:
    """Return the format of a record, None if its keys are those of none."""
    if first in _MATCHES and _MATCHES[first](fields):
        return first
    return next((shape for shape, matches in _MATCHES.items() if matches(fields)), None)


def _decoded(data: bytes) -> Fields | None:
    """Return the record's keys and values, None if it is no JSON object."""
    try:
        value = msgspec.json.decode(data)
        is_too_deep = too_deep(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if is_too_deep:
        fail("too_deep", f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    return value if isinstance(value, dict) else None


def _read_raw(data: bytes, number: int) -> Imported:
    """Read what holds something that no value can be made of; chat lines keep it as written."""
    try:
        return Imported(parse_leniently(data), number)
    except LineError as error:
        if error.reason != "no_messages_list":
            raise
        detail = "It holds half a character (a lone surrogate) or too large a number."
        raise LineError("half_character", detail) from error


def _is_project(fields: Fields) -> bool:
    ours = fields.get(KEY)
    return isinstance(ours, dict) and "version" in ours


def _is_chat(fields: Fields) -> bool:
    return "messages" in fields


def _read_project(data: bytes, _fields: Fields, number: int) -> Imported:
    return read_project_line(data, number)


def _read_chat(data: bytes, _fields: Fields, number: int) -> Imported:
    conversation = parse_line(data)
    for n, message in enumerate(conversation.messages, 1):
        if meant := other_role(message.role):
            fail(
                "unknown_role",
                f"Message {n}: the role “{message.role}” is called “{meant}” in this format.",
            )
    return Imported(conversation, number)


_MATCHES: dict[Format, Callable[[Fields], bool]] = {
    Format.PROJECT: _is_project,
    Format.PREFERENCE: preference.matches,
    Format.SHAREGPT: sharegpt.matches,
    Format.CHAT: _is_chat,
    Format.ALPACA: alpaca.matches,
    Format.PROMPT_COMPLETION: prompt_completion.matches,
}
"""In the order in which they win."""

_READERS: dict[Format, Callable[[bytes, Fields, int], Imported]] = {
    Format.PROJECT: _read_project,
    Format.PREFERENCE: preference.read,
    Format.SHAREGPT: sharegpt.read,
    Format.CHAT: _read_chat,
    Format.ALPACA: alpaca.read,
    Format.PROMPT_COMPLETION: prompt_completion.read,
}
