"""Following one job at its service: asks how it stands until it has ended."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from desktop_app.core.jobs.job import Checkpoint, Job, JobEvent, Metrics
from desktop_app.core.jobs.result_file import parse_result_file
from desktop_app.provider.provider import Provider, ProviderError

OpenProvider = Callable[[], Awaitable[Provider]]
CHUNK = 200
"""Events go to the GUI thread in portions, so that storing them never holds it up."""


@dataclass(frozen=True)
class Pace:
    """How often to ask, in seconds: for the first minutes, later, and at most after errors."""

    first: float
    later: float
    first_for: float
    longest: float
    catch_up: float

    def pause(self, followed_for: float) -> float:
        """Seconds until the next question."""
        return self.first if followed_for < self.first_for else self.later

    def after_error(self, failures: int, retry_after: float | None) -> float:
        """Seconds until the next try, longer each time, and never sooner than the service asks."""
        backed_off = min(self.longest, self.first * 2.0 ** min(failures, 16))
        return max(backed_off, retry_after or 0.0)


LOCAL = Pace(first=1.0, later=1.0, first_for=0.0, longest=30.0, catch_up=1.0)
REMOTE = Pace(first=10.0, later=30.0, first_for=300.0, longest=300.0, catch_up=10.0)
"""Protocol: every 10 s in the first minutes, then every 30; the last event comes seconds late."""


@dataclass(frozen=True)
class Heard:
    """What the service said. `checkpoints` is None where they were not asked for."""

    job: Job
    events: tuple[JobEvent, ...]
    checkpoints: tuple[Checkpoint, ...] | None
    at: float


@dataclass(frozen=True)
class NotHeard:
    """That the service did not answer, or not as it should; it will be asked again."""

    error: ProviderError


class Following:
    """One job as it is followed. `known` are the events that are stored already."""

    def __init__(
        self, open_provider: OpenProvider, job_id: str, known: Sequence[JobEvent], pace: Pace
    ) -> None:
        self._open_provider = open_provider
        self._job_id = job_id
        self._known = {event.id for event in known}
        self._has_metrics = any(_measures(event) for event in known)
        self._pace = pace
        self._status = ""
        self._is_caught_up = False

    async def run(self, report: Callable[[object], None]) -> None:
        """Report Heard and NotHeard until the job has ended and its last events are in."""
        began, failures = time.monotonic(), 0
        while True:
            try:
                job = await self._ask(report)
            except ProviderError as error:
                failures += 1
                report(NotHeard(error))
                await asyncio.sleep(self._pace.after_error(failures, error.retry_after))
                continue
            failures = 0
            if job.is_finished and self._is_caught_up:
                return
            if job.is_finished:
                self._is_caught_up = True
                await asyncio.sleep(self._pace.catch_up)
            else:
                await asyncio.sleep(self._pace.pause(time.monotonic() - began))

    async def _ask(self, report: Callable[[object], None]) -> Job:
        provider = await self._open_provider()
        job = await provider.job(self._job_id)
        events = await provider.events(self._job_id, frozenset(self._known))
        if self._is_caught_up and not (self._has_metrics or any(map(_measures, events))):
            events = [*events, *await _from_result_file(provider, job)]
        checkpoints = None
        if job.status != self._status or any(map(_may_keep, events)):
            checkpoints = tuple(await provider.checkpoints(self._job_id))
        now = time.time()
        whole = len(events) // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            report(Heard(job, tuple(events[start : start + CHUNK]), None, now))
        report(Heard(job, tuple(events[whole:]), checkpoints, now))
        self._status = job.status
        self._known.update(event.id for event in events)
        self._has_metrics = self._has_metrics or any(map(_measures, events))
        return job


async def _from_result_file(provider: Provider, job: Job) -> list[JobEvent]:
    """What was measured, for services that send no such events."""
    # The curve is a help; a job whose result file cannot be read has ended all the same.
    with suppress(ProviderError):
        for file_id in job.result_files[:1]:
            measured = parse_result_file(await provider.file_content(file_id))
            return [_as_event(job, metrics, measured[-1].step) for metrics in measured]
    return []


def _as_event(job: Job, metrics: Metrics, total_steps: int | None) -> JobEvent:
    losses = {name: getattr(metrics, name) for name in metrics.__struct_fields__}
    return JobEvent(
        id=f"result-{metrics.step}",
        created_at=job.finished_at or job.created_at,
        level="info",
        message="",
        type="metrics",
        metrics=Metrics(**losses | {"total_steps": total_steps}),
    )


def _measures(event: JobEvent) -> bool:
    return event.metrics is not None and event.metrics.train_loss is not None


def _may_keep(event: JobEvent) -> bool:
    """Whether a model may have been kept: at the end of a pass, or when something is said."""
    return event.metrics is None or event.metrics.full_valid_loss is not None
