"""Having the service on this computer write a model into one of the user's folders."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from desktop_app.provider.connections.engine_address import EngineAddress
from desktop_app.provider.provider import ErrorKind, ProviderError

ANSWER_SECONDS = 30.0
POLL_SECONDS = 0.2
SUCCEEDED, CANCELLED, FAILED = "succeeded", "cancelled", "failed"
ENDED = frozenset({SUCCEEDED, CANCELLED, FAILED})

T = TypeVar("T")

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


class _Export(Struct, frozen=True):
    id: str
    status: str
    path: str
    bytes: int
    bytes_done: int
    error: _Fault | None = None


async def export_forms(address: EngineAddress, model: str) -> list[ExportForm]:
    """Return the forms in which a model can be saved. Raises ProviderError."""
    answer = await _request(address, "GET", f"/engine/export-forms?model={quote(model)}")
    return list(_converted(answer, _Forms).data)


async def export(address: EngineAddress, order: ExportOrder, progress: SaveProgress) -> Path:
    """Save a model and return the folder made; cancelling this leaves nothing of it.

    Raises ProviderError.
    """
    body = msgspec.to_builtins(order)
    told = _converted(await _request(address, "POST", "/engine/exports", body), _Export)
    where = f"/engine/exports/{told.id}"
    try:
        while told.status not in ENDED:
            progress(told.bytes_done, told.bytes)
            await asyncio.sleep(POLL_SECONDS)
            told = _converted(await _request(address, "GET", where), _Export)
    except asyncio.CancelledError:
        await _request(address, "DELETE", where)
        raise
    if told.status == SUCCEEDED:
        return Path(told.path)
    raise ProviderError(ErrorKind.REFUSED, told.error.message if told.error else told.status)


def _converted(answer: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ProviderError(ErrorKind.SERVICE_FAULT, str(error)) from None


async def _request(
    address: EngineAddress, method: str, path: str, body: Mapping[str, object] | None = None
) -> object:
    """Ask for something outside the protocol. Raises ProviderError."""
    # The SDK takes half a second to import: on this thread, and not at start-up.
    from desktop_app.provider.client import new_client  # noqa: PLC0415
    from desktop_app.provider.errors import provider_errors  # noqa: PLC0415

    with provider_errors(address.token):
        async with new_client(address.base_url, address.token, ANSWER_SECONDS, 0) as client:
            url = str(client.base_url.join(path))
            if method == "GET":
                return await client.get(url, cast_to=object)
            if method == "DELETE":
                return await client.delete(url, cast_to=object)
            return await client.post(url, cast_to=object, body=body)
