"""What happened to a job, in plain words where the service's are known, else as they came."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.curve import pass_number
from desktop_app.core.jobs.events import EventKind, Recognised, recognise
from desktop_app.core.jobs.job import JobEvent
from desktop_app.core.jobs.progress import progress
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.settings import THIS_COMPUTER

ITS_PROCESSOR = "this computer's processor"
"""What an engine calls its own processor."""


@dataclass(frozen=True)
class Happening:
    """One line. `original` is what the service said; `step` is that of a model to chat with."""

    id: str
    at: float
    text: str
    tone: str = ""
    original: str = ""
    step: int | None = None
    is_final: bool = False


def story(record: JobRecord, events: Sequence[JobEvent]) -> list[Happening]:
    """Return what happened, the latest first. Measurements are in the curve and not told."""
    done = progress(record.job, events) if record.job else None
    total, epochs = (done.total_steps, done.epochs) if done else (None, None)
    told: list[Happening] = []
    for event in events:
        found = recognise(event)
        if found.kind == EventKind.MEASURED:
            continue
        number = pass_number(found.step or 0, total, epochs)
        step, is_final = _model_of(record, found)
        told.append(
            Happening(
                id=event.id,
                at=event.created_at,
                text=_words(found, record, number) or event.message,
                tone={"warn": "warning", "error": "bad"}.get(event.level, ""),
                original=event.message,
                step=step,
                is_final=is_final,
            )
        )
    return told[::-1]


def _model_of(record: JobRecord, found: Recognised) -> tuple[int | None, bool]:
    """Return the step of the checkpoint that an event tells of, and whether it is the last one.

    The last checkpoint bears the finished model's own name.
    """
    final = record.job.fine_tuned_model if record.job else None
    if found.kind == EventKind.MODEL:
        return None, bool(final)
    if found.kind != EventKind.CHECKPOINT:
        return None, False
    models = {checkpoint.step: checkpoint.model for checkpoint in record.checkpoints}
    model = models.get(found.step or 0)
    if model is not None and model == final:
        return None, True
    return (None if model is None else found.step), False


def _words(found: Recognised, record: JobRecord, number: int | None) -> str:
    """Return what an event means, "" where its own words are better."""
    kind, step = found.kind, found.step
    if found.device:
        return _machine(kind, _device(found.device, record))
    if kind == EventKind.CHECKPOINT and step is not None:
        if number is None:
            return _tr("Kept a model at step {step} (checkpoint).").format(step=step)
        text = _tr("Pass {n} kept as a model (checkpoint).")
        kept = [checkpoint.step for checkpoint in record.checkpoints]
        if step not in kept and step < max(kept, default=0):
            text = _tr("Pass {n} was kept as a model until later ones took its place.")
        return text.format(n=number)
    if kind == EventKind.RESUMED and step is not None:
        return _tr("Training goes on after step {step}.").format(step=step)
    if kind == EventKind.QUEUED:
        return _accepted(record)
    plain = {
        EventKind.CREATED: _tr("The service has taken the job."),
        EventKind.VALIDATING: _tr("The service is checking the examples."),
        EventKind.STARTED: _tr("Training started."),
        EventKind.MODEL: _tr("The finished model is kept."),
        EventKind.SUCCEEDED: _tr("Done."),
        EventKind.CANCELLED: _tr("Cancelled."),
        EventKind.PAUSED: _tr("Paused."),
        EventKind.RESUMED: _tr("Training goes on."),
        EventKind.QUEUED_AGAIN: _tr("Waiting for its turn again."),
    }
    return plain.get(kind, "")


def _machine(kind: EventKind, device: str) -> str:
    texts = {
        EventKind.MACHINE: _tr("It trains on {device}."),
        EventKind.SHORT_OF_MEMORY: _tr(
            "It trains on {device}. Memory is short there, so that it takes longer."
        ),
        EventKind.OUT_OF_MEMORY: _tr(
            "Memory ran out on {device}. Training goes on more slowly from where it was last kept."
        ),
    }
    return texts[kind].format(device=device)


def _device(device: str, record: JobRecord) -> str:
    """An engine elsewhere calls its own computer "this computer", too."""
    if device != ITS_PROCESSOR:
        return device
    if record.connection == THIS_COMPUTER:
        return _tr("this computer's processor")
    return _tr("that computer's processor")


def _accepted(record: JobRecord) -> str:
    if not record.n_training:
        return _tr("The examples are accepted; the job waits for its turn.")
    if not record.n_test:
        return _tr("{n} training conversations accepted.").format(n=record.n_training)
    text = _tr("{training} training and {test} test conversations accepted.")
    return text.format(training=record.n_training, test=record.n_test)


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_story", text)
