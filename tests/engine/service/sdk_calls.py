"""Every call of the SDK that this service answers, or honestly refuses, with what it needs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from desktop_app.engine.store.records import JobStatus
from tests.engine.service.engine_child import MODEL, Engine, example_lines

HELLO = [{"role": "user", "content": "what is 3 and 4"}]
Arguments = dict[str, Any]


class Supplies:
    """Makes what calls use up: files, uploads, jobs that wait behind a long one, models."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._examples = "\n".join(example_lines(12)).encode()
        trained = [self._job(n_epochs=3, batch_size=6) for _ in range(2)]
        self.job = [engine.finished(job).id for job in trained][-1]
        self._models: Iterator[str] = iter(
            [
                checkpoint.fine_tuned_model_checkpoint
                for job in trained
                for checkpoint in engine.client.fine_tuning.jobs.checkpoints.list(job)
            ]
        )
        # It keeps the queue busy, so that the others can be paused and resumed.
        many = engine.upload(example_lines(400))
        self.long_job = self._job(many, n_epochs=50, batch_size=1)

    def file(self) -> str:
        """Return the id of a file."""
        content = ("a.jsonl", self._examples)
        return self.engine.client.files.create(file=content, purpose="fine-tune").id

    def model(self) -> str:
        """Return a tuned model that nobody has had."""
        return next(self._models)

    def upload(self) -> str:
        """Return the id of a pending upload of 3 bytes."""
        return self.engine.client.uploads.create(
            filename="a.jsonl", purpose="fine-tune", bytes=3, mime_type="text/jsonl"
        ).id

    def parts(self, upload: str) -> list[str]:
        """Send what the upload announced."""
        return [self.engine.client.uploads.parts.create(upload, data=b"{}\n").id]

    def waiting_job(self) -> str:
        """Return a job whose turn has not come."""
        job = self._job(n_epochs=1)
        return self.engine.when(job, {JobStatus.QUEUED}).id

    def paused_job(self) -> str:
        """Return a job that is paused."""
        return self.engine.client.fine_tuning.jobs.pause(self.waiting_job()).id

    def _job(self, file: str | None = None, **hyperparameters: int) -> str:
        jobs = self.engine.client.fine_tuning.jobs
        chosen: Any = hyperparameters
        return jobs.create(
            model=MODEL,
            training_file=file or self.file(),
            metadata={"name": "x"},
            method={"type": "supervised", "supervised": {"hyperparameters": chosen}},
        ).id


@dataclass(frozen=True)
class Call:
    """A method of the SDK; `status` is what the service answers to these arguments."""

    resource: str
    method: str
    arguments: Callable[[Supplies], Arguments]
    status: int = 200


def _permissions(s: Supplies) -> Arguments:
    return {"fine_tuned_model_checkpoint": f"ft:{MODEL}:local::{s.job}"}


GRADER = {
    "type": "string_check",
    "name": "g",
    "input": "{{sample.output_text}}",
    "reference": "x",
    "operation": "eq",
}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"hot": {"type": "boolean"}},
            "required": ["hot"],
            "additionalProperties": False,
        },
    },
}
JOBS, ALPHA = "fine_tuning.jobs", "fine_tuning.alpha.graders"
PERMISSIONS = "fine_tuning.checkpoints.permissions"
UPLOAD = {"filename": "a", "purpose": "fine-tune", "bytes": 3, "mime_type": "text/jsonl"}
LIFETIME = {"anchor": "created_at", "seconds": 3600}
FILE = ("a.jsonl", json.dumps({"messages": []}).encode())

