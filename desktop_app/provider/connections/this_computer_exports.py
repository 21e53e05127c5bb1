"""Having the service on this computer write a model into one of the user's folders."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from desktop_app.provider.connections.engine_service import EngineService, converted, request
from desktop_app.provider.provider import ErrorKind, ProviderError

POLL_SECONDS = 0.2
SUCCEEDED, CANCELLED, FAILED = "succeeded", "cancelled", "failed"
ENDED = frozenset({SUCCEEDED, CANCELLED, FAILED})

SaveProgress = Callable[[int, int], None]
"""Called with the bytes written and the bytes in all."""


class ExportForm(Struct, frozen=True):
    """A form in which a model can be saved; `name` is that of the folder it makes."""

    kind: str
    name: str
    bytes: int


class ExportOrder(Struct, frozen=True):
    """What to save where. `title` and `data` are the user's words for the model card."""

    model: str
    kind: str
    folder: str
    replace: bool = False
    title: str = ""
    data: str = ""


class _Forms(Struct, frozen=True):
    data: tuple[ExportForm, ...]


class _Fault(Struct, frozen=True):
    code: str
    message: str


class Export(Struct, frozen=True):
    """How far it is. `path` is None where an engine elsewhere keeps it to be fetched."""

    id: str
    status: str
    path: str | None
    bytes: int
    bytes_done: int
    error: _Fault | None = None


async def export_forms(engine: EngineService, model: str) -> list[ExportForm]:
    """Return the forms in which a model can be saved. Raises ProviderError."""
    answer = await request(engine, "GET", f"/engine/export-forms?model={quote(model)}")
    return list(converted(answer, _Forms).data)


async def export(engine: EngineService, order: ExportOrder, progress: SaveProgress) -> Path:
    """Save a model and return the folder made; cancelling this leaves nothing of it.

    Raises ProviderError.
    """
    told = await ordered(engine, msgspec.to_builtins(order))
    return Path((await finished(engine, told, progress)).path or "")


async def ordered(engine: EngineService, body: Mapping[str, object]) -> Export:
    """Let an engine begin. Raises ProviderError."""
    return converted(await request(engine, "POST", "/engine/exports", body), Export)


async def finished(engine: EngineService, told: Export, progress: SaveProgress) -> Export:
    """Wait until an engine is done; cancelling this cancels that. Raises ProviderError."""
    where = f"/engine/exports/{told.id}"
    try:
        while told.status not in ENDED:
            progress(told.bytes_done, told.bytes)
            await asyncio.sleep(POLL_SECONDS)
            told = converted(await request(engine, "GET", where), Export)
    except asyncio.CancelledError:
        await request(engine, "DELETE", where)
        raise
    if told.status == SUCCEEDED:
        return told
    raise ProviderError(ErrorKind.REFUSED, told.error.message if told.error else told.status)
