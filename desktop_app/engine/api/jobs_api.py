"""/v1/fine_tuning/jobs: creating jobs, following them, steering them."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api.files_api import PURPOSE
from desktop_app.engine.api.job_bodies import checkpoint_body, event_body, job_body
from desktop_app.engine.api.job_request import MAX_SEED, JobBody
from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.errors import ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.jobs_runner.job_life import JobLife, NotPossibleError
from desktop_app.engine.jobs_runner.origin import Origin, origin_of
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.requests import Paging, json_answer, metadata_filter, read_json
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import CHECKPOINTS, EVENTS, JOBS, JobRecord
from desktop_app.engine.store.stored_files import StoredFiles
from desktop_app.engine.store.table import UnknownIdError


class JobsApi:
    """The endpoints of jobs. `changed` is called whenever the runner should look again."""

    def __init__(
        self,
        life: JobLife,
        files: StoredFiles,
        folders: Folders,
        models: ModelList,
        changed: Callable[[], None],
    ) -> None:
        self._life = life
        self._database = life.database
        self._files = files
        self._folders = folders
        self._models = models
        self._changed = changed

    def routes(self) -> list[Route]:
        """Return the routes under /v1."""
        jobs = "/fine_tuning/jobs"
        return [
            Route(jobs, self.create, methods=["POST"]),
            Route(jobs, self.list, methods=["GET"]),
            Route(f"{jobs}/{{id}}", self.retrieve, methods=["GET"]),
            Route(f"{jobs}/{{id}}/events", self.events, methods=["GET"]),
            Route(f"{jobs}/{{id}}/checkpoints", self.checkpoints, methods=["GET"]),
            Route(f"{jobs}/{{id}}/cancel", self.cancel, methods=["POST"]),
            Route(f"{jobs}/{{id}}/pause", self.pause, methods=["POST"]),
            Route(f"{jobs}/{{id}}/resume", self.resume, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """Accept a job; its files are checked afterwards, as on the hosted service."""
        body = await read_json(request, JobBody)
        body.check()
        job = await run_in_threadpool(self._create, body)
        self._changed()
        return json_answer(job_body(job))

    def _create(self, body: JobBody) -> JobRecord:
        origin = self._origin(body.model)
        job = JobRecord(
            id=random_id("ftjob-"),
            created_at=int(time.time()),
            model=body.model,
            base=origin.base,
            training_file=body.training_file,
            validation_file=body.validation_file,
            suffix=body.suffix,
            seed=random.randint(0, MAX_SEED) if body.seed is None else body.seed,  # noqa: S311  # no secret
            requested=body.chosen(),
            metadata=body.metadata or {},
        )
        training = self._file("training_file", body.training_file)
        validation = None
        if body.validation_file is not None:
            validation = self._file("validation_file", body.validation_file)
        folder = self._folders.jobs / job.id
        try:
            job_folder.create(folder, training, validation, origin.adapter)
            with self._database.transaction():
                self._origin(body.model)  # again: it may have been removed meanwhile
                self._life.create(job)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return job

    def _origin(self, model: str) -> Origin:
        try:
            return origin_of(self._models, model)
        except UnknownIdError as error:
            message = f"Model {model} is not available for fine-tuning or does not exist."
            raise ApiError(400, message, param="model", code="model_not_available") from error
        except ModelFileError as error:
            message = f"Model {model} is not available for fine-tuning: {error}"
            raise ApiError(400, message, param="model", code="model_file_damaged") from error

    def _file(self, param: str, file_id: str) -> Path:
        try:
            file = self._files.get(file_id)
        except UnknownIdError as error:
            raise ApiError(400, f"invalid {param}: {file_id}", param=param) from error
        if file.purpose != PURPOSE:
            message = f"File '{file_id}' has the purpose '{file.purpose}', not '{PURPOSE}'."
            raise ApiError(400, message, param=param)
        return self._files.path(file.id)

    def list(self, request: Request) -> Response:
        """List jobs, newest first."""
        paging = Paging.of(request, default=20, maximum=1000)
        with self._database.reading() as connection:
            page = JOBS.page(
                connection, limit=paging.limit, after=paging.after, where=metadata_filter(request)
            )
        data = [job_body(job) for job in page.items]
        return json_answer({"object": "list", "data": data, "has_more": page.has_more})

    def retrieve(self, request: Request) -> Response:
        """Describe a job."""
        return json_answer(job_body(self._life.job(request.path_params["id"])))

    def events(self, request: Request) -> Response:
        """List what happened, newest first."""
        paging = Paging.of(request, default=20, maximum=1000)
        job = self._life.job(request.path_params["id"])
        with self._database.reading() as connection:
            page = EVENTS.page(connection, limit=paging.limit, after=paging.after, owner=job.id)
        data = [event_body(event) for event in page.items]
        return json_answer({"object": "list", "data": data, "has_more": page.has_more})

    def checkpoints(self, request: Request) -> Response:
        """List the models kept, newest first."""
        paging = Paging.of(request, default=10, maximum=1000)
        job = self._life.job(request.path_params["id"])
        with self._database.reading() as connection:
            page = CHECKPOINTS.page(
                connection, limit=paging.limit, after=paging.after, owner=job.id
            )
        return json_answer(
            {
                "object": "list",
                "data": [checkpoint_body(checkpoint) for checkpoint in page.items],
                "first_id": page.items[0].id if page.items else None,
                "last_id": page.items[-1].id if page.items else None,
                "has_more": page.has_more,
            }
        )

    def cancel(self, request: Request) -> Response:
        """End a job for good."""
        return self._steer(request, self._life.cancel, "cancelled")

    def pause(self, request: Request) -> Response:
        """Halt a job so that it can go on later."""
        return self._steer(request, self._life.pause, "paused")

    def resume(self, request: Request) -> Response:
        """Let a paused job go on."""
        return self._steer(request, self._life.resume, "resumed")

    def _steer(
        self, request: Request, change: Callable[[str], JobRecord], changed: str
    ) -> Response:
        job_id = request.path_params["id"]
        try:
            job = change(job_id)
        except NotPossibleError as error:
            message = f"Job {job_id} is {error.status} and cannot be {changed}."
            raise ApiError(400, message) from error
        self._changed()
        return json_answer(job_body(job))
