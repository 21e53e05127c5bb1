"""How jobs are worded: where they stand, how long they take, when something was."""

import time

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from desktop_app.core.jobs.job import Job
from desktop_app.core.jobs.phases import Phase
from desktop_app.core.jobs.progress import progress, seconds_left
from desktop_app.state.jobs.doubts import Doubt
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.storage.project.jobs import JobRecord

SILENT_AFTER = 90.0
"""Seconds without an answer after which the page says so; a service is asked every 30 at most."""

DAY = 86400


def status(jobs: Jobs, record: JobRecord) -> tuple[str, str]:
    """Return where a job stands and the tone of it; a state that is unknown stands as it came."""
    if record.job is not None:
        return _job_status(jobs, record, record.job)
    if record.phase == Phase.PREPARING:
        return _tr("preparing"), "accent"
    if record.phase == Phase.UPLOADING:
        share = jobs.upload_share(record.submission)
        text = _tr("uploading") if share is None else _tr("uploading {n} %")
        return text.format(n=int(100 * (share or 0))), "accent"
    if record.phase == Phase.CREATING:
        return _creating(jobs.doubt(record.submission))
    return _tr("not started"), "bad"


def _creating(doubt: Doubt | None) -> tuple[str, str]:
    if doubt is None:
        return _tr("being created"), "accent"
    if doubt == Doubt.LOOKING:
        return _tr("looking for it"), "accent"
    return _tr("not known"), "warning"


def _job_status(jobs: Jobs, record: JobRecord, job: Job) -> tuple[str, str]:
    if job.status == "running":
        done = progress(job, jobs.events(record.submission))
        if done is not None:
            return _tr("training {n} %").format(n=int(100 * done.fraction)), "accent"
    if job.status == "failed" and job.error is not None and is_about_the_file(job):
        return _tr("file rejected"), "bad"
    known = {
        "validating_files": (_tr("being checked"), "accent"),
        "queued": (_tr("queued"), "accent"),
        "pending": (_tr("queued"), "accent"),
        "running": (_tr("training"), "accent"),
        "pausing": (_tr("pausing"), "warning"),
        "paused": (_tr("paused"), "warning"),
        "succeeded": (_tr("ready"), "good"),
        "failed": (_tr("failed"), "bad"),
        "cancelled": (_tr("cancelled"), ""),
        "canceled": (_tr("cancelled"), ""),
        "canceling": (_tr("cancelling"), "warning"),
    }
    return known.get(job.status, (job.status, ""))


def is_about_the_file(job: Job) -> bool:
    """Whether a job failed because of what was sent rather than of what was done with it."""
    error = job.error
    if error is None:
        return False
    return error.param in {"training_file", "validation_file"} or (error.code or "").startswith(
        "invalid_"
    )


def time_left(jobs: Jobs, record: JobRecord, now: float) -> str:
    """Return how long a running job may still take, "" if that cannot be told."""
    if record.job is None or record.job.status != "running":
        return ""
    left = seconds_left(record.job, jobs.events(record.submission), now)
    return "" if left is None else _tr("{time} left").format(time=rounded(left))


def rounded(seconds: float) -> str:
    """A time to come, no finer than it can be known: 40 s, 5 min, 1 h 20 min."""
    if seconds < 55:
        return _tr("{n} s").format(n=max(5, 5 * round(seconds / 5)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _tr("{n} min").format(n=minutes)
    if minutes < 48 * 60:
        return _tr("{h} h {min} min").format(h=minutes // 60, min=minutes % 60)
    return _tr("{n} days").format(n=round(minutes / 1440))


def elapsed(seconds: float) -> str:
    """A time that has passed: 12 s, 3 min 10 s, 2 h 5 min."""
    whole = max(0, int(seconds))
    if whole < 60:
        return _tr("{n} s").format(n=whole)
    if whole < 3600:
        return _tr("{min} min {s} s").format(min=whole // 60, s=whole % 60)
    return _tr("{h} h {min} min").format(h=whole // 3600, min=whole % 3600 // 60)


def clock(at: float, *, seconds: bool = False) -> str:
    """A moment as the user's clock shows it, with the day where it is not of the last one."""
    moment = QDateTime.fromSecsSinceEpoch(int(at))
    text = moment.toString("HH:mm:ss" if seconds else "HH:mm")
    if abs(time.time() - at) < DAY / 2:
        return text
    return QLocale().toString(moment, "d MMM") + " " + moment.toString("HH:mm")


def silence(record: JobRecord, now: float) -> str:
    """Say for how long a service was not heard from; "" where it was of late, or need not be."""
    job = record.job
    if job is None or job.is_finished or record.heard_at is None:
        return ""
    quiet = now - record.heard_at
    if quiet < SILENT_AFTER:
        return ""
    return _tr("not heard from for {time}").format(time=rounded(quiet))


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_texts", text)
