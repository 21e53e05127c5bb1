"""Any service that speaks the OpenAI fine-tuning protocol, through the SDK."""

import base64
import binascii
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import cast

import openai
from openai import omit
from openai.types.fine_tuning import DpoHyperparametersParam, SupervisedHyperparametersParam
from openai.types.fine_tuning.job_create_params import Method
from typing_extensions import override

from desktop_app.core.examples.conversation import Message
from desktop_app.core.jobs.job import DPO, SUBMISSION_KEY, Checkpoint, Job, JobEvent, JobRequest
from desktop_app.provider.chat import ChatStreams
from desktop_app.provider.client import new_client
from desktop_app.provider.conversion import (
    checkpoint_of,
    event_of,
    fields,
    job_of,
    model_of,
    required_id,
)
from desktop_app.provider.errors import NOT_OFFERED_STATUSES, provider_errors
from desktop_app.provider.paging import PAGE, each
from desktop_app.provider.provider import (
    Capabilities,
    ChatDelta,
    ChatRequest,
    ErrorKind,
    ModelInfo,
    Provider,
    ProviderError,
    ReplyScore,
    UploadProgress,
)
from desktop_app.provider.scoring import score_reply
from desktop_app.provider.upload_file import UploadFile

SEARCH_DEPTH = 500
"""Jobs looked through for one of our own; what is sought was created minutes ago at most."""

UPLOAD_SILENCE = 600.0
"""Seconds that a service may take over a file of half a gigabyte once it has it."""

RESULTS_START = b"step"


