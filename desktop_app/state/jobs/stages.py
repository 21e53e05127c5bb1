"""The line of stages on top of a job, worded."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.events import EventKind, recognise
from desktop_app.core.jobs.job import Job, JobEvent
from desktop_app.core.jobs.progress import progress, seconds_left
from desktop_app.core.jobs.stages import Stage, StageState, stage_states
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.texts import clock, status
from desktop_app.storage.project.jobs import JobRecord


@dataclass(frozen=True)
class StageView:
    """One stage: its name, when it was or how far it is, and how it stands."""

    title: str
    detail: str
    state: StageState


def stage_views(jobs: Jobs, record: JobRecord, now: float) -> list[StageView]:
    """Return the six stages in order."""
    events = jobs.events(record.submission)
    has_metrics = record.job is not None and progress(record.job, events) is not None
    states = stage_states(
        record.phase, record.job, has_metrics=has_metrics, uploaded=bool(record.uploaded_files)
    )
    titles = {
        Stage.CHECKED: _tr("Checked"),
        Stage.UPLOADED: _tr("Uploaded"),
        Stage.ACCEPTED: _tr("Accepted"),
        Stage.QUEUED: _tr("Queued"),
        Stage.TRAINING: _tr("Training"),
        Stage.READY: _tr("Ready"),
    }
    return [
        StageView(titles[stage], _detail(jobs, record, stage, state, now), state)
        for stage, state in states.items()
    ]


def _detail(jobs: Jobs, record: JobRecord, stage: Stage, state: StageState, now: float) -> str:
    events = jobs.events(record.submission)
    if state == StageState.STOPPED:
        return status(jobs, record)[0]
    if state == StageState.DONE:
        return _when_done(record, events, stage)
    if record.job is not None:
        return _under_way(jobs, record, record.job, stage, state, now)
    return status(jobs, record)[0] if state == StageState.CURRENT else ""


def _when_done(record: JobRecord, events: Sequence[JobEvent], stage: Stage) -> str:
    job = record.job
    if stage == Stage.CHECKED:
        return clock(record.created_at)
    if stage == Stage.UPLOADED:
        return _tr("{n} conversations").format(n=record.n_training + record.n_test)
    if job is None:
        return ""
    if stage == Stage.ACCEPTED:
        return clock(job.created_at)
    if stage == Stage.QUEUED:
        return next((clock(e.created_at) for e in events if _queues(e)), "")
    if stage == Stage.TRAINING:
        done = progress(job, events)
        return "" if done is None else _steps(done.total_steps)
    return clock(job.finished_at) if job.finished_at else ""


def _under_way(
    jobs: Jobs, record: JobRecord, job: Job, stage: Stage, state: StageState, now: float
) -> str:
    events = jobs.events(record.submission)
    if stage == Stage.READY:
        left = seconds_left(job, events, now)
        return "" if left is None else _tr("about {time}").format(time=clock(now + left))
    if state != StageState.CURRENT:
        return ""
    done = progress(job, events)
    if stage == Stage.TRAINING and done is not None:
        text = _tr("step {step} of {total}").format(step=done.step, total=done.total_steps)
        return text if job.status == "running" else f"{status(jobs, record)[0]}, {text}"
    if stage == Stage.TRAINING and job.status == "running":
        return _tr("starting")
    return status(jobs, record)[0]


def _queues(event: JobEvent) -> bool:
    return recognise(event).kind == EventKind.QUEUED


def _steps(n: int) -> str:
    return _tr("1 step") if n == 1 else _tr("{n} steps").format(n=n)


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_stages", text)
