"""Turns the examples of a job into tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from desktop_app.engine.backends.backend import BrokenOffError, Model, TrainingExample
from desktop_app.engine.jobs_runner.training_file import numbered_lines

T = TypeVar("T")
Replies = tuple[TrainingExample, TrainingExample]
"""The preferred reply and the other, each behind the same words."""


class RefusedLineError(Exception):
    """The model's chat template does not take an example."""

    def __init__(self, number: int, file: str) -> None:
        super().__init__(number)
        self.number = number
        self.file = file


@dataclass(frozen=True)
class EncodedFile(Generic[T]):
    """Examples of which something can be learned; `skipped` were cut before their replies."""

    examples: list[T]
    skipped: int


def encode_file(
    model: Model, path: Path, broken_off: Callable[[], bool] = lambda: False
) -> EncodedFile[TrainingExample]:
    """Encode every line of a checked file. Raises RefusedLineError and BrokenOffError."""
    return _encoded(path, lambda line: encode_line(model, line), has_reply, broken_off)


def encode_preference_file(
    model: Model, path: Path, broken_off: Callable[[], bool] = lambda: False
) -> EncodedFile[Replies]:
    """Encode every line of a checked file of preferences, as `encode_file` does."""

    def both(replies: Replies) -> bool:
        return all(map(has_reply, replies))

    return _encoded(path, lambda line: encode_preference(model, line), both, broken_off)


def encode_line(model: Model, line: bytes) -> TrainingExample:
    """Encode one line of a training file. Raises ValueError if the model cannot put it so."""
    return _example(model, msgspec.json.decode(line, type=dict[str, Any]))


def encode_preference(model: Model, line: bytes) -> Replies:
    """Encode one line of a file of preferences. Raises ValueError as `encode_line` does.

    Only the replies compared have weight: what was said before is the same in both.
    """
    given = msgspec.json.decode(line, type=dict[str, Any])
    asked = given["input"]
    before = [_unlearned(message) for message in asked["messages"]]
    preferred, other = (
        _example(model, asked | {"messages": [*before, {**given[key][0], "weight": 1}]})
        for key in ("preferred_output", "non_preferred_output")
    )
    return preferred, other


def has_reply(example: TrainingExample) -> bool:
    """Whether something is left to learn of what the model can read."""
    return bool(example.loss_weights.any())


def _encoded(
    path: Path,
    encode: Callable[[bytes], T],
    is_of_use: Callable[[T], bool],
    broken_off: Callable[[], bool],
) -> EncodedFile[T]:
    kept, n_lines = [], 0
    for number, line in numbered_lines(path):
        if broken_off():
            raise BrokenOffError
        try:
            encoded = encode(line)
        except ValueError as error:
            raise RefusedLineError(number, f"{path.stem}_file") from error
        n_lines += 1
        if is_of_use(encoded):
            kept.append(encoded)
    return EncodedFile(kept, n_lines - len(kept))


def _unlearned(message: dict[str, Any]) -> dict[str, Any]:
    return message | {"weight": 0} if message["role"] == "assistant" else message


def _example(model: Model, conversation: Mapping[str, Any]) -> TrainingExample:
    messages = [plain_message(message) for message in conversation["messages"]]
    return model.training_example(messages, _tools(conversation))


def _tools(conversation: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the tools; the old `functions` are tools without what is around them."""
    tools = conversation.get("tools")
    if isinstance(tools, str):
        tools = msgspec.json.decode(tools)
    functions = conversation.get("functions")
    if not tools and functions:
        tools = [{"type": "function", "function": function} for function in functions]
    return tools or None


def plain_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as chat templates take it.

    Its content is one text, a refusal where there is no other; what the old `function_call` and
    the role "function" say is said by `tool_calls` and the role "tool".
    """
    given = {key: value for key, value in message.items() if value is not None}
    content = given.get("content", "")
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content if part.get("type") == "text")
    given["content"] = content or given.get("refusal", "")
    call = given.pop("function_call", None)
    if isinstance(call, Mapping) and not given.get("tool_calls"):
        given["tool_calls"] = [{"id": call["name"], "type": "function", "function": dict(call)}]
    if given["role"] == "function":
        given |= {"role": "tool", "tool_call_id": given.get("name", "")}
    return given
