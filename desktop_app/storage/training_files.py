"""Training and test files as a service wants them: chat JSONL, UTF-8, one conversation a line."""

import codecs
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation
from desktop_app.storage.whole_file import whole_file

ShouldStop = Callable[[], bool]


def write_training_file(
    path: Path,
    conversations: Iterable[Conversation],
    should_stop: ShouldStop = lambda: False,
    *,
    byte_order_mark: bool = False,
) -> int:
    """Write one conversation a line and return how many; the old file stays unless all is well.

    Raises OSError when it cannot be written and InterruptedError when told to stop.
    """
    with whole_file(path) as file:
        return _write(file, conversations, should_stop, byte_order_mark=byte_order_mark)


def write_both_files(
    training: Path,
    conversations: Iterable[Conversation],
    test: Path,
    held_out: Iterable[Conversation],
    *,
    byte_order_mark: bool = False,
) -> tuple[int, int]:
    """Write a training and a test file, or neither, and return how many each holds."""
    with whole_file(training) as file:
        n_training = _write(file, conversations, byte_order_mark=byte_order_mark)
        with whole_file(test) as other:
            n_test = _write(other, held_out, byte_order_mark=byte_order_mark)
    return n_training, n_test


def _write(
    file: BinaryIO,
    conversations: Iterable[Conversation],
    should_stop: ShouldStop = lambda: False,
    *,
    byte_order_mark: bool,
) -> int:
    written = 0
    if byte_order_mark:
        file.write(codecs.BOM_UTF8)
    for conversation in conversations:
        if should_stop():
            raise InterruptedError
        file.write(line(conversation).encode() + b"\n")
        written += 1
    return written
