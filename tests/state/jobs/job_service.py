"""A fine-tuning service in miniature, on loopback: it keeps files, jobs, events, checkpoints."""

import asyncio
import re
from collections import deque
from typing import Any

from typing_extensions import override

from tests.provider.scripted_service import Answer, Request, ScriptedService, error

JOBS = "/v1/fine_tuning/jobs"
DROP = "drop"
"""Break the connection off instead of answering."""


class JobService(ScriptedService):
    """Behaves, unless told otherwise: `create_faults` are what creations answer in turn.

    A fault is (what is answered, whether the job is created all the same).
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.checkpoints: dict[str, list[dict[str, Any]]] = {}
        self.create_faults: deque[tuple[Answer | str, bool]] = deque()
        self.faults: dict[str, Answer | str] = {}
        self.hold_uploads = asyncio.Event()
        self.hold_uploads.set()

    @property
    def created(self) -> list[Request]:
        return self.sent(f"POST {JOBS}")

    def say(self, job_id: str, message: str, **data: float) -> None:
        """Add an event; with `data`, one that measures."""
        events = self.events[job_id]
        number = len(events) + 1
        event = {
            "id": f"ftevent-{number}",
            "object": "fine_tuning.job.event",
            "created_at": 1000 + number,
            "level": "info",
            "message": message,
            "type": "metrics" if data else "message",
            "data": data or None,
        }
        events.append(event)

    def keep(self, job_id: str, step: int, model: str) -> None:
        """Add a checkpoint and say so."""
        self.checkpoints[job_id].append(
            {
                "id": f"ftckpt-{step}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": 1000 + step,
                "fine_tuned_model_checkpoint": model,
                "step_number": step,
                "metrics": {"step": step, "full_valid_loss": 0.5},
                "fine_tuning_job_id": job_id,
            }
        )
        self.say(job_id, f"Checkpoint created at step {step} with Snapshot ID: {model}")

    def finish(self, job_id: str, model: str = "ft:base:org:x:final") -> None:
        """Let a job succeed; its last event comes afterwards, as with the real service."""
        self.jobs[job_id] |= {
            "status": "succeeded",
            "fine_tuned_model": model,
            "finished_at": 1060,
            "trained_tokens": 4480,
        }
        self.say(job_id, "The job has successfully completed")

    @override
    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        if request.path == "/v1/files" and request.method == "POST":
            await self.hold_uploads.wait()
        fault = self.faults.get(f"{request.method} {request.path}")
        answer = self._route(request) if fault is None else fault
        if isinstance(answer, str):
            raise ConnectionResetError
        writer.write(answer.encode())
        await writer.drain()

    def _route(self, request: Request) -> Answer | str:
        path, method = request.path, request.method
        if path == "/v1/models":
            return listing({"id": "base", "object": "model"})
        if path == "/v1/files":
            return self._upload(request)
        if found := re.fullmatch(r"/v1/files/([^/]+)(/content)?", path):
            return self._file(method, found[1])
        if path == JOBS:
            return self._create(request) if method == "POST" else self._list(request)
        if found := re.fullmatch(JOBS + r"/([^/]+)(?:/(\w+))?", path):
            return self._job(found[1], found[2])
        return error(404, "no such path")

    def _upload(self, request: Request) -> Answer:
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = request.body
        return Answer({"id": file_id, "object": "file", "status": "processed"})

    def _file(self, method: str, file_id: str) -> Answer:
        if method == "DELETE":
            if self.files.pop(file_id, None) is None:
                return error(404, "no such file")
            return Answer({"id": file_id, "object": "file", "deleted": True})
        if file_id not in self.contents:
            return error(404, "no such file")
        return Answer(self.contents[file_id])

    def _create(self, request: Request) -> Answer | str:
        fault, creates = self.create_faults.popleft() if self.create_faults else (None, True)
        job_id = self.add_job(request.json) if creates else ""
        return Answer(self.jobs[job_id]) if fault is None else fault

    def add_job(self, sent: dict[str, Any]) -> str:
        """Create a job as asked and return its id."""
        job_id = f"ftjob-{len(self.jobs) + 1}"
        self.jobs[job_id] = {
            "id": job_id,
            "object": "fine_tuning.job",
            "created_at": 1000,
            "status": "validating_files",
            "error": None,
            "fine_tuned_model": None,
            "finished_at": None,
            "trained_tokens": None,
            "result_files": [],
            "seed": 7,
            "hyperparameters": {"n_epochs": "auto", "batch_size": "auto"},
            **sent,
        }
        self.events[job_id], self.checkpoints[job_id] = [], []
        self.say(job_id, f"Created fine-tuning job: {job_id}")
        return job_id

    def _list(self, request: Request) -> Answer:
        wanted = re.search(r"metadata(?:%5B|\[)\w+(?:%5D|\])=([\w-]+)", request.query)
        jobs = [
            job
            for job in reversed(self.jobs.values())
            if wanted is None or wanted[1] in job["metadata"].values()
        ]
        return listing(*jobs)

    def _job(self, job_id: str, what: str | None) -> Answer:
        job = self.jobs.get(job_id)
        if job is None:
            return error(404, "no such job")
        statuses = {"cancel": "cancelled", "pause": "paused", "resume": "queued"}
        if what == "events":
            return listing(*reversed(self.events[job_id]))
        if what == "checkpoints":
            return listing(*reversed(self.checkpoints[job_id]))
        if what is not None:
            job["status"] = statuses[what]
        return Answer(job)


def listing(*items: object) -> Answer:
    """Return a list in the form of the protocol."""
    return Answer({"object": "list", "data": list(items), "has_more": False})
