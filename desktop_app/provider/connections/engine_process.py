"""The service on this computer, started when it is needed and found again when it runs already."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from desktop_app.provider.connections.engine_address import EngineAddress, announced
from desktop_app.provider.connections.engine_desk import COPY_SECONDS
from desktop_app.provider.connections.engine_service import converted, request
from desktop_app.provider.connections.engine_start import last_words, start_engine
from desktop_app.provider.connections.engine_status import FETCHING, READY, EngineStatus
from desktop_app.provider.conversion import fields, required_id
from desktop_app.provider.provider import ErrorKind, ProviderError

IDLE_EXIT_SECONDS = 600
POLL_SECONDS = 0.3
STOP_SECONDS = 10.0

FetchProgress = Callable[[int, int | None], None]
"""Called with the bytes fetched and the bytes in all, if known."""


class EngineProcess:
    """One service on one store. All coroutines belong to one asyncio loop.

    `command` is what starts it, less what is told here: where, and when to give up waiting.
    """

    def __init__(
        self,
        store: Path,
        *,
        starter_model: Path | None = None,
        command: Sequence[str] = (sys.executable, "-m", "desktop_app.engine"),
    ) -> None:
        self._store = store
        starter = () if starter_model is None else ("--starter-model", str(starter_model))
        self._command = (*command, "--idle-exit", str(IDLE_EXIT_SECONDS), *starter)
        self._address: EngineAddress | None = None
        self._starting: asyncio.Task[EngineAddress] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether a service of ours is known and its process exists."""
        return self._address is not None and self._address.is_alive

    @property
    def last_words(self) -> str:
        """The last line that the service wrote to standard error, '' if none."""
        return last_words(self._store)

    async def ensure_running(self) -> EngineAddress:
        """Return the running service; find or start it first. Raises ProviderError."""
        if self._address is not None and self._address.is_alive:
            return self._address
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._find_or_start())
        # Shielded: a caller who gives up must not stop it for the others.
        self._address = await asyncio.shield(self._starting)
        return self._address

    def forget(self) -> None:
        """Look for the service afresh at the next call: it has not answered."""
        self._address = None

    async def status(self) -> EngineStatus:
        """Return what the service says of itself. Raises ProviderError."""
        address = await self.ensure_running()
        answer = await request(address, "GET", "/engine")
        return converted(answer, EngineStatus)

    async def fetch_starter_model(self, progress: FetchProgress) -> None:
        """Have the starter model fetched and wait for it; cancelling this cancels that.

        Raises ProviderError.
        """
        address = await self.ensure_running()
        await request(address, "POST", "/engine/starter-model")
        try:
            while (model := (await self.status()).starter_model).state == FETCHING:
                progress(model.bytes_done or 0, model.bytes)
                await asyncio.sleep(POLL_SECONDS)
        except asyncio.CancelledError:
            await request(address, "DELETE", "/engine/starter-model")
            raise
        if model.state != READY:
            raise ProviderError(ErrorKind.ENGINE_FAILED, model.error or model.state)

    async def add_model(self, path: Path) -> str:
        """Have a GGUF file, at an absolute path, copied; return the model's id.

        Raises ProviderError.
        """
        address = await self.ensure_running()
        body = {"path": str(path)}
        answer = await request(address, "POST", "/engine/models", body, COPY_SECONDS)
        return required_id(fields(answer))

    async def stop(self) -> None:
        """Stop the service if it runs; a job in it goes on at the next start."""
        address = self._address or announced(self._store)
        self._address = None
        if address is None or not address.is_alive:
            return
        await request(address, "POST", "/engine/shutdown")
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        # A process that need not be our child has no event to wait for.
        while address.is_alive and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  # see above
            await asyncio.sleep(0.02)

    async def _find_or_start(self) -> EngineAddress:
        found = announced(self._store)
        if found is not None and await _answers(found):
            return found
        return await start_engine(self._store, self._command)


async def _answers(address: EngineAddress) -> bool:
    try:
        answer = await request(address, "GET", "/engine")
    except ProviderError:
        return False
    return isinstance(answer, Mapping) and "backend" in answer
