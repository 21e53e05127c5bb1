"""Having an engine elsewhere put a model into a form, and fetching that into the user's folder."""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from desktop_app.provider.connections.engine_service import EngineService, converted, request
from desktop_app.provider.connections.this_computer_exports import (
    ExportOrder,
    SaveProgress,
    export_forms,
    finished,
    ordered,
)
from desktop_app.provider.provider import ErrorKind, ProviderError


class _File(Struct, frozen=True):
    name: str
    bytes: int


class _Files(Struct, frozen=True):
    data: tuple[_File, ...]


async def download(engine: EngineService, order: ExportOrder, progress: SaveProgress) -> Path:
    """Save a model and return the folder made; cancelling this leaves nothing of it.

    `progress` counts the bytes written there, then those that have arrived here: half each.
    Raises ProviderError.
    """
    forms = await export_forms(engine, order.model)
    name = next((form.name for form in forms if form.kind == order.kind), None)
    if name is None:
        raise ProviderError(ErrorKind.REFUSED, "The engine does not offer the model in this form.")
    target = Path(order.folder) / plain(name)
    if target.exists() and not order.replace:
        raise ProviderError(ErrorKind.REFUSED, f"{target.name} is there already.")
    body = msgspec.to_builtins(order)
    del body["folder"], body["replace"]
    told = await ordered(engine, body)
    try:
        told = await finished(engine, told, lambda done, total: progress(done, total + total))
        return await _fetch_all(engine, told.id, target, progress)
    finally:
        # What the engine keeps of it costs room there only: no reason to call what was saved lost.
        with suppress(ProviderError):
            await asyncio.shield(request(engine, "DELETE", f"/engine/exports/{told.id}"))


def plain(name: str) -> str:
    """Return a file's name that stays in its folder. Raises ProviderError for any other."""
    if not name or name in (".", "..") or any(c in name for c in "/\\:\0"):
        raise ProviderError(ErrorKind.SERVICE_FAULT, "a file's name leads out of its folder")
    return name


async def _fetch_all(
    engine: EngineService, export_id: str, target: Path, progress: SaveProgress
) -> Path:
    where = f"/engine/exports/{quote(export_id, safe='')}/files"
    files = converted(await request(engine, "GET", where), _Files).data
    total = sum(file.bytes for file in files)
    try:
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ProviderError(ErrorKind.REFUSED, error.strerror or "") from error
    try:
        done = 0
        for file in files:
            path = part / plain(file.name)
            source = f"{where}/{quote(file.name, safe='')}"
            await _fetch(engine, source, path, _from(progress, done, total))
            done += file.bytes
        await asyncio.to_thread(_put_in_place, part, target)
    except OSError as error:
        raise ProviderError(ErrorKind.REFUSED, error.strerror or "") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
    return target


def _from(progress: SaveProgress, done: int, total: int) -> SaveProgress:
    def tell(arrived: int, _of: int) -> None:
        progress(total + done + arrived, total + total)

    return tell


async def _fetch(engine: EngineService, path: str, to: Path, progress: SaveProgress) -> None:
    # The SDK takes half a second to import: on this thread, and not at start-up.
    from desktop_app.provider.client import stream_file  # noqa: PLC0415
    from desktop_app.provider.errors import provider_errors  # noqa: PLC0415

    with provider_errors(engine.token), to.open("wb") as file:
        arrived = 0
        async for piece in stream_file(engine.base_url, engine.token, path, engine.tls):
            # A megabyte to a disk, after which the loop has its turn again.
            await asyncio.to_thread(file.write, piece)
            arrived += len(piece)
            progress(arrived, arrived)


def _put_in_place(part: Path, target: Path) -> None:
    """Let an export appear whole, in place of an earlier one; anything else there stays."""
    part.chmod(0o755)
    if target.exists():
        new = {path.name for path in part.iterdir()}
        if not target.is_dir() or {path.name for path in target.iterdir()} - new:
            message = f"{target.name} is there already, and is no export: nothing replaces it."
            raise ProviderError(ErrorKind.REFUSED, message)
        shutil.rmtree(target)
    part.replace(target)
