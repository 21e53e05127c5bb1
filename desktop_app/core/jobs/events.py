"""What a job's events say, as far as their wording is known.

Logic never rests on this: it only lets the program say the same in plainer words. Wordings seen
in real runs (2023 to 2026) and in Microsoft's REST reference (2024-10-21).
"""

import re
from enum import StrEnum

from msgspec import Struct

from desktop_app.core.jobs.job import JobEvent


class EventKind(StrEnum):
    """What happened."""

    CREATED = "created"
    VALIDATING = "validating"
    QUEUED = "queued"
    STARTED = "started"
    MACHINE = "machine"
    SHORT_OF_MEMORY = "short_of_memory"
    OUT_OF_MEMORY = "out_of_memory"
    MEASURED = "measured"
    CHECKPOINT = "checkpoint"
    MODEL = "model"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    RESUMED = "resumed"
    QUEUED_AGAIN = "queued_again"
    OTHER = "other"


class Recognised(Struct, frozen=True):
    """An event's kind, the step of a checkpoint or from which training goes on, the machine."""

    kind: EventKind
    step: int | None = None
    device: str = ""


_ON = r"on (?P<device>.+), in [^,]+, up to [\d,]+ tokens at a time"
_WORDINGS = (
    (EventKind.SHORT_OF_MEMORY, rf"training {_ON}; memory is short"),
    (EventKind.OUT_OF_MEMORY, rf"memory ran out. training goes on .+, {_ON}"),
    (EventKind.MACHINE, rf"training {_ON}$"),
    (EventKind.CHECKPOINT, r"checkpoint created at step (?P<step>\d+)"),
    (EventKind.MODEL, r"new fine-tuned model created"),
    (EventKind.CREATED, r"created fine-tun(ing|e) job"),
    (EventKind.VALIDATING, r"validating training file"),
    (EventKind.QUEUED, r"files validated|job enqueued|fine-tuning job queued"),
    (EventKind.RESUMED, r"(fine-tuning |the )?job (has been )?resumed( after step (?P<step>\d+))?"),
    (EventKind.QUEUED_AGAIN, r"the job is queued again"),
    (EventKind.PAUSED, r"(fine-tuning |the )?job (has been |is )?paused"),
    (EventKind.CANCELLED, r"(fine-tuning |the )?job (has been |was |is )?cancell?ed"),
    (EventKind.STARTED, r"(fine-tuning )?job started"),
    (EventKind.SUCCEEDED, r"the job has successfully completed|job succeeded"),
    (EventKind.FAILED, r"(fine-tuning |the )?job (has )?failed"),
)
_PATTERNS = tuple((kind, re.compile(wording, re.IGNORECASE)) for kind, wording in _WORDINGS)


def recognise(event: JobEvent) -> Recognised:
    """Return what an event is about; OTHER where its words are not known."""
    if event.metrics is not None and event.metrics.step is not None:
        return Recognised(EventKind.MEASURED, event.metrics.step)
    message = event.message.strip()
    for kind, pattern in _PATTERNS:
        found = pattern.match(message)
        if found:
            parts = found.groupdict()
            step = parts.get("step")
            return Recognised(kind, int(step) if step else None, parts.get("device") or "")
    return Recognised(EventKind.OTHER)
