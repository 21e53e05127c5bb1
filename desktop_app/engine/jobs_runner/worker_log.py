"""The lines by which a worker tells the service what it does: JSON, appended to a file.

A worker started again after a kill repeats steps that were logged already, with equal numbers;
each attempt has a file of its own, so that a line torn by the kill spoils nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

LOG_NAME = "attempt-{:04}.jsonl"


class Started(Struct, frozen=True, tag="started"):
    """The attempt goes on behind `step`; 0 is the beginning.

    `checkpoint_damaged`: a state saved behind a later step could not be used.
    """

    step: int
    total_steps: int
    at: float
    skipped_examples: int = 0
    checkpoint_damaged: bool = False


class Planned(Struct, frozen=True, tag="planned"):
    """How the attempt uses the machine; `again`: memory had run out, and less of it is taken now.

    `saves_memory`: more is computed twice, so that less is kept.
    """

    device: str
    precision: str
    pack_tokens: int
    saves_memory: bool
    at: float
    again: bool = False


class Measured(Struct, frozen=True, tag="measured", omit_defaults=True):
    """A step was done; step 0 is the model before training."""

    step: int
    total_steps: int
    at: float
    seconds_left: float
    train_loss: float | None = None
    train_mean_token_accuracy: float | None = None
    valid_loss: float | None = None
    valid_mean_token_accuracy: float | None = None
    full_valid_loss: float | None = None
    full_valid_mean_token_accuracy: float | None = None


class Refused(Struct, frozen=True, tag="refused"):
    """The model cannot put an example (its line, from 1) into its own words; nothing was done."""

    example: int
    file: str


class Unusable(Struct, frozen=True, tag="unusable"):
    """The base model cannot be trained here, as `why` says; nothing was done."""

    why: str


class NotSaved(Struct, frozen=True, tag="not_saved"):
    """The disk is full: the state behind `step` could not be saved, and training goes on."""

    step: int
    at: float


class Exported(Struct, frozen=True, tag="exported"):
    """An epoch's adapter is in the job's folder."""

    step: int
    at: float


class Done(Struct, frozen=True, tag="done"):
    """Everything is trained and exported; tokens_per_second is None if nothing was measured."""

    step: int
    at: float
    trained_tokens: int
    tokens_per_second: float | None


Line = Started | Planned | Refused | Unusable | Measured | NotSaved | Exported | Done


def attempts(job_folder: Path) -> list[Path]:
    """Return the logs of a job, oldest first."""
    return sorted(job_folder.glob("attempt-*.jsonl"))


def next_attempt(job_folder: Path) -> Path:
    """Return the path of the next attempt's log."""
    return job_folder / LOG_NAME.format(len(attempts(job_folder)) + 1)


class LogWriter:
    """Appends lines; each is in the system's hands when `write` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, line: Line) -> None:
        """Append a line, whole or not at all. Raises OSError, on a full disk for one."""
        before = self._file.seek(0, os.SEEK_END)
        left = memoryview(msgspec.json.encode(line) + b"\n")
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._file.truncate(before)
            raise

    def sync(self) -> None:
        """Put on disk what was appended: before a state is saved that lies behind it."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class LogReader:
    """Reads a log that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0

    @property
    def has_read(self) -> bool:
        """Whether there was a line at all."""
        return self._read > 0

    def lines(self) -> Iterator[Line]:
        """Yield the whole lines that were added since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield msgspec.json.decode(line, type=Line)