CALLS = [
    Call("files", "create", lambda _: {"file": FILE, "purpose": "fine-tune"}),
    Call(
        "files",
        "create",
        lambda _: {"file": FILE, "purpose": "fine-tune", "expires_after": LIFETIME},
    ),
    Call("files", "create", lambda _: {"file": FILE, "purpose": "vision"}, 400),
    Call("files", "list", lambda _: {}),
    Call("files", "list", lambda _: {"purpose": "nothing-has-this"}),
    Call("files", "list", lambda s: {"limit": 1, "order": "asc", "after": s.file()}),
    Call("files", "list", lambda _: {"after": "file-unknown"}, 404),
    Call("files", "retrieve", lambda s: {"file_id": s.file()}),
    Call("files", "content", lambda s: {"file_id": s.file()}),
    Call("files", "delete", lambda s: {"file_id": s.file()}),
    Call("files", "delete", lambda _: {"file_id": "file-unknown"}, 404),
    Call("uploads", "create", lambda _: UPLOAD),
    Call("uploads", "create", lambda _: UPLOAD | {"expires_after": LIFETIME}),
    Call("uploads", "create", lambda _: UPLOAD | {"bytes": 2**40}, 400),
    Call("uploads.parts", "create", lambda s: {"upload_id": s.upload(), "data": b"{}\n"}),
    Call("uploads", "cancel", lambda s: {"upload_id": s.upload()}),
    Call("uploads", "complete", lambda s: {"upload_id": (u := s.upload()), "part_ids": s.parts(u)}),
    Call("uploads", "complete", lambda s: {"upload_id": s.upload(), "part_ids": []}, 400),
    Call(JOBS, "create", lambda s: {"model": MODEL, "training_file": s.file()}),
    Call(JOBS, "create", lambda _: {"model": MODEL, "training_file": "file-unknown"}, 400),
    Call(JOBS, "list", lambda _: {"limit": 2}),
    Call(JOBS, "list", lambda s: {"metadata": {"name": "x"}, "after": s.long_job}),
    Call(JOBS, "list", lambda _: {"extra_query": {"metadata": "null"}}),
    Call(JOBS, "retrieve", lambda s: {"fine_tuning_job_id": s.job}),
    Call(JOBS, "retrieve", lambda s: {"fine_tuning_job_id": s.long_job}),
    Call(JOBS, "retrieve", lambda _: {"fine_tuning_job_id": "ftjob-unknown"}, 404),
    Call(JOBS, "list_events", lambda s: {"fine_tuning_job_id": s.job, "limit": 100}),
    Call(JOBS, "pause", lambda s: {"fine_tuning_job_id": s.waiting_job()}),
    Call(JOBS, "pause", lambda s: {"fine_tuning_job_id": s.job}, 400),
    Call(JOBS, "resume", lambda s: {"fine_tuning_job_id": s.paused_job()}),
    Call(JOBS, "resume", lambda s: {"fine_tuning_job_id": s.waiting_job()}, 400),
    Call(JOBS, "cancel", lambda s: {"fine_tuning_job_id": s.waiting_job()}),
    Call(JOBS, "cancel", lambda s: {"fine_tuning_job_id": s.job}, 400),
    Call(f"{JOBS}.checkpoints", "list", lambda s: {"fine_tuning_job_id": s.job, "limit": 1}),
    Call(f"{JOBS}.checkpoints", "list", lambda s: {"fine_tuning_job_id": s.long_job}),
    Call(PERMISSIONS, "list", _permissions, 501),
    Call(PERMISSIONS, "create", lambda s: {**_permissions(s), "project_ids": ["p"]}, 501),
    Call(PERMISSIONS, "delete", lambda s: {**_permissions(s), "permission_id": "cp_1"}, 501),
    Call(ALPHA, "run", lambda _: {"grader": GRADER, "model_sample": "x"}, 501),
    Call(ALPHA, "validate", lambda _: {"grader": GRADER}, 501),
    Call("models", "list", lambda _: {}),
    Call("models", "retrieve", lambda _: {"model": MODEL}),
    Call("models", "retrieve", lambda _: {"model": "ft:unknown/x"}, 404),
    Call("models", "delete", lambda s: {"model": s.model()}),
    Call("models", "delete", lambda _: {"model": MODEL}, 400),
    Call("moderations", "create", lambda _: {"input": "x"}, 501),
    Call("chat.completions", "list", lambda _: {}, 501),
    Call(
        "chat.completions",
        "create",
        lambda _: {"model": MODEL, "messages": HELLO, "max_tokens": 3},
    ),
    Call(
        "chat.completions",
        "create",
        lambda _: {
            "model": MODEL,
            "messages": HELLO,
            "max_tokens": 3,
            "n": 2,
            "logprobs": True,
            "top_logprobs": 2,
            "tools": [TOOL],
            "metadata": {"name": "x"},
        },
    ),
    Call("chat.completions", "create", lambda _: {"model": "none", "messages": HELLO}, 404),
    Call("completions", "create", lambda _: {"model": MODEL, "prompt": "what", "max_tokens": 3}),
    Call(
        "completions",
        "create",
        lambda _: {
            "model": MODEL,
            "prompt": ["what", "how"],
            "max_tokens": 3,
            "logprobs": 2,
            "n": 2,
        },
    ),
    Call("completions", "create", lambda _: {"model": "none", "prompt": "what"}, 404),
]
"""In the order of the description's paths; `completions` is the older form of a chat."""
