"""What the model thought of the pairs before training: worked out once, kept with the job.

A line holds what one stretch of pairs gave, with a checksum, so that a run that was cut off goes
on behind the last whole line. Stretches are the same each time: what is read together decides the
last bits of a number.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from desktop_app.engine.backends.backend import PreferencePair, Trainer
from desktop_app.engine.jobs_runner.encoding import Replies

STRETCH = 16
"""Pairs worked out at a time: some seconds, of which a pause or a kill loses the last."""


class _Line(Struct, frozen=True):
    differences: list[float]
    checksum: int


def with_reference(
    trainer: Trainer, replies: Sequence[Replies], path: Path
) -> list[PreferencePair]:
    """Give pairs their reference, log p(preferred) - log p(other), under a fresh trainer.

    Raises what the trainer raises when it is broken off.
    """
    differences = _kept(path)[: len(replies)]
    with path.open("ab", buffering=0) as file:
        while len(differences) < len(replies):
            stretch = replies[len(differences) : len(differences) + STRETCH]
            found = trainer.log_likelihoods([reply for pair in stretch for reply in pair])
            new = [float(number) for number in found[0::2] - found[1::2]]
            file.write(msgspec.json.encode(_Line(new, _checksum(new))) + b"\n")
            differences += new
    return [
        PreferencePair(preferred, other, difference)
        for (preferred, other), difference in zip(replies, differences, strict=True)
    ]


def _kept(path: Path) -> list[float]:
    """Return what the whole lines hold, and cut off what follows them."""
    if not path.exists():
        return []
    differences: list[float] = []
    sound = 0
    content = path.read_bytes()
    for line in content.splitlines(keepends=True):
        try:
            decoded = msgspec.json.decode(line, type=_Line)
        except (msgspec.MsgspecError, UnicodeError):
            break
        if not line.endswith(b"\n") or decoded.checksum != _checksum(decoded.differences):
            break
        differences += decoded.differences
        sound += len(line)
    if sound < len(content):
        with path.open("r+b") as file:
            file.truncate(sound)
    return differences


def _checksum(differences: Sequence[float]) -> int:
    return zlib.crc32(msgspec.json.encode(differences))
