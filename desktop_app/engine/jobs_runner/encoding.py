"""Turns the examples of a job into tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.engine.backends.backend import Model, TrainingExample
from desktop_app.engine.jobs_runner.training_file import numbered_lines


class RefusedLineError(Exception):
    """The model's chat template does not take an example."""

    def __init__(self, number: int, file: str) -> None:
        super().__init__(number)
        self.number = number
        self.file = file


@dataclass(frozen=True)
class EncodedFile:
    """Examples of which something can be learned; `skipped` were cut before their replies."""

    examples: list[TrainingExample]
    skipped: int


def encode_file(model: Model, path: Path) -> EncodedFile:
    """Encode every line of a checked file. Raises RefusedLineError."""
    examples = []
    for number, line in numbered_lines(path):
        try:
            examples.append(encode_line(model, line))
        except ValueError as error:
            raise RefusedLineError(number, f"{path.stem}_file") from error
    kept = [example for example in examples if example.loss_weights.any()]
    return EncodedFile(kept, len(examples) - len(kept))


def encode_line(model: Model, line: bytes) -> TrainingExample:
    """Encode one line of a training file. Raises ValueError if the model cannot put it so."""
    conversation = msgspec.json.decode(line, type=dict[str, Any])
    messages = [plain_message(message) for message in conversation["messages"]]
    tools = conversation.get("tools")
    if isinstance(tools, str):
        tools = msgspec.json.decode(tools)
    return model.training_example(messages, tools)


def plain_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose content is one text, as chat templates take it."""
    given = {key: value for key, value in message.items() if value is not None}
    content = given.get("content", "")
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content if part.get("type") == "text")
    return given | {"content": content}
