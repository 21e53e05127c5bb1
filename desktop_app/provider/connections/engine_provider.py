"""An engine of the program's own, on this computer or another, as a provider like any other."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from desktop_app.core.examples.conversation import Message
from desktop_app.core.jobs.job import Checkpoint, Job, JobEvent, JobRequest
from desktop_app.provider.connections.engine_desk import EngineDesk
from desktop_app.provider.connections.engine_service import EngineService
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


class EngineProvider(Provider):
    """Finds its engine at every call. `desk` is what an engine offers beside the protocol.

    `sends_files`: it does not see this computer's files, so what it is to have of them is sent.
    """

    def __init__(self, *, sends_files: bool = False) -> None:
        self.capabilities = CAPABILITIES
        self.desk = EngineDesk(self._call_own, sends_files=sends_files)
        self._engine_at: EngineService | None = None
        self._inner: OpenAIProvider | None = None

    @abstractmethod
    async def _reach(self) -> EngineService:
        """Return where the engine is. Raises ProviderError."""

    @abstractmethod
    async def _named(self, error: ProviderError) -> ProviderError:
        """Return what an error means of this engine."""

    async def _service(self) -> "OpenAIProvider":
        engine = await self._reach()
        if self._inner is None or engine != self._engine_at:
            await self.close()
            self._engine_at = engine
            self._inner = self._open(engine)
        return self._inner

    def _open(self, engine: EngineService) -> "OpenAIProvider":
        from desktop_app.provider.openai_provider import OpenAIProvider  # noqa: PLC0415  # see above

        return OpenAIProvider(
            engine.base_url, engine.token, CAPABILITIES, timeout=SILENCE_SECONDS, retries=0
        )

    async def _call(self, ask: "Callable[[OpenAIProvider], Awaitable[T]]") -> T:
        service = await self._service()
        try:
            return await ask(service)
        except ProviderError as error:
            raise await self._named(error) from None

    async def _call_own(self, ask: Callable[[EngineService], Awaitable[T]]) -> T:
        """Ask for what no other service has."""
        engine = await self._reach()
        try:
            return await ask(engine)
        except ProviderError as error:
            raise await self._named(error) from None

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
            raise await self._named(error) from None

    @override
    async def score(
        self, model: str, context: Sequence[Message], reply: Message, tools: str = ""
    ) -> ReplyScore:
        return await self._call(lambda service: service.score(model, context, reply, tools))

    async def export_forms(self, model: str) -> list[ExportForm]:
        """Return the forms in which a model can be saved. Raises ProviderError."""
        return await self._call_own(lambda engine: export_forms(engine, model))

    async def export(self, order: ExportOrder, progress: SaveProgress) -> Path:
        """Save a model and return the folder made; cancelling this leaves nothing of it.

        Raises ProviderError.
        """
        return await self._call_own(lambda engine: export(engine, order, progress))

    @override
    async def close(self) -> None:
        if self._inner is not None:
            await self._inner.close()
            self._inner = None
