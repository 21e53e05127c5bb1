"""What an engine does with models beside training them: fetching, keeping, clearing away."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from msgspec import Struct

from desktop_app.provider.connections.adapter_upload import send_adapter
from desktop_app.provider.connections.engine_models import (
    BaseModel,
    Catalogue,
    ModelEntry,
    Storage,
)
from desktop_app.provider.connections.engine_service import (
    ANSWER_SECONDS,
    EngineService,
    converted,
    request,
)
from desktop_app.provider.connections.engine_status import EngineStatus
from desktop_app.provider.conversion import fields, required_id

COPY_SECONDS = 600.0
"""How long taking over a model of some gigabytes may be silent."""

HUB_SECONDS = 60.0
"""How long an engine may ask a model hub for one model."""


class _Bases(Struct, frozen=True):
    bases: tuple[BaseModel, ...] = ()


class _Fetches(Struct, frozen=True):
    fetches: tuple[ModelEntry, ...] = ()


class _Freed(Struct, frozen=True):
    bytes_freed: int = 0


Ask = Callable[[Callable[[EngineService], Awaitable[object]]], Awaitable[object]]
"""Finds the engine, asks it, and names what goes wrong by what is known of the connection."""


class EngineDesk:
    """Every method raises ProviderError; NOT_OFFERED by an engine of an earlier version.

    `sends_files`: the engine does not see this computer's files.
    """

    def __init__(self, ask: Ask, *, sends_files: bool = False) -> None:
        self._ask = ask
        self._sends_files = sends_files

    async def status(self) -> EngineStatus:
        """Return what the engine says of itself."""
        return converted(await self._request("GET", "/engine"), EngineStatus)

    async def bases(self) -> tuple[BaseModel, ...]:
        """Return the models that are there to start from."""
        return converted(await self._request("GET", "/engine/bases"), _Bases).bases

    async def remove_base(self, id: str) -> None:
        """Delete a model; REFUSED, in words, while something needs it."""
        await self._request("DELETE", f"/engine/bases/{quote(id, safe='')}")

    async def catalogue(self) -> Catalogue:
        """Return the models that are recommended."""
        return converted(await self._request("GET", "/engine/catalogue"), Catalogue)

    async def look_up(self, hub: str) -> ModelEntry:
        """Return what the hub knows of a model, by "owner/name"."""
        path = f"/engine/hub?{urlencode({'name': hub})}"
        return converted(await self._request("GET", path, timeout=HUB_SECONDS), ModelEntry)

    async def fetches(self) -> tuple[ModelEntry, ...]:
        """Return the models that are on their way, or were."""
        return converted(await self._request("GET", "/engine/fetches"), _Fetches).fetches

    async def fetch(self, hub: str) -> ModelEntry:
        """Fetch a model whose licence was accepted, or go on with it."""
        body = {"hub": hub, "licence_accepted": True}
        answer = await self._request("POST", "/engine/fetches", body, timeout=HUB_SECONDS)
        return converted(answer, ModelEntry)

    async def stop_fetch(self, hub: str, *, forget: bool = False) -> None:
        """Stop fetching; what was fetched is kept to go on with, unless it is to be forgotten."""
        more = "?forget=true" if forget else ""
        await self._request("DELETE", f"/engine/fetches/{quote(hub, safe='/')}{more}")

    async def take_model(self, path: Path) -> str:
        """Have a file or folder on the engine's computer copied; return the model's id."""
        body = {"path": str(path)}
        answer = await self._request("POST", "/engine/models", body, timeout=COPY_SECONDS)
        return required_id(fields(answer))

    async def take_adapter(self, folder: Path, name: str, model: str | None) -> str:
        """Take an adapter trained elsewhere; return the tuned model's id.

        Without a base model it is found by the adapter's shapes.
        """
        chosen = {"name": name, **({"model": model} if model else {})}
        if self._sends_files:
            answer = await self._ask(lambda engine: send_adapter(engine, folder, chosen))
            return required_id(fields(answer))
        body = {"folder": str(folder), **chosen}
        answer = await self._request("POST", "/engine/adapters", body, timeout=COPY_SECONDS)
        return required_id(fields(answer))

    async def storage(self) -> Storage:
        """Return what everything needs on the disk."""
        return converted(await self._request("GET", "/engine/storage"), Storage)

    async def prune(self, job_id: str) -> int:
        """Delete the checkpoints of a job that is over, but its model; return bytes freed."""
        path = f"/engine/storage/jobs/{quote(job_id, safe='')}/checkpoints"
        return converted(await self._request("DELETE", path), _Freed).bytes_freed

    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        timeout: float = ANSWER_SECONDS,  # noqa: ASYNC109  # how long it may be silent, not take
    ) -> object:
        return await self._ask(lambda engine: request(engine, method, path, body, timeout))
