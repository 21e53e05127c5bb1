"""Taking models out, taking adapters in, and what all of it needs on the disk.

None of it is a part of the protocol; errors have its form all the same.
"""

import os
import shutil
import time
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api.adapter_upload import is_upload, uploaded_adapter
from desktop_app.engine.api.export_files import ExportFiles
from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.elsewhere import refuse_paths
from desktop_app.engine.errors import SERVER_ERROR, ApiError
from desktop_app.engine.exports.disk_use import DiskUse
from desktop_app.engine.exports.exports import DISK_FULL, Exports, target
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.exports.records import ExportRecord
from desktop_app.engine.exports.source import Source, folder_name, source_of
from desktop_app.engine.exports.writing import holds_only_an_export, written_bytes
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.jobs_runner.job_life import NotPossibleError
from desktop_app.engine.models.adapter_import import AdapterImport
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.requests import json_answer, read_json
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders

ModelName = Annotated[str, Meta(min_length=1, max_length=512)]
FolderPath = Annotated[str, Meta(min_length=1, max_length=4096)]
Words = Annotated[str, Meta(max_length=500)]
KEPT_INSTEAD = "Leave 'folder' out and fetch the files of the export from here."
UPLOAD_INSTEAD = "Send the adapter as multipart/form-data."
MARGIN_BYTES = 64 << 20
"""What the small files and the file system need besides."""


class ExportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /engine/exports. `title` and `data` are for the model card.

    Without a folder the export is kept in the store, to be fetched file by file.
    """

    model: ModelName
    kind: ExportKind
    folder: FolderPath | None = None
    replace: bool = False
    floats: FloatType = FloatType.FLOAT16
    title: Words = ""
    data: Words = ""


class AdapterBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /engine/adapters. `model` is the base; left out, it is found by shapes."""

    folder: FolderPath
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    model: ModelName | None = None


