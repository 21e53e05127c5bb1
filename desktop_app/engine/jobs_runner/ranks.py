"""One process among several that train a job together: which one it is, what it tells, its end.

Launchers pass on neither an exit code nor, over a network, the end of standard input. So every
process leaves its last word in the job's folder, and a file there asks for the end. The folder is
one that all computers of a cluster see.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from desktop_app.engine.jobs_runner.worker_exit import WorkerExit

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 45.0
"""How long after the wish to end a process may take; then it waits for one that is gone."""
AFTERMATH_SECONDS = 2.0
"""How much longer than the first process another one may live."""
CRASHED = 1
KILLED = -9


def rank(environment: Mapping[str, str] = os.environ) -> int:
    """Return the number of this process, 0 for one alone."""
    return int(environment.get("RANK", "0"))


def count(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many processes train together, 1 for one alone."""
    return int(environment.get("WORLD_SIZE", "1"))


def are_several(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process has others to train with."""
    return count(environment) > 1


def is_first(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is the one that writes files and hears of the wish to end."""
    return rank(environment) == 0


def agreed(wish: bool) -> bool:
    """Return the first process's wish in all of them; each calls this at the same place.

    Clocks differ, and what one does alone would leave the others waiting for it.
    """
    # Whoever trains together has it loaded; it is not loaded for the sake of this.
    distributed: Any = sys.modules.get("torch.distributed")
    if not are_several() or distributed is None or not distributed.is_initialized():
        return wish
    wishes = [wish]
    distributed.broadcast_object_list(wishes)
    return wishes[0]


class LastWord(Struct, frozen=True):
    """How a process ended, and where it failed if it did."""

    code: int
    where: str = ""


def word_path(log: Path, number: int) -> Path:
    """Return the file of a process's last word on one attempt at a job."""
    return log.with_name(f"{log.stem}.end-{number}")


def stop_path(log: Path) -> Path:
    """Return the file whose being there asks for the end of one attempt at a job."""
    return log.with_name(f"{log.stem}.stop")


def leave(log: Path, number: int, word: LastWord) -> None:
    """Leave a last word, whole or not at all."""
    path = word_path(log, number)
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.encode(word))
    part.replace(path)


def last_words(log: Path, processes: int) -> list[LastWord | None]:
    """Return the last word of each process, None of one that was killed."""
    words: list[LastWord | None] = []
    for number in range(processes):
        try:
            words.append(msgspec.json.decode(word_path(log, number).read_bytes(), type=LastWord))
        except (OSError, msgspec.MsgspecError):
            words.append(None)
    return words


def verdict(words: Sequence[LastWord | None], *, asked_to_stop: bool) -> int:
    """Return the exit code of all processes together, as one alone would have ended.

    A reason that can be told counts most. Then a kill: the others fail, or are ended by their
    launcher, for want of the one that is gone.
    """
    codes = [None if word is None else word.code for word in words]
    for code in codes:
        if code in set(WorkerExit) - {WorkerExit.DONE, WorkerExit.STOPPED}:
            assert code is not None
            return code
    if codes[0] == WorkerExit.DONE or (codes[0] == WorkerExit.STOPPED and asked_to_stop):
        return int(codes[0])
    if None in codes:
        return KILLED
    return CRASHED if CRASHED in codes else WorkerExit.STOPPED


def heed(log: Path, stop: threading.Event) -> None:
    """Set `stop` once the file that asks for the end is there; end this process if it hangs.

    A process that is not the first ends of its own accord as soon as the first one is gone: it
    has nothing to save. For a thread of its own.
    """
    asked_at: float | None = None
    orphaned_at: float | None = None
    while True:
        time.sleep(POLL_SECONDS)
        now = time.monotonic()
        if asked_at is None and (stop.is_set() or stop_path(log).exists()):
            asked_at = now
            stop.set()
        if orphaned_at is None and not is_first() and word_path(log, 0).exists():
            orphaned_at = now
        hangs = asked_at is not None and now - asked_at > PATIENCE_SECONDS
        if hangs or (orphaned_at is not None and now - orphaned_at > AFTERMATH_SECONDS):
            os._exit(0)
