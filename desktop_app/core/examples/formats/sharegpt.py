"""ShareGPT: `conversations` of `from` and `value`, with `system` and `tools` beside it.

Source: the data format of FastChat and of LLaMA-Factory (its README under `data`), where calls of
tools are turns of `function_call` and their results turns of `observation`.
"""

from collections.abc import Iterator, Mapping

import msgspec

from desktop_app.core.examples.conversation import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    USER,
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)
from desktop_app.core.examples.formats.fields import (
    Fields,
    fail,
    first_key,
    kind_of,
    system_message,
    tags_of,
    text_of,
    tools_text,
)
from desktop_app.core.examples.imported import Imported

_CALL = "function_call"
_ROLES = {
    "human": USER, "user": USER, "gpt": ASSISTANT, "assistant": ASSISTANT, "chatgpt": ASSISTANT,
    "bing": ASSISTANT, "bard": ASSISTANT, "model": ASSISTANT, "system": SYSTEM, _CALL: _CALL,
    "observation": TOOL, "tool": TOOL, "function": TOOL, "function_response": TOOL,
}  # fmt: skip
_LISTS = ("conversations", "conversation", "messages")


def matches(fields: Fields) -> bool:
    """Whether a record is in this format; `messages` are, too, if they say `from`."""
    name = first_key(fields, _LISTS)
    turns = fields.get(name)
    if not isinstance(turns, list):
        return False
    return name != "messages" or (bool(turns) and isinstance(turns[0], dict) and "from" in turns[0])


def read(_data: bytes, fields: Fields, number: int) -> Imported:
    """Read a record; columns that are neither said nor a label are left behind."""
    conversation = Conversation(turns_of(fields), tools_text(fields))
    return Imported(conversation, number, tags_of(fields))


def turns_of(fields: Fields) -> tuple[Message, ...]:
    """Return the messages of a record, `system` first. Raises LineError, naming the turn."""
    turns = fields[first_key(fields, _LISTS)]
    if not isinstance(turns, list):
        fail("no_messages_list", "The object has no list named “conversations”.")
    said = _Turns()
    for n, turn in enumerate(turns, 1):
        said.add(turn, f"Turn {n}")
    own = text_of(fields, "system")
    return (*system_message(own), *said.messages)


def turn_message(turn: object, where: str) -> Message:
    """Return one turn that stands alone, as the replies of a preference example do."""
    said = _Turns()
    said.add(turn, where)
    return said.messages[0]


class _Turns:
    """Turns become messages; calls get the ids by which their results name them."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._n_calls = 0
        self._open: list[str] = []

    def add(self, turn: object, where: str) -> None:
        if not isinstance(turn, dict):
            fail("wrong_type", f"{where} is {kind_of(turn)} where an object is expected.")
        speaker = text_of(turn, first_key(turn, ("from", "role")), f"{where}: ")
        if not speaker:
            fail("no_role", f"{where} has no “from”.")
        role = _ROLES.get(speaker.strip().casefold())
        if role is None:
            fail("unknown_role", f"{where} is from “{speaker[:80]}”, which is no known speaker.")
        text = text_of(turn, first_key(turn, ("value", "content", "text")), f"{where}: ")
        if role == _CALL:
            calls = tuple(self._calls(text, where))
            self.messages.append(Message(ASSISTANT, tool_calls=calls))
        elif role == TOOL:
            self._add_results(text)
        else:
            weight = turn.get("weight")
            self.messages.append(Message(role, text, weight=weight if weight in (0, 1) else None))

    def _calls(self, text: str, where: str) -> Iterator[ToolCall]:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            value = None
        self._open = []
        for call in value if isinstance(value, list) and value else [value]:
            if not isinstance(call, dict) or not isinstance(call.get("name"), str):
                fail("call_not_json", f"{where}: the call is no JSON object with a “name”.")
            self._n_calls += 1
            self._open.append(f"call_{self._n_calls}")
            function = FunctionCall(call["name"], _arguments(call))
            yield ToolCall(self._open[-1], function)

    def _add_results(self, text: str) -> None:
        """Add a result; a list of as many as were called for answers all of them."""
        results = [text]
        if len(self._open) > 1 and text.lstrip().startswith("["):
            results = _items(text, len(self._open)) or results
        for result in results:
            call_id = self._open.pop(0) if self._open else None
            self.messages.append(Message(TOOL, result, tool_call_id=call_id))


def _arguments(call: Mapping[str, object]) -> str:
    arguments = call.get("arguments", call.get("parameters", {}))
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()


def _items(text: str, n: int) -> list[str]:
    try:
        values = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return []
    return [bytes(value).decode() for value in values] if len(values) == n else []