class ExportsApi:
    """The endpoints under /engine that have to do with files of the user's own."""

    def __init__(
        self,
        exports: Exports,
        adapters: AdapterImport,
        disk: DiskUse,
        models: ModelList,
        database: Database,
        folders: Folders,
    ) -> None:
        self._exports = exports
        self._adapters = adapters
        self._disk = disk
        self._models = models
        self._database = database
        self._folders = folders
        self._kept = ExportFiles(exports, folders)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/engine/exports", self.create, methods=["POST"]),
            Route("/engine/exports", self.list, methods=["GET"]),
            Route("/engine/exports/{id}", self.retrieve, methods=["GET"]),
            Route("/engine/exports/{id}", self.cancel, methods=["DELETE"]),
            *self._kept.routes(),
            Route("/engine/export-forms", self.forms, methods=["GET"]),
            Route("/engine/adapters", self.take_adapter, methods=["POST"]),
            Route("/engine/storage", self.storage, methods=["GET"]),
            Route("/engine/storage/jobs/{id}/checkpoints", self.prune, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """Begin an export; it is written in the background."""
        body = await read_json(request, ExportBody)
        if body.folder is not None:
            refuse_paths(request, "folder", KEPT_INSTEAD)
        return json_answer(await run_in_threadpool(self._create, body), 202)

    def list(self, _request: Request) -> Response:
        """List the exports that are remembered, the newest first."""
        data = [self._body(record) for record in reversed(self._exports.all())]
        return json_answer({"object": "list", "data": data})

    def retrieve(self, request: Request) -> Response:
        """Tell how far an export is."""
        return json_answer(self._body(self._exports.record(request.path_params["id"])))

    def cancel(self, request: Request) -> Response:
        """Break off an export; nothing of it is left. What is kept of one that is over goes."""
        record = self._exports.cancel(request.path_params["id"])
        self._kept.forget(record)
        return json_answer(self._body(record))

    def forms(self, request: Request) -> Response:
        """Tell the forms in which a model can be taken out, their names and sizes."""
        source = self._source(request.query_params.get("model", ""))
        data = [
            {
                "kind": kind,
                "name": folder_name(source.model, kind),
                "bytes": self._written_bytes(source, kind, FloatType.FLOAT16),
            }
            for kind in ExportKind
            if kind is not ExportKind.ADAPTER or source.adapter is not None
        ]
        return json_answer({"object": "list", "data": data})

    async def take_adapter(self, request: Request) -> Response:
        """Copy an adapter that was trained elsewhere; it is a tuned model from then on."""
        if is_upload(request):
            async with uploaded_adapter(request, self._folders) as given:
                model = await run_in_threadpool(
                    self._take, given.folder, given.name, given.model, "tensors"
                )
            return json_answer({"id": model}, 201)
        body = await read_json(request, AdapterBody)
        refuse_paths(request, "folder", UPLOAD_INSTEAD)
        folder = Path(body.folder)
        model = await run_in_threadpool(self._take, folder, body.name, body.model, "folder")
        return json_answer({"id": model}, 201)

    def storage(self, _request: Request) -> Response:
        """Tell what everything needs on the disk."""
        free = shutil.disk_usage(self._folders.root).free
        return json_answer({**self._disk.body(), "free_bytes": free})

    def prune(self, request: Request) -> Response:
        """Delete the checkpoints of a job that is over, but the model that it made."""
        job_id = request.path_params["id"]
        try:
            freed = self._disk.prune(job_id)
        except NotPossibleError as error:
            message = f"The checkpoints of a job that is {error.status} are still needed."
            raise ApiError(400, message) from error
        return json_answer({"id": job_id, "object": "engine.checkpoints", "bytes_freed": freed})

    def _create(self, body: ExportBody) -> dict[str, object]:
        export_id = random_id("export-")
        if body.folder is not None:
            return self._add(body, export_id, self._folder(body.folder))
        with self._kept.new_place(export_id) as place:
            return self._add(body, export_id, place)

    def _add(self, body: ExportBody, export_id: str, folder: Path) -> dict[str, object]:
        source = self._source(body.model)
        record = ExportRecord(
            id=export_id,
            created_at=int(time.time()),
            model=body.model,
            kind=body.kind,
            floats=body.floats,
            folder=str(folder),
            name=folder_name(body.model, body.kind),
            bytes=self._written_bytes(source, body.kind, body.floats),
            replace=body.replace,
            title=body.title,
            data=body.data,
        )
        self._check_place(record)
        self._exports.add(record)
        return self._body(record)

    def _folder(self, given: str) -> Path:
        path = Path(given)
        if not path.is_absolute():
            raise ApiError(400, "The folder must be given from the root.", param="folder")
        try:
            path = path.resolve(strict=True)
            is_folder = path.is_dir()
        except (OSError, ValueError, RuntimeError):
            is_folder = False
        if not is_folder:
            raise ApiError(400, "There is no folder at this path.", param="folder")
        if path.is_relative_to(self._folders.root.resolve()):
            raise ApiError(400, "This folder belongs to the service itself.", param="folder")
        if not os.access(path, os.W_OK | os.X_OK):
            message = "The folder does not let this program write into it."
            raise ApiError(400, message, param="folder", code="not_writable")
        return path

    def _check_place(self, record: ExportRecord) -> None:
        place = target(record)
        if place.exists() or place.is_symlink():
            if not holds_only_an_export(place):
                message = f"{record.name} is there already, and is no export: nothing replaces it."
                raise ApiError(409, message, param="folder", code="already_exists")
            if not record.replace:
                message = f"{record.name} is there already. Say 'replace' to put this in its place."
                raise ApiError(409, message, param="replace", code="already_exists")
        free = shutil.disk_usage(record.folder).free
        needed = record.bytes + MARGIN_BYTES
        if free < needed:
            message = (
                f"There is not enough space: this needs {needed / 1e6:.0f} MB, and"
                f" {free / 1e6:.0f} MB is free."
            )
            raise ApiError(507, message, param="folder", code=DISK_FULL, type_=SERVER_ERROR)

    def _source(self, model: str) -> Source:
        try:
            return source_of(self._models, self._database, model)
        except ModelFileError as error:
            raise _not_usable(error) from error

    def _written_bytes(self, source: Source, kind: ExportKind, floats: FloatType) -> int:
        try:
            return written_bytes(source, kind, floats)
        except ModelFileError as error:
            raise _not_usable(error) from error

    def _take(self, folder: Path, name: str, model: str | None, param: str) -> str:
        try:
            if not folder.is_absolute() or not folder.is_dir():
                raise ApiError(400, "There is no folder at this path.", param=param)
            return self._adapters.take(folder, name, model)
        except ModelFileError as error:
            message = f"This adapter cannot be used: {error}"
            raise ApiError(400, message, param=param) from error
        except (PermissionError, IsADirectoryError, ValueError) as error:
            raise ApiError(400, "The folder cannot be read.", param=param) from error

    def _body(self, record: ExportRecord) -> dict[str, object]:
        return {
            "id": record.id,
            "object": "engine.export",
            "created_at": record.created_at,
            "finished_at": record.finished_at,
            "model": record.model,
            "kind": record.kind,
            "status": record.status,
            "name": record.name,
            "path": None if self._kept.holds(record) else str(target(record)),
            "bytes": record.bytes,
            "bytes_done": self._exports.bytes_done(record),
            "error": record.error,
        }


def _not_usable(error: ModelFileError) -> ApiError:
    return ApiError(400, f"This model cannot be taken out: {error}", param="model")
