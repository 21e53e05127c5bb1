"""/v1/files: what was uploaded, and what jobs have written."""

import re
import time
from typing import Annotated, Literal

from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from desktop_app.engine.api import limits
from desktop_app.engine.api.upload import ReceivedForm, receive
from desktop_app.engine.errors import ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.requests import Paging, json_answer
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import FileRecord
from desktop_app.engine.store.stored_files import StoredFiles

PURPOSE = "fine-tune"
MIN_LIFETIME, MAX_LIFETIME = 3600, 2_592_000
"""SPEC `FileExpirationAfter`, in seconds: an hour to 30 days."""
ANCHOR_FIELD, SECONDS_FIELD = "expires_after[anchor]", "expires_after[seconds]"


class ExpiresAfter(Struct, frozen=True):
    """SPEC `FileExpirationAfter`: for how long a file is kept."""

    anchor: Literal["created_at"]
    seconds: Annotated[int, Meta(ge=MIN_LIFETIME, le=MAX_LIFETIME)]


def file_body(file: FileRecord) -> dict[str, object]:
    """Return a file as SPEC `OpenAIFile` has it: what does not apply is left out, not null."""
    body: dict[str, object] = {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": file.created_at,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
    }
    if file.expires_at is not None:
        body["expires_at"] = file.expires_at
    return body


def plain_file_name(name: str) -> str:
    """Return a name without folders and control characters; it is only ever shown."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(character for character in last if character.isprintable()).strip()
    return plain[:255] or "file"


def check_purpose(purpose: str) -> None:
    """Raise ApiError for what this service has no use for."""
    if purpose != PURPOSE:
        message = f"'{purpose[:40]}' is not a purpose of this service: it takes '{PURPOSE}' only."
        raise ApiError(400, message, param="purpose")


class FilesApi:
    """The endpoints of files."""

    def __init__(self, files: StoredFiles, folders: Folders) -> None:
        self._files = files
        self._folders = folders

    def routes(self) -> list[Route]:
        """Return the routes under /v1."""
        return [
            Route("/files", self.create, methods=["POST"]),
            Route("/files", self.list, methods=["GET"]),
            Route("/files/{id}", self.retrieve, methods=["GET"]),
            Route("/files/{id}", self.delete, methods=["DELETE"]),
            Route("/files/{id}/content", self.content, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Take a file; it is on disk when its id is given out."""
        file_id = random_id("file-")
        path = self._folders.temporary / file_id
        form = await receive(request, path, "file", limits.MAX_FILE_BYTES)
        try:
            file = await run_in_threadpool(self._keep, file_id, form)
        finally:
            form.discard()
        return json_answer(file_body(file))

    def _keep(self, file_id: str, form: ReceivedForm) -> FileRecord:
        lifetime = _lifetime(form)
        now = int(time.time())
        file = FileRecord(
            id=file_id,
            filename=plain_file_name(form.file_name or ""),
            purpose=PURPOSE,
            bytes=form.bytes,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
        )
        self._files.keep(form.path, file)
        return file

    def list(self, request: Request) -> Response:
        """List files, newest first unless asked otherwise."""
        paging = Paging.of(request, default=10_000, maximum=10_000)
        order = request.query_params.get("order", "desc")
        if order not in {"asc", "desc"}:
            raise ApiError(400, "Invalid 'order': expected 'asc' or 'desc'.", param="order")
        page = self._files.page(
            limit=paging.limit,
            after=paging.after,
            newest_first=order == "desc",
            purpose=request.query_params.get("purpose"),
        )
        return json_answer(
            {
                "object": "list",
                "data": [file_body(file) for file in page.items],
                # SPEC `ListFilesResponse` wants texts here, even where there is no file.
                "first_id": page.items[0].id if page.items else "",
                "last_id": page.items[-1].id if page.items else "",
                "has_more": page.has_more,
            }
        )

    def retrieve(self, request: Request) -> Response:
        """Describe a file."""
        return json_answer(file_body(self._file(request)))

    def content(self, request: Request) -> Response:
        """Return a file's bytes."""
        file = self._file(request)
        path = self._files.path(file.id)
        if not path.is_file():
            message = f"The bytes of file '{file.id}' are missing on the disk. Upload it again."
            raise ApiError(404, message, param="id", code="file_missing")
        return FileResponse(path, media_type="application/octet-stream")

    def delete(self, request: Request) -> Response:
        """Delete a file; jobs keep the examples that they were given."""
        file = self._file(request)
        self._files.delete(file.id)
        return json_answer({"id": file.id, "object": "file", "deleted": True})

    def _file(self, request: Request) -> FileRecord:
        return self._files.get(request.path_params["id"])


def _lifetime(form: ReceivedForm) -> int | None:
    """Return for how many seconds the file is to be kept, None for ever. Raises ApiError."""
    purpose = form.fields.get("purpose")
    if purpose is None:
        raise ApiError(400, "Missing required parameter: 'purpose'.", param="purpose")
    check_purpose(purpose)
    anchor, seconds = form.fields.get(ANCHOR_FIELD), form.fields.get(SECONDS_FIELD)
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        message = "Invalid 'expires_after.anchor': expected 'created_at'."
        raise ApiError(400, message, param="expires_after.anchor")
    if re.fullmatch("[0-9]{1,9}", seconds or "") and seconds is not None:
        lifetime = int(seconds)
        if MIN_LIFETIME <= lifetime <= MAX_LIFETIME:
            return lifetime
    message = (
        "Invalid 'expires_after.seconds': expected a whole number"
        f" from {MIN_LIFETIME} to {MAX_LIFETIME}."
    )
    raise ApiError(400, message, param="expires_after.seconds")
