"""Bringing models here: fetching the starter model, taking a file or folder from this computer."""

import errno
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.backends.backend import Backend, ModelFileError
from desktop_app.engine.elsewhere import refuse_paths
from desktop_app.engine.errors import SERVER_ERROR, ApiError
from desktop_app.engine.models.bases import Bases, NoSpaceError
from desktop_app.engine.models.hub_files import NotAModelError
from desktop_app.engine.models.model_check import check_model
from desktop_app.engine.models.model_list import file_name_for
from desktop_app.engine.models.starter_fetch import StarterFetch
from desktop_app.engine.models.starter_model import StarterFinder
from desktop_app.engine.requests import json_answer, read_json
from desktop_app.engine.store.durable import copy_durably
from desktop_app.engine.store.folders import Folders

FETCHED_INSTEAD = (
    "Have the model fetched by its name, or put its file into the folder 'models' of the store on"
    " that computer."
)


class ModelFileBody(Struct, frozen=True):
    """The body of POST /engine/models."""

    path: Annotated[str, Meta(min_length=1, max_length=4096)]


class StarterApi:
    """The endpoints that bring models here."""

    def __init__(
        self,
        finder: StarterFinder,
        fetch: StarterFetch,
        folders: Folders,
        backend: Backend,
        bases: Bases,
    ) -> None:
        self._finder = finder
        self._fetch = fetch
        self._folders = folders
        self._backend = backend
        self._bases = bases

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/engine/starter-model", self.start, methods=["POST"]),
            Route("/engine/starter-model", self.cancel, methods=["DELETE"]),
            Route("/engine/models", self.take, methods=["POST"]),
        ]

    def body(self) -> dict[str, object]:
        """Describe the starter model: is it here, how far has its fetch come."""
        progress = self._fetch.progress()
        found = self._finder.find()
        size = self._finder.starter.bytes
        if found.path is not None:
            size = found.path.stat().st_size
            state, done = "ready", size
        elif progress.running:
            state, done = "fetching", progress.bytes_done
        else:
            state, done = "damaged" if found.damaged else "missing", 0
        return {
            "state": state,
            "bytes": size,
            "bytes_done": done,
            "error": progress.error if found.path is None else None,
        }

    def start(self, _request: Request) -> Response:
        """Begin to fetch the starter model, unless it is here."""
        if self._finder.find().path is None:
            self._fetch.start()
        return json_answer(self.body(), 202)

    def cancel(self, _request: Request) -> Response:
        """Break off the fetch."""
        self._fetch.cancel()
        return json_answer(self.body())

    async def take(self, request: Request) -> Response:
        """Copy a model into the store; the starter model's file is known by its checksum."""
        body = await read_json(request, ModelFileBody)
        refuse_paths(request, "path", FETCHED_INSTEAD)
        return json_answer({"id": await run_in_threadpool(self._take, Path(body.path))}, 201)

    def _take(self, source: Path) -> str:
        try:
            if source.is_dir():
                return self._take_folder(source)
            if not source.is_file():
                message = "There is no file or folder at this path."
                raise ApiError(400, message, param="path")
            check_model(self._backend, source)
            return self._copy(source)
        except ModelFileError as error:
            message = f"This file cannot be used as a model: {error}"
            raise ApiError(400, message, param="path") from error
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise
            raise ApiError(400, "The file cannot be read.", param="path") from error

    def _take_folder(self, source: Path) -> str:
        try:
            return self._bases.take(source)
        except NoSpaceError as error:
            code = "insufficient_storage"
            raise ApiError(507, str(error), param="path", code=code, type_=SERVER_ERROR) from error
        except (ModelFileError, NotAModelError) as error:
            message = f"This folder cannot be used as a model: {error}"
            raise ApiError(400, message, param="path") from error

    def _copy(self, source: Path) -> str:
        starter = self._finder.starter
        if self._finder.is_sound(source):
            copy_durably(source, self._folders.models / starter.file_name)
            return starter.model
        target = self._folders.models / file_name_for(source)
        if target.exists() or target.stem == starter.model:
            message = "There is a model of this name already. Rename the file first."
            raise ApiError(400, message, param="path")
        copy_durably(source, target)
        return target.stem
