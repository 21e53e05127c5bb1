"""How far training has come and how long it may still take, from what was measured."""

from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from desktop_app.core.jobs.job import Job, JobEvent

RECENT_EVENTS = 20
"""The pace is taken from the last events only: a job may have been paused before them."""


class Progress(Struct, frozen=True):
    """Steps done of steps in all; `epoch` is the pass under way, counted from 1."""

    step: int
    total_steps: int
    epochs: int | None = None

    @property
    def fraction(self) -> float:
        """Share done, 0 to 1."""
        return min(1.0, self.step / self.total_steps)

    @property
    def epoch(self) -> int | None:
        """The pass under way, from 1; None where the number of passes is unknown."""
        if not self.epochs:
            return None
        return min(self.epochs, max(1, ceil(self.fraction * self.epochs)))


def progress(job: Job, events: Sequence[JobEvent]) -> Progress | None:
    """Return the latest progress (events oldest first), None before the first measurement."""
    for event in reversed(events):
        metrics = event.metrics
        if metrics is not None and metrics.step is not None and metrics.total_steps:
            return Progress(metrics.step, metrics.total_steps, job.hyperparameters.n_epochs)
    return None


def seconds_left(job: Job, events: Sequence[JobEvent], now: float) -> float | None:
    """Estimate the seconds until the end, None where nothing tells.

    The service's own estimate first, as it knows how long the examples are; else the pace of the
    recent steps is carried on.
    """
    if job.status != "running":
        return None
    if job.estimated_finish and job.estimated_finish > now:
        return job.estimated_finish - now
    pace = _seconds_per_step(events)
    done = progress(job, events)
    if pace is None or done is None:
        return None
    heard = _timed_steps(events)[-1][1]
    return max(0.0, pace * (done.total_steps - done.step) - (now - heard))


def _timed_steps(events: Sequence[JobEvent]) -> list[tuple[int, int]]:
    """Step and time of the recent measurements, from the last time that steps went back."""
    timed: list[tuple[int, int]] = []
    for event in events:
        if event.metrics is not None and event.metrics.step is not None:
            if timed and event.metrics.step <= timed[-1][0]:
                timed.clear()
            timed.append((event.metrics.step, event.created_at))
    return timed[-RECENT_EVENTS:]


def _seconds_per_step(events: Sequence[JobEvent]) -> float | None:
    timed = _timed_steps(events)
    if len(timed) < 3:
        return None
    (first_step, first_time), (last_step, last_time) = timed[0], timed[-1]
    if last_time <= first_time:
        return None
    return (last_time - first_time) / (last_step - first_step)
