"""Training and test files as a service wants them: chat JSONL, UTF-8 without a byte-order mark."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation


def write_training_file(
    path: Path,
    conversations: Iterable[Conversation],
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Write one conversation a line and return how many; the old file stays unless all is well.

    Raises OSError when it cannot be written and InterruptedError when told to stop.
    """
    part = path.with_name(path.name + ".part")
    written = 0
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for conversation in conversations:
                if should_stop():
                    raise InterruptedError(str(path))
                file.write(line(conversation) + "\n")
                written += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written
