"""/v1/files: what was uploaded, and what jobs have written."""

import re
import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from desktop_app.engine.api.upload import Upload, receive
from desktop_app.engine.errors import ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.requests import Paging, json_answer
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.durable import move_durably
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import FILES, FileRecord

PURPOSE = "fine-tune"


def file_body(file: FileRecord) -> dict[str, object]:
    """Return a file as the protocol describes it."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": file.created_at,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def plain_file_name(name: str) -> str:
    """Return a name without folders and control characters; it is only ever shown."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(character for character in last if character.isprintable()).strip()
    return plain[:255] or "file"


class FilesApi:
    """The endpoints of files."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
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
        upload = await receive(request, self._folders.temporary / file_id)
        try:
            _check_fields(upload)
            file = await run_in_threadpool(self._keep, file_id, upload)
        finally:
            upload.discard()
        return json_answer(file_body(file))

    def _keep(self, file_id: str, upload: Upload) -> FileRecord:
        move_durably(upload.path, self._folders.files / file_id)
        file = FileRecord(
            id=file_id,
            filename=plain_file_name(upload.file_name or ""),
            purpose=PURPOSE,
            bytes=upload.bytes,
            created_at=int(time.time()),
        )
        with self._database.transaction() as connection:
            FILES.add(connection, file, owner=file.purpose)
        return file

    def list(self, request: Request) -> Response:
        """List files, newest first unless asked otherwise."""
        paging = Paging.of(request, default=10_000, maximum=10_000)
        order = request.query_params.get("order", "desc")
        if order not in {"asc", "desc"}:
            raise ApiError(400, "Invalid 'order': expected 'asc' or 'desc'.", param="order")
        with self._database.reading() as connection:
            page = FILES.page(
                connection,
                limit=paging.limit,
                after=paging.after,
                newest_first=order == "desc",
                owner=request.query_params.get("purpose"),
            )
        return json_answer(
            {
                "object": "list",
                "data": [file_body(file) for file in page.items],
                "first_id": page.items[0].id if page.items else None,
                "last_id": page.items[-1].id if page.items else None,
                "has_more": page.has_more,
            }
        )

    def retrieve(self, request: Request) -> Response:
        """Describe a file."""
        return json_answer(file_body(self._file(request)))

    def content(self, request: Request) -> Response:
        """Return a file's bytes."""
        path = self._folders.files / self._file(request).id
        return FileResponse(path, media_type="application/octet-stream")

    def delete(self, request: Request) -> Response:
        """Delete a file; jobs keep the examples that they were given."""
        file = self._file(request)
        with self._database.transaction() as connection:
            FILES.delete(connection, file.id)
        (self._folders.files / file.id).unlink(missing_ok=True)
        return json_answer({"id": file.id, "object": "file", "deleted": True})

    def _file(self, request: Request) -> FileRecord:
        with self._database.reading() as connection:
            return FILES.get(connection, request.path_params["id"])


def _check_fields(upload: Upload) -> None:
    purpose = upload.fields.get("purpose")
    if purpose is None:
        raise ApiError(400, "Missing required parameter: 'purpose'.", param="purpose")
    if purpose != PURPOSE:
        message = f"'{purpose[:40]}' is not a purpose of this service: it takes '{PURPOSE}' only."
        raise ApiError(400, message, param="purpose")
    for name in upload.fields:
        if name.startswith("expires_after"):
            raise ApiError(400, "Files do not expire on this service.", param="expires_after")
