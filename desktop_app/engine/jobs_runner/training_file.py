"""Checks a training file as strictly as the hosted service does, in the words it uses.

Source of the wording: messages of rejected jobs, as users published them.
"""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.checks import BLOCKS, MIN_EXAMPLES, Finding, check_conversation
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.texts import TEXTS, fill
from desktop_app.core.jobs.job import JobError

MAX_LINE_BYTES = 32 * 1024 * 1024
INVALID_FORMAT = "invalid_file_format"
INVALID_FILE = "invalid_training_file"
NO_DICTIONARY = (
    "Expected file to have JSONL format, where every line is a valid JSON dictionary."
    ' Line {n} is not a dictionary (HINT: line starts with: "{start}...").'
)
UNKNOWN_SHAPE = (
    "The job failed due to an invalid training file. Unexpected file format, expected either"
    " prompt/completion pairs or chat messages."
)


class InvalidFileError(Exception):
    """A file that cannot be trained on; `error` is what its owner is told."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.error = JobError(code=code, message=message)


class StoppedError(Exception):
    """The check was broken off."""


def count_examples(
    path: Path, *, name: str = "Training", minimum: int = MIN_EXAMPLES, stopped: threading.Event
) -> int:
    """Return the number of examples in a file, all of them sound.

    Raises InvalidFileError, and StoppedError once `stopped` is set.
    """
    count = 0
    for number, line in numbered_lines(path):
        if stopped.is_set():
            raise StoppedError
        count += 1
        check_line(number, line)
    if count < minimum:
        message = f"{name} file has {count} example(s), but must have at least {minimum} examples"
        raise InvalidFileError("invalid_n_examples", message)
    return count


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not blank, numbered from 1. Raises InvalidFileError."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                message = f"Invalid file format. Line {number} is longer than 32 MB."
                raise InvalidFileError(INVALID_FORMAT, message)
            if line.strip():
                yield number, line


def check_line(number: int, line: bytes) -> None:
    """Check one example. Raises InvalidFileError naming it by its line."""
    try:
        conversation = parse_line(line)
    except LineError as error:
        raise _unreadable(number, line, error) from error
    for finding in check_conversation(conversation):
        if finding.severity == BLOCKS:
            raise InvalidFileError(INVALID_FORMAT, _reason(number, finding))
    if _has_image(conversation):
        message = f"Invalid file format. Example {number} has an image; this model reads text only."
        raise InvalidFileError(INVALID_FORMAT, message)


def _unreadable(number: int, line: bytes, error: LineError) -> InvalidFileError:
    if not line.lstrip().startswith(b"{"):
        start = line[:1].decode("latin-1")
        return InvalidFileError(
            INVALID_FORMAT, NO_DICTIONARY.replace("{n}", str(number)).replace("{start}", start)
        )
    if error.reason == "no_messages_list":
        return _without_messages(number, line)
    if error.reason == "no_role":
        place = re.search(r"Message (\d+)", error.detail)
        reason = f", message {place[1] if place else '?'} Discriminator 'role' is missing in value"
    elif error.reason == "not_json":
        reason = (
            f" cannot be parsed. Error: line contains invalid json: {_json_fault(line)}"
            f" (line {number})"
        )
    else:
        reason = f": {error.detail}"
    return InvalidFileError(INVALID_FORMAT, f"Invalid file format. Example {number}{reason}")


def _without_messages(number: int, line: bytes) -> InvalidFileError:
    keys = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).keys()
    if "messages" in keys:
        message = f"Invalid file format. Example {number}: 'messages' is not a list"
        return InvalidFileError(INVALID_FORMAT, message)
    if keys & {"prompt", "completion", "input"}:
        message = f"Invalid file format. Example {number} is missing key 'messages'"
        return InvalidFileError(INVALID_FORMAT, message)
    return InvalidFileError(INVALID_FILE, UNKNOWN_SHAPE)


def _json_fault(line: bytes) -> str:
    try:
        json.loads(line)
    except ValueError as error:
        return str(error)
    return "a value is not JSON"


def _reason(number: int, finding: Finding) -> str:
    start = f"Invalid file format. Example {number}"
    match finding.code:
        case "unknown_key":
            return f'{start} contains an extra "{finding.detail[:100]}".'
        case "weight_on_non_assistant":
            return f'{start} contains an extra "weight".'
        case "special_token":
            return f"{start} message contains an invalid token: {finding.detail}."
        case _:
            return f"{start}: {fill(TEXTS[finding.code].title, finding)}."


def _has_image(conversation: Conversation) -> bool:
    return any(
        part.image_url is not None
        for message in conversation.messages
        if isinstance(message.content, tuple)
        for part in message.content
    )
