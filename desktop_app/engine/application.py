"""Builds the service out of its parts."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Router

from desktop_app.engine.api import not_offered_api
from desktop_app.engine.api.bases_api import BasesApi
from desktop_app.engine.api.chat_api import ChatApi
from desktop_app.engine.api.completions_api import CompletionsApi
from desktop_app.engine.api.engine_api import EngineApi
from desktop_app.engine.api.exports_api import ExportsApi
from desktop_app.engine.api.files_api import FilesApi
from desktop_app.engine.api.hub_api import HubApi
from desktop_app.engine.api.hub_entries import HubEntries
from desktop_app.engine.api.jobs_api import JobsApi
from desktop_app.engine.api.model_access import ModelAccess
from desktop_app.engine.api.models_api import ModelsApi
from desktop_app.engine.api.starter_api import StarterApi
from desktop_app.engine.api.uploads_api import UploadsApi
from desktop_app.engine.backends.llama_cpp.answering import Answering, Choice, Surroundings
from desktop_app.engine.backends.llama_cpp.files import RuntimeFiles
from desktop_app.engine.errors import (
    ApiError,
    answer_api_error,
    answer_fault,
    answer_http_error,
    answer_unknown_id,
)
from desktop_app.engine.exports.disk_use import DiskUse
from desktop_app.engine.exports.exports import Exports
from desktop_app.engine.guard import Activity, Guard
from desktop_app.engine.jobs_runner.job_life import JobLife
from desktop_app.engine.jobs_runner.log_intake import LogIntake
from desktop_app.engine.jobs_runner.results import Results
from desktop_app.engine.jobs_runner.speed import SpeedMeter
from desktop_app.engine.jobs_runner.supervisor import Supervisor
from desktop_app.engine.jobs_runner.validator import Validator
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.adapter_import import AdapterImport
from desktop_app.engine.models.bases import Bases
from desktop_app.engine.models.hub_fetches import HubFetches
from desktop_app.engine.models.loaded_models import LoadedModels
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.models.starter_fetch import StarterFetch
from desktop_app.engine.models.starter_model import STARTER_MODEL, StarterFinder, StarterModel
from desktop_app.engine.patience import PatientReader
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.stored_files import StoredFiles
from desktop_app.engine.store.table import UnknownIdError
from desktop_app.engine.store.tidying import tidy
from desktop_app.engine.store.uploads import Uploads


@dataclass(frozen=True)
class ServiceOptions:
    """What a service is told at its start."""

    folders: Folders
    machine: Machine
    token: str
    port: int
    named_starter: Path | None = None
    starter: StarterModel = STARTER_MODEL
    answering: Choice = "default"


class Service:
    """All parts of a running service. Raises StoreError if its store cannot be read."""

    def __init__(self, options: ServiceOptions, shut_down: Callable[[], None]) -> None:
        folders, machine = options.folders, options.machine
        self.stopping = threading.Event()
        self.activity = Activity()
        self.database = Database(folders.database)
        self.files = StoredFiles(self.database, folders)
        self.uploads = Uploads(self.database, folders, self.files, self.stopping)
        self.life = JobLife(self.database)
        self._make_models(options)
        self.results = Results(self.database, folders)
        self.exports = Exports(self.database, self.models, self.stopping)
        self.adapters = AdapterImport(self.database, folders, self.models)
        self.speed = SpeedMeter(self.database, machine)
        self.supervisor = Supervisor(
            self.life,
            LogIntake(self.database, self.life, self.results),
            self.models,
            self.loaded,
            machine,
            self.speed,
            folders,
            self.stopping,
        )
        self.validator = Validator(self.life, folders, self.supervisor, self.stopping)
        self._starter_api = StarterApi(
            self._finder, self.fetch, folders, machine.backend, self.bases
        )
        self._options = options
        self._shut_down = shut_down

    def _make_models(self, options: ServiceOptions) -> None:
        """Make what knows of base models, fetches them and holds them in memory."""
        folders, machine = options.folders, options.machine
        self._runtime_files = RuntimeFiles(folders.answering)
        self.answering = Answering(
            options.answering,
            self._runtime_files,
            Surroundings(machine.threads, machine.memory_available, machine.answers_on_processor),
        )
        self.loaded = LoadedModels(machine, self.answering)
        self.fetch = StarterFetch(options.starter, folders)
        self._finder = StarterFinder(
            options.starter,
            options.named_starter,
            folders.models,
            self.database,
            machine.backend,
        )
        self.models = ModelList(self.database, folders, self._finder)
        self.fetches = HubFetches(folders)
        self.bases = Bases(
            self.database,
            folders,
            self.models,
            self._finder,
            machine.backend,
            self._let_go,
            self._runtime_files.tidy,
        )

    def start(self) -> None:
        """Begin with what an earlier service left unfinished."""
        tidy(self.database, self._options.folders)
        self.adapters.tidy()
        self.bases.tidy()
        self._runtime_files.tidy()
        self.exports.start()
        self.supervisor.start()
        self.validator.start()

    def stop(self) -> None:
        """End cleanly: a running job saves its state and goes on at the next start."""
        self.stopping.set()
        self.fetch.cancel()
        self.fetches.close()
        self.exports.stop()
        self.validator.stop()
        self.supervisor.stop()
        self.loaded.close()
        self.database.close()

    async def is_busy(self) -> bool:
        """Whether something must not be broken off by an idle exit."""
        if self.fetch.progress().running or self.fetches.is_busy():
            return True
        if await run_in_threadpool(self.exports.is_busy):
            return True
        return await run_in_threadpool(self.life.count_active) > 0

    def application(
        self, lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]]
    ) -> Starlette:
        """Return the ASGI application."""
        options = self._options
        hosts = frozenset({f"127.0.0.1:{options.port}", f"localhost:{options.port}"})
        guard = Middleware(Guard, token=options.token, hosts=hosts, activity=self.activity)
        application = Starlette(
            routes=self._routes(),
            middleware=[Middleware(PatientReader), guard],
            exception_handlers={
                ApiError: answer_api_error,
                UnknownIdError: answer_unknown_id,
                HTTPException: answer_http_error,
                OSError: answer_fault,
                sqlite3.OperationalError: answer_fault,
                Exception: answer_fault,
            },
            lifespan=lifespan,
        )
        application.router.redirect_slashes = False
        return application

    def _routes(self) -> list[BaseRoute]:
        folders = self._options.folders
        access = ModelAccess(self.models, self.loaded)
        engine = EngineApi(
            access,
            self.life,
            self._options.machine,
            self.models,
            self.speed,
            self._starter_api,
            self.answering,
            self._shut_down,
        )
        protocol = [
            *FilesApi(self.files, folders).routes(),
            *UploadsApi(self.uploads, self.files, folders).routes(),
            *JobsApi(self.life, self.files, folders, self.models, self._jobs_changed).routes(),
            *ModelsApi(self.models, self.results).routes(),
            *ChatApi(access).routes(),
            *CompletionsApi(access).routes(),
            *not_offered_api.routes(),
        ]
        # Without redirects: a path with a slash too many is unknown, as any other wrong path.
        under_v1 = Router(protocol, redirect_slashes=False)
        own = [*engine.routes(), *self._starter_api.routes(), *self._exports_api().routes()]
        return [Mount("/v1", app=under_v1), *own, *self._base_routes()]

    def _base_routes(self) -> list[BaseRoute]:
        machine = self._options.machine
        entries = HubEntries(machine, self.bases, self.fetches, self.speed)
        return [
            *HubApi(entries, self.fetches).routes(),
            *BasesApi(self.bases, entries).routes(),
        ]

    def _exports_api(self) -> ExportsApi:
        folders = self._options.folders
        disk = DiskUse(self.database, folders, self.models, self.life, self.results)
        return ExportsApi(self.exports, self.adapters, disk, self.models, self.database, folders)

    def _let_go(self) -> None:
        """Release models that nobody uses at this moment, so that their files can be removed."""
        self.loaded.release_idle(0.0, patience=10.0)

    def _jobs_changed(self) -> None:
        self.validator.wake()
        self.supervisor.wake()
