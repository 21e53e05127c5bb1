"""The service on this computer, as a provider like any other."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from desktop_app.core.examples.conversation import Message
from desktop_app.core.jobs.job import Checkpoint, Job, JobEvent, JobRequest
from desktop_app.provider.connections.engine_address import EngineAddress
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile, DataPlace
from desktop_app.provider.connections.this_computer_exports import (
    ExportForm,
    ExportOrder,
    SaveProgress,
    export,
    export_forms,
)
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

if TYPE_CHECKING:  # It imports the SDK, which takes half a second.
    from desktop_app.provider.openai_provider import OpenAIProvider

SILENCE_SECONDS = 600.0
"""A processor may take minutes over a long prompt before the first word."""

CAPABILITIES = Capabilities(pause=True, scores=True)

T = TypeVar("T")


def this_computer_profile(connection_id: str, name: str) -> ConnectionProfile:
    """Return the profile of the service on this computer."""
    return ConnectionProfile(
        id=connection_id,
        kind=ConnectionKind.THIS_COMPUTER,
        name=name,
        base_url="",
        needs_key=False,
        capabilities=CAPABILITIES,
        data_place=DataPlace.THIS_COMPUTER,
    )


class ThisComputerProvider(Provider):
    """Starts the service where it does not run; if it dies in a call, that call says so."""

    def __init__(self, engine: EngineProcess) -> None:
        self.capabilities = CAPABILITIES
        self._engine = engine
        self._address: EngineAddress | None = None
        self._inner: OpenAIProvider | None = None

    async def _service(self) -> "OpenAIProvider":
        from desktop_app.provider.openai_provider import OpenAIProvider  # noqa: PLC0415  # see above

        address = await self._engine.ensure_running()
        if self._inner is None or address != self._address:
            await self.close()
            self._address = address
            self._inner = OpenAIProvider(
                address.base_url, address.token, CAPABILITIES, timeout=SILENCE_SECONDS, retries=0
            )
        return self._inner

    async def _call(self, ask: "Callable[[OpenAIProvider], Awaitable[T]]") -> T:
        service = await self._service()
        try:
            return await ask(service)
        except ProviderError as error:
            raise self._named(error) from None

    def _named(self, error: ProviderError) -> ProviderError:
        """No network is in between: a service that cannot be reached has died."""
        if error.kind is not ErrorKind.NO_CONNECTION:
            return error
        self._engine.forget()
        return ProviderError(ErrorKind.ENGINE_FAILED, self._engine.last_words or error.detail)

    @override
    async def models(self) -> list[ModelInfo]:
        return await self._call(lambda service: service.models())

    @override
    async def upload(self, path: Path, progress: UploadProgress | None = None) -> str:
        return await self._call(lambda service: service.upload(path, progress))

    @override
    async def delete_file(self, file_id: str) -> None:
        await self._call(lambda service: service.delete_file(file_id))

    @override
    async def file_content(self, file_id: str) -> bytes:
        return await self._call(lambda service: service.file_content(file_id))

    @override
    async def create_job(self, request: JobRequest) -> Job:
        return await self._call(lambda service: service.create_job(request))

    @override
    async def find_job(self, submission: str) -> Job | None:
        return await self._call(lambda service: service.find_job(submission))

    @override
    async def job(self, job_id: str) -> Job:
        return await self._call(lambda service: service.job(job_id))

    @override
    async def events(self, job_id: str, after_known: frozenset[str]) -> list[JobEvent]:
        return await self._call(lambda service: service.events(job_id, after_known))

    @override
    async def checkpoints(self, job_id: str) -> list[Checkpoint]:
        return await self._call(lambda service: service.checkpoints(job_id))

    @override
    async def cancel(self, job_id: str) -> Job:
        return await self._call(lambda service: service.cancel(job_id))

    @override
    async def pause(self, job_id: str) -> Job:
        return await self._call(lambda service: service.pause(job_id))

    @override
    async def resume(self, job_id: str) -> Job:
        return await self._call(lambda service: service.resume(job_id))

    @override
    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        service = await self._service()
        try:
            async with aclosing(service.chat(request)) as deltas:
                async for delta in deltas:
                    yield delta
        except ProviderError as error:
            raise self._named(error) from None

    @override
    async def score(self, model: str, context: Sequence[Message], reply: Message) -> ReplyScore:
        return await self._call(lambda service: service.score(model, context, reply))

    async def export_forms(self, model: str) -> list[ExportForm]:
        """Return the forms in which a model can be saved. Raises ProviderError."""
        return await self._call_own(lambda address: export_forms(address, model))

    async def export(self, order: ExportOrder, progress: SaveProgress) -> Path:
        """Save a model and return the folder made; cancelling this leaves nothing of it.

        Raises ProviderError.
        """
        return await self._call_own(lambda address: export(address, order, progress))

    async def _call_own(self, ask: Callable[[EngineAddress], Awaitable[T]]) -> T:
        """Ask for what no other service has."""
        address = await self._engine.ensure_running()
        try:
            return await ask(address)
        except ProviderError as error:
            raise self._named(error) from None

    @override
    async def close(self) -> None:
        if self._inner is not None:
            await self._inner.close()
            self._inner = None
