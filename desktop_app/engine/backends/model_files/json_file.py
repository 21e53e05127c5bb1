"""Small JSON files beside a model's weights. They are not trusted: neither size nor content."""

import json
from pathlib import Path
from typing import Any, NoReturn

from desktop_app.engine.backends.backend import ModelFileError

MOST_BYTES = 64 << 20
"""More than the largest tokenizer.json known: 35 MB, for 256,000 tokens."""


def read_json(path: Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """Return the object that a file holds. Raises ModelFileError."""
    try:
        content = read_whole(path, most)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ModelFileError(f"The model's {path.name} cannot be read: {reason}.") from error
    return parse_json(content, path.name)


def read_json_if_there(path: Path) -> dict[str, Any]:
    """Return the object that a file holds, an empty one where there is no such file."""
    return read_json(path) if path.is_file() else {}


def read_whole(path: Path, most: int) -> bytes:
    """Return a file's content. Raises ModelFileError where it is too long, and OSError."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ModelFileError(f"The model's {path.name} is longer than {most >> 20} MB.")
    return content


def parse_json(content: bytes, name: str) -> dict[str, Any]:
    """Return the object that a text in UTF-8 is. Raises ModelFileError."""
    damaged = ModelFileError(f"The model's {name} is damaged.")
    try:
        value = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise damaged from error
    if not isinstance(value, dict):
        raise damaged
    return value


def _refuse(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(word)
