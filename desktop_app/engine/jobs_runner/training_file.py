"""Checks a training file as strictly as the hosted service does, in the words it uses.

Source of the wording: messages of rejected jobs, as users published them. What a file is, is what
its first example is; one of another kind further down is a fault of its line.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.checks import BLOCKS, MIN_EXAMPLES, check_conversation
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.rules import DPO, SUPERVISED, rules_for
from desktop_app.core.jobs.job import JobError
from desktop_app.engine.jobs_runner.line_faults import (
    INVALID_FILE,
    INVALID_FORMAT,
    finding_fault,
    keys_of,
    line_fault,
)

MAX_LINE_BYTES = 32 * 1024 * 1024
FORMATS = {SUPERVISED: "fine-tune-chat", DPO: "fine-tune-preference"}
"""What the kind of file is called that a method learns from."""


class InvalidFileError(Exception):
    """A file that cannot be trained on; `error` is what its owner is told."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.error = JobError(code=code, message=message)


class StoppedError(Exception):
    """The check was broken off."""


@dataclass(frozen=True)
class FileUse:
    """What a file is for: the method it trains, its id, what it is called, and its least size."""

    method: str = SUPERVISED
    file_id: str = ""
    name: str = "Training"
    minimum: int = MIN_EXAMPLES


def count_examples(path: Path, use: FileUse, *, stopped: threading.Event) -> int:
    """Return the number of examples in a file, all of them sound.

    Raises InvalidFileError, and StoppedError once `stopped` is set.
    """
    count = 0
    for number, line in numbered_lines(path):
        if stopped.is_set():
            raise StoppedError
        if count == 0:
            check_kind(line, use)
        count += 1
        check_line(number, line, use.method)
    if count < use.minimum:
        message = (
            f"{use.name} file has {count} example(s), but must have at least {use.minimum} examples"
        )
        raise InvalidFileError("invalid_n_examples", message)
    return count


def count_shared(training: Path, validation: Path, *, stopped: threading.Event) -> int:
    """Return how many examples of the validation file are in the training file too.

    Raises StoppedError once `stopped` is set.
    """
    left = set()
    for _, line in numbered_lines(validation):
        left.add(_digest(line))
    n_held_out = len(left)
    for _, line in numbered_lines(training):
        if stopped.is_set():
            raise StoppedError
        left.discard(_digest(line))
    return n_held_out - len(left)


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


def check_kind(line: bytes, use: FileUse) -> None:
    """Check that a file's first example is of the kind that the method learns from.

    Raises InvalidFileError where it is of another method's; what is of none is left to
    `check_line`.
    """
    keys = keys_of(line)
    kinds = {SUPERVISED: "messages" in keys, DPO: "messages" not in keys and "input" in keys}
    for method, is_of_kind in kinds.items():
        if is_of_kind and method != use.method:
            message = (
                f"Input file {use.file_id} is in the {FORMATS[method]} format, but the specified"
                f" fine-tuning job is not using '{method}' as the training method (provided"
                f" method={use.method})."
            )
            raise InvalidFileError(INVALID_FILE, message)


def check_line(number: int, line: bytes, method: str = SUPERVISED) -> None:
    """Check one example. Raises InvalidFileError naming it by its line."""
    try:
        conversation = parse_line(line)
    except LineError as error:
        raise InvalidFileError(*line_fault(number, line, error, method)) from error
    if conversation.is_preference != (method == DPO):
        raise InvalidFileError(*_missing_key(number, conversation))
    for finding in check_conversation(conversation, rules_for("local", method)):
        if finding.severity == BLOCKS:
            raise InvalidFileError(INVALID_FORMAT, finding_fault(number, finding, line))


def _missing_key(number: int, conversation: Conversation) -> tuple[str, str]:
    key = "messages" if conversation.is_preference else "input"
    return INVALID_FORMAT, f"Invalid file format. Example {number} is missing key '{key}'"


def _digest(line: bytes) -> bytes:
    return blake2b(line.strip(), digest_size=8).digest()
