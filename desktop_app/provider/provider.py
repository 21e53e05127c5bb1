"""What the rest of the program asks of a service, and how a service says no."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from desktop_app.core.examples.conversation import Message
from desktop_app.core.jobs.job import Checkpoint, Job, JobEvent, JobRequest


class ErrorKind(StrEnum):
    """What went wrong, as far as it changes what the user can do about it."""

    NO_KEY = "no_key"
    WRONG_KEY = "wrong_key"
    NOT_ALLOWED = "not_allowed"
    TRAINING_CLOSED = "training_closed"
    NO_CREDIT = "no_credit"
    TOO_MANY_REQUESTS = "too_many_requests"
    NOT_FOUND = "not_found"
    NOT_OFFERED = "not_offered"
    REFUSED = "refused"
    SERVICE_FAULT = "service_fault"
    NO_CONNECTION = "no_connection"
    TIMED_OUT = "timed_out"
    ENGINE_FAILED = "engine_failed"


class ProviderError(Exception):
    """A service did not do what was asked.

    `detail` holds the service's own words and never a key; `retry_after` is in seconds;
    `request_id` is what the service's support asks for.
    """

    def __init__(
        self,
        kind: ErrorKind,
        detail: str = "",
        *,
        param: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{kind}: {detail}" if detail else str(kind))
        self.kind = kind
        self.detail = detail
        self.param = param
        self.retry_after = retry_after
        self.request_id = request_id


@dataclass(frozen=True)
class Capabilities:
    """What a service offers; what it lacks is not an error but a column that says so."""

    jobs: bool = True
    pause: bool = False
    scores: bool = False
    file_limit: int = 512 * 1024 * 1024
    suffix_limit: int = 64


@dataclass(frozen=True)
class ModelInfo:
    """A model that a service lists. `shutdown_date` is YYYY-MM-DD."""

    id: str
    owned_by: str = ""
    created: int | None = None
    shutdown_date: str | None = None


@dataclass(frozen=True)
class ChatRequest:
    """A conversation to be continued. None leaves the choice to the service."""

    model: str
    messages: Sequence[Message]
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class ChatDelta:
    """A piece of a streamed reply; token counts and the reason come with the last one."""

    text: str = ""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class ReplyScore:
    """The log-probabilities (natural) that a model gives each token of a wanted reply."""

    logprobs: Sequence[float] = field(default_factory=tuple)


UploadProgress = Callable[[int, int], None]
"""Called with the bytes sent and the bytes in all."""


class Provider(Protocol):
    """One connection to one service. Every method raises ProviderError, and only that."""

    capabilities: Capabilities

    async def models(self) -> list[ModelInfo]:
        """Return every model that the service lists for this key."""
        ...

    async def upload(self, path: Path, progress: UploadProgress | None = None) -> str:
        """Send a training file and return its id."""
        ...

    async def delete_file(self, file_id: str) -> None:
        """Remove an uploaded file."""
        ...

    async def file_content(self, file_id: str) -> bytes:
        """Return what a file holds, result files decoded where the service encodes them."""
        ...

    async def create_job(self, request: JobRequest) -> Job:
        """Create a job. Sent once: after an unclear answer, ask `find_job` before sending again."""
        ...

    async def find_job(self, submission: str) -> Job | None:
        """Return the job whose metadata carries this submission, if the service has it."""
        ...

    async def job(self, job_id: str) -> Job:
        """Return the job as it stands."""
        ...

    async def events(self, job_id: str, after_known: frozenset[str]) -> list[JobEvent]:
        """Return the events not yet known, oldest first."""
        ...

    async def checkpoints(self, job_id: str) -> list[Checkpoint]:
        """Return the checkpoints kept, oldest first; none where the service offers none."""
        ...

    async def cancel(self, job_id: str) -> Job:
        """Stop a job for good."""
        ...

    async def pause(self, job_id: str) -> Job:
        """Halt a job so that it can be resumed."""
        ...

    async def resume(self, job_id: str) -> Job:
        """Let a paused job go on."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream a reply. Closing it (`contextlib.aclosing`) stops the service's work."""
        ...

    async def score(
        self, model: str, context: Sequence[Message], reply: Message, tools: str = ""
    ) -> ReplyScore:
        """Score a wanted reply after its context. NOT_OFFERED where `capabilities.scores` is no.

        `tools` is the JSON text of the conversation's list of tools, "" for none.
        """
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...
