"""Adapters that come over a network: as a form, not as a folder of this computer.

The fields are `name`, `model` (the base; left out, it is found by shapes), `config` with the text
of adapter_config.json, and the file `tensors`, adapter_model.safetensors.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from desktop_app.engine.api.upload import ReceivedForm, receive
from desktop_app.engine.errors import ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.models.adapter_import import CONFIG, MOST_BYTES, TENSORS
from desktop_app.engine.store.folders import Folders

MOST_NAME = 64


@dataclass(frozen=True)
class UploadedAdapter:
    """An adapter in a folder that is there as long as it is worked with."""

    folder: Path
    name: str
    model: str | None


def is_upload(request: Request) -> bool:
    """Whether a request brings an adapter with it."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


@asynccontextmanager
async def uploaded_adapter(request: Request, folders: Folders) -> AsyncIterator[UploadedAdapter]:
    """Receive an adapter. Raises ApiError."""
    folder = folders.temporary / random_id("adapter-")
    form = await receive(request, folder.with_suffix(".tensors"), "tensors", MOST_BYTES)
    try:
        yield await run_in_threadpool(_unpacked, form, folder)
    finally:
        form.discard()
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


def _unpacked(form: ReceivedForm, folder: Path) -> UploadedAdapter:
    name, config = form.fields.get("name", ""), form.fields.get("config")
    if not 1 <= len(name) <= MOST_NAME:
        message = f"Invalid 'name': expected 1 to {MOST_NAME} characters."
        raise ApiError(400, message, param="name")
    if config is None:
        raise ApiError(400, "Missing required parameter: 'config'.", param="config")
    folder.mkdir(mode=0o700)
    (folder / CONFIG).write_text(config, encoding="utf-8")
    form.path.replace(folder / TENSORS)
    return UploadedAdapter(folder, name, form.fields.get("model") or None)
