"""/v1/uploads: files of up to 8 GB, in parts of up to 64 MB."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api import limits
from desktop_app.engine.api.files_api import (
    ExpiresAfter,
    check_purpose,
    file_body,
    plain_file_name,
)
from desktop_app.engine.api.upload import receive
from desktop_app.engine.errors import SERVER_ERROR, ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.requests import json_answer, read_json
from desktop_app.engine.store.durable import WriteStoppedError
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import PartRecord, UploadRecord
from desktop_app.engine.store.stored_files import StoredFiles
from desktop_app.engine.store.table import UnknownIdError
from desktop_app.engine.store.uploads import (
    MAX_UPLOAD_BYTES,
    UploadBusyError,
    UploadMismatchError,
    Uploads,
    UploadStateError,
)

UPLOAD_SECONDS = 3600
"""SPEC `/uploads`: an Upload "expires after an hour after you create it"."""


class UploadBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /uploads, SPEC `CreateUploadRequest`."""

    filename: Annotated[str, Meta(min_length=1, max_length=4096)]
    purpose: str
    bytes: Annotated[int, Meta(ge=1, le=MAX_UPLOAD_BYTES)]
    mime_type: Annotated[str, Meta(max_length=255)]
    expires_after: ExpiresAfter | None = None


class CompleteBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /uploads/{id}/complete, SPEC `CompleteUploadRequest`."""

    part_ids: list[str]
    md5: Annotated[str, Meta(pattern="^[0-9a-fA-F]{32}$")] | None = None


class UploadsApi:
    """The endpoints of uploads in parts."""

    def __init__(self, uploads: Uploads, files: StoredFiles, folders: Folders) -> None:
        self._uploads = uploads
        self._files = files
        self._folders = folders

    def routes(self) -> list[Route]:
        """Return the routes under /v1; the GET is ours: a client may ask how an upload stands."""
        upload = "/uploads/{id}"
        return [
            Route("/uploads", self.create, methods=["POST"]),
            Route(upload, self.retrieve, methods=["GET"]),
            Route(f"{upload}/parts", self.add_part, methods=["POST"]),
            Route(f"{upload}/complete", self.complete, methods=["POST"]),
            Route(f"{upload}/cancel", self.cancel, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """Announce a file."""
        body = await read_json(request, UploadBody)
        check_purpose(body.purpose)
        now = int(time.time())
        upload = UploadRecord(
            id=random_id("upload_"),
            filename=plain_file_name(body.filename),
            purpose=body.purpose,
            bytes=body.bytes,
            mime_type=body.mime_type,
            created_at=now,
            expires_at=now + UPLOAD_SECONDS,
            file_lifetime=None if body.expires_after is None else body.expires_after.seconds,
        )
        await run_in_threadpool(self._uploads.create, upload)
        return json_answer(self._body(upload))

    def retrieve(self, request: Request) -> Response:
        """Describe an upload."""
        return json_answer(self._body(self._uploads.get(request.path_params["id"])))

    async def add_part(self, request: Request) -> Response:
        """Take a part; it is on disk when its id is given out."""
        upload_id = request.path_params["id"]
        with _refusals(upload_id):
            await run_in_threadpool(self._uploads.pending, upload_id)
        part_id = random_id("part_")
        path = self._folders.temporary / part_id
        form = await receive(request, path, "data", limits.MAX_PART_BYTES)
        part = PartRecord(part_id, upload_id, form.bytes, int(time.time()))
        try:
            with _refusals(upload_id):
                await run_in_threadpool(self._uploads.add_part, part, path)
        finally:
            form.discard()
        return json_answer(
            {
                "id": part.id,
                "object": "upload.part",
                "created_at": part.created_at,
                "upload_id": part.upload,
            }
        )

    async def complete(self, request: Request) -> Response:
        """Make the file of its parts; it is on disk when its id is given out."""
        upload_id = request.path_params["id"]
        body = await read_json(request, CompleteBody)
        with _refusals(upload_id):
            upload = await run_in_threadpool(
                self._uploads.complete, upload_id, body.part_ids, body.md5
            )
        return json_answer(self._body(upload))

    def cancel(self, request: Request) -> Response:
        """End an upload without a file."""
        upload_id = request.path_params["id"]
        with _refusals(upload_id):
            return json_answer(self._body(self._uploads.cancel(upload_id)))

    def _body(self, upload: UploadRecord) -> dict[str, object]:
        """Return an upload as SPEC `Upload` has it, with its file as long as there is one."""
        body: dict[str, object] = {
            "id": upload.id,
            "object": "upload",
            "bytes": upload.bytes,
            "created_at": upload.created_at,
            "expires_at": upload.expires_at,
            "filename": upload.filename,
            "purpose": upload.purpose,
            "status": upload.status,
        }
        if upload.file is not None:
            with suppress(UnknownIdError):
                body["file"] = file_body(self._files.get(upload.file))
        return body


@contextmanager
def _refusals(upload_id: str) -> Iterator[None]:
    """Word what an upload does not allow. Raises ApiError."""
    try:
        yield
    except UploadStateError as error:
        raise ApiError(400, f"Upload {upload_id} is {error.status}.") from error
    except UploadBusyError as error:
        message = f"Upload {upload_id} is being completed or cancelled by another request."
        raise ApiError(409, message) from error
    except UploadMismatchError as error:
        raise ApiError(400, str(error), param=error.param) from error
    except WriteStoppedError as error:
        message = "The service is ending. The upload is as it was: complete it after the start."
        raise ApiError(503, message, type_=SERVER_ERROR) from error
