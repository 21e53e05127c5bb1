"""Finds in a reply, as it comes, where the model calls tools; the rest is what it says.

Two forms are known: JSON between <tool_call> and </tool_call> (Hermes, Qwen, SmolLM), and a reply
that is nothing but JSON (Llama 3.1 and others): an object with a name and arguments or parameters,
or a list of such. What looks like a call and is none, or calls what was not offered, stays text.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from desktop_app.engine.identifiers import random_id

_BEGIN, _END = "<tool_call>", "</tool_call>"
_JSON_BEGINS = ("{", "[")


@dataclass(frozen=True)
class ToolCall:
    """A call of a function; the arguments are JSON, as the model wrote it."""

    name: str
    arguments: str
    id: str = field(default_factory=lambda: random_id("call_"))

    def body(self) -> dict[str, object]:
        """Return the call as the protocol has it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


Said = str | ToolCall


class ToolCallReader:
    """Reads one reply. `names` are the functions offered; with none, all is text."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._held = ""
        self._in_call = False
        self._is_json = False
        self._has_said = False
        self.calls = 0

    def add(self, text: str) -> list[Said]:
        """Return what is certain after some more text."""
        if not self._names:
            return [text] if text else []
        self._held += text
        begins = not (self._has_said or self._in_call or self.calls)
        if begins and self._held.lstrip()[:1] in _JSON_BEGINS:
            self._is_json = True
        said: list[Said] = []
        while not self._is_json and self._goes_on(said):
            pass
        return said

    def finish(self) -> list[Said]:
        """Return the rest, now that nothing more comes."""
        held, self._held = self._held, ""
        if self._is_json or self._in_call:
            inner = held.lstrip().removeprefix(_BEGIN)
            calls = list(_calls_in(inner, self._names, many=self._is_json))
            self.calls += len(calls)
            return list(calls) if calls else [held]
        return self._text(held) if held.strip() or not self.calls else []

    def _goes_on(self, said: list[Said]) -> bool:
        """Take the next piece out of what is held; False where more text must come first."""
        if self._in_call:
            inner, end, rest = self._held.partition(_END)
            if not end:
                return False
            self._in_call, self._held = False, rest
            calls = list(_calls_in(inner.lstrip().removeprefix(_BEGIN), self._names, many=False))
            self.calls += len(calls)
            said += calls or self._text(inner + end)
            return True
        before, begin, rest = self._held.partition(_BEGIN)
        # White space waits too: between calls it is not said.
        certain = len((before if begin else before[: len(before) - _overlap(before)]).rstrip())
        said += self._text(before[:certain])
        self._held = before[certain:] + begin + rest
        self._in_call = bool(begin)
        return self._in_call

    def _text(self, text: str) -> list[Said]:
        self._has_said = self._has_said or bool(text)
        return [text] if text else []


def _overlap(text: str) -> int:
    """Return how many of the last characters may begin a call."""
    return next((n for n in range(len(_BEGIN) - 1, 0, -1) if text.endswith(_BEGIN[:n])), 0)


def _calls_in(text: str, names: Collection[str], *, many: bool) -> Iterator[ToolCall]:
    """Yield the calls of a JSON text; nothing where a part of it is none."""
    try:
        parsed = _parsed(text)
    except (ValueError, RecursionError):
        return
    found = [
        _call(one, names) for one in (parsed if many and isinstance(parsed, list) else [parsed])
    ]
    calls = [call for call in found if call is not None]
    if len(calls) == len(found):
        yield from calls


def _call(parsed: object, names: Collection[str]) -> ToolCall | None:
    if not isinstance(parsed, dict):
        return None
    name = parsed.get("name")
    arguments = parsed.get("arguments", parsed.get("parameters"))
    if not isinstance(name, str) or name not in names:
        return None
    if isinstance(arguments, str):
        try:
            arguments = _parsed(arguments)
        except (ValueError, RecursionError):
            return None
    if not isinstance(arguments, dict):
        return None
    written = json.dumps(arguments, ensure_ascii=False)
    # JSON can carry halves of surrogate pairs, which no text in UTF-8 can hold.
    return ToolCall(name, written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _parsed(text: str) -> Any:  # noqa: ANN401  # JSON
    """Return what a JSON text says. Raises ValueError, for NaN and the like too."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)