class OpenAIProvider(Provider):
    """One client for one key and host. `new_limit_name`: OpenAI's own `max_completion_tokens`.

    `timeout` (seconds) is how long the service may be silent; `retries` is for what may be sent
    twice; `tls` decides which certificates are trusted, None leaves that to the system.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None,
        capabilities: Capabilities,
        *,
        new_limit_name: bool = False,
        timeout: float = 60.0,
        retries: int = 2,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.capabilities = capabilities
        self._key = key or ""
        with provider_errors(self._key):
            self._client = new_client(base_url, key, timeout, retries, tls)
            # What must not happen twice is sent once, whatever comes back.
            self._once = self._client.with_options(max_retries=0)
        self._chat = ChatStreams(self._client, new_limit_name=new_limit_name)

    @property
    def client(self) -> openai.AsyncOpenAI:
        """The SDK's client, for what a service offers besides the protocol."""
        return self._client

    @override
    async def models(self) -> list[ModelInfo]:
        with provider_errors(self._key):
            return [model async for model in each(self._client.models.list(), model_of)]

    @override
    async def upload(self, path: Path, progress: UploadProgress | None = None) -> str:
        with provider_errors(self._key), UploadFile(path, progress or _no_progress) as file:
            answer = await self._once.files.create(
                file=(path.name, file), purpose="fine-tune", timeout=UPLOAD_SILENCE
            )
            return required_id(fields(answer))

    @override
    async def delete_file(self, file_id: str) -> None:
        with provider_errors(self._key):
            await self._client.files.delete(file_id)

    @override
    async def file_content(self, file_id: str) -> bytes:
        with provider_errors(self._key):
            answer = await self._client.files.content(file_id)
            return _decode_results(answer.content)

    @override
    async def create_job(self, request: JobRequest) -> Job:
        with provider_errors(self._key):
            answer = await self._once.fine_tuning.jobs.create(
                model=request.model,
                training_file=request.training_file,
                validation_file=request.validation_file or omit,
                suffix=request.suffix or omit,
                seed=omit if request.seed is None else request.seed,
                method=_method(request),
                metadata={SUBMISSION_KEY: request.submission},
            )
            return job_of(answer)

    @override
    async def find_job(self, submission: str) -> Job | None:
        # A filter that finds nothing may not be understood, or not be up to date yet: then the
        # newest jobs are looked through as well.
        jobs = self._client.fine_tuning.jobs
        with provider_errors(self._key):
            for pages in (
                jobs.list(limit=PAGE, metadata={SUBMISSION_KEY: submission}),
                jobs.list(limit=PAGE),
            ):
                if (found := await _search(pages, submission)) is not None:
                    return found
        return None

    @override
    async def job(self, job_id: str) -> Job:
        with provider_errors(self._key):
            return job_of(await self._client.fine_tuning.jobs.retrieve(job_id))

    @override
    async def events(self, job_id: str, after_known: frozenset[str]) -> list[JobEvent]:
        pages = self._client.fine_tuning.jobs.list_events(job_id, limit=PAGE)
        new: list[JobEvent] = []
        with provider_errors(self._key), _none_if_not_offered():
            async for event in each(pages, event_of):
                if event.id in after_known:
                    break
                new.append(event)
        new.reverse()  # Within a second, the order of the list is all there is.
        return sorted(new, key=lambda event: event.created_at)

    @override
    async def checkpoints(self, job_id: str) -> list[Checkpoint]:
        pages = self._client.fine_tuning.jobs.checkpoints.list(job_id, limit=PAGE)
        found: list[Checkpoint] = []
        with provider_errors(self._key), _none_if_not_offered():
            found = [checkpoint async for checkpoint in each(pages, checkpoint_of)]
        return sorted(found, key=lambda checkpoint: checkpoint.step)

    @override
    async def cancel(self, job_id: str) -> Job:
        with provider_errors(self._key):
            return job_of(await self._client.fine_tuning.jobs.cancel(job_id))

    @override
    async def pause(self, job_id: str) -> Job:
        with provider_errors(self._key):
            return job_of(await self._client.fine_tuning.jobs.pause(job_id))

    @override
    async def resume(self, job_id: str) -> Job:
        with provider_errors(self._key):
            return job_of(await self._client.fine_tuning.jobs.resume(job_id))

    @override
    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        with provider_errors(self._key):
            async with aclosing(self._chat.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta

    @override
    async def score(
        self, model: str, context: Sequence[Message], reply: Message, tools: str = ""
    ) -> ReplyScore:
        if not self.capabilities.scores:
            raise ProviderError(ErrorKind.NOT_OFFERED)
        with provider_errors(self._key):
            return await score_reply(self._client, model, context, reply, tools)

    @override
    async def close(self) -> None:
        await self._client.close()


async def _search(jobs: AsyncIterable[object], submission: str) -> Job | None:
    looked_at = 0
    async for job in each(jobs, job_of):
        if job.metadata.get(SUBMISSION_KEY) == submission:
            return job
        looked_at += 1
        if looked_at >= SEARCH_DEPTH:
            break
    return None


@contextmanager
def _none_if_not_offered() -> Iterator[None]:
    """Let a service have no events and no checkpoints: an unknown job is told by `job`."""
    try:
        yield
    except openai.APIStatusError as error:
        if error.status_code not in NOT_OFFERED_STATUSES:
            raise


def _method(request: JobRequest) -> Method:
    if request.method == DPO:
        chosen = cast("DpoHyperparametersParam", _hyperparameters(request))
        if request.hyperparameters.beta is not None:
            chosen["beta"] = request.hyperparameters.beta
        return {"type": "dpo", "dpo": {"hyperparameters": chosen}}
    return {"type": "supervised", "supervised": {"hyperparameters": _hyperparameters(request)}}


def _hyperparameters(request: JobRequest) -> SupervisedHyperparametersParam:
    chosen = request.hyperparameters
    sent: SupervisedHyperparametersParam = {}
    if chosen.n_epochs is not None:
        sent["n_epochs"] = chosen.n_epochs
    if chosen.batch_size is not None:
        sent["batch_size"] = chosen.batch_size
    if chosen.learning_rate_multiplier is not None:
        sent["learning_rate_multiplier"] = chosen.learning_rate_multiplier
    return sent


def _decode_results(data: bytes) -> bytes:
    """Decode the table of a job's metrics where OpenAI sends it in base64, as it does for some."""
    if not data.startswith(RESULTS_START):
        with suppress(binascii.Error, ValueError):
            decoded = base64.b64decode(b"".join(data.split()), validate=True)
            if decoded.startswith(RESULTS_START):
                return decoded
    return data


def _no_progress(_sent: int, _total: int) -> None:
    """Nobody watches."""
