"""Exports kept in the store until whoever ordered them, on another computer, has fetched them."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from desktop_app.engine.errors import ApiError
from desktop_app.engine.exports.exports import Exports, target
from desktop_app.engine.exports.records import OPEN, ExportRecord, ExportStatus
from desktop_app.engine.requests import json_answer
from desktop_app.engine.store.folders import Folders


class ExportFiles:
    """A folder an export, named by its id. Files can be fetched in pieces (HTTP ranges)."""

    def __init__(self, exports: Exports, folders: Folders) -> None:
        self._exports = exports
        self._folder = folders.root / "exports"
        self._making = threading.Lock()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/engine/exports/{id}/files", self.list, methods=["GET"]),
            Route("/engine/exports/{id}/files/{name}", self.content, methods=["GET"]),
        ]

    @contextmanager
    def new_place(self, export_id: str) -> Iterator[Path]:
        """Give a new folder for an export, to be ordered within; those of forgotten exports go.

        One order at a time: a folder whose order is not remembered yet looks forgotten.
        """
        with self._making:
            known = {record.id for record in self._exports.all()}
            for path in self._folder.iterdir() if self._folder.is_dir() else ():
                if path.name not in known:
                    shutil.rmtree(path, ignore_errors=True)
            place = self._folder / export_id
            place.mkdir(mode=0o700, parents=True)
            try:
                yield place
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise

    def holds(self, record: ExportRecord) -> bool:
        """Whether an export is kept here, not in a folder of its user's."""
        return Path(record.folder) == self._folder / record.id

    def forget(self, record: ExportRecord) -> None:
        """Remove the files of an export that is over."""
        if self.holds(record) and record.status not in OPEN:
            shutil.rmtree(record.folder, ignore_errors=True)

    def list(self, request: Request) -> Response:
        """Tell the files of an export and their sizes."""
        files = self._files(request)
        data = [{"name": name, "bytes": path.stat().st_size} for name, path in files.items()]
        return json_answer({"object": "list", "data": data})

    def content(self, request: Request) -> Response:
        """Return a file of an export."""
        name = request.path_params["name"]
        path = self._files(request).get(name)
        if path is None:
            raise ApiError(404, f"No such file in this export: {name[:100]}", param="name")
        return FileResponse(path, media_type="application/octet-stream")

    def _files(self, request: Request) -> dict[str, Path]:
        record = self._exports.record(request.path_params["id"])
        if not self.holds(record):
            raise ApiError(404, "This export was written into a folder, not kept.", param="id")
        if record.status is not ExportStatus.SUCCEEDED:
            raise ApiError(409, f"An export that is {record.status} has no files.", param="id")
        folder = target(record)
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return {path.name: path for path in found if path.is_file() and not path.is_symlink()}
