"""What is not part of the protocol: the state of the service, its models, its end."""

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app import __version__
from desktop_app.engine.api.chat_request import plain_messages
from desktop_app.engine.api.model_access import ModelAccess
from desktop_app.engine.api.starter_api import StarterApi
from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.llama_cpp.answering import NAME, Answering
from desktop_app.engine.jobs_runner.job_life import JobLife
from desktop_app.engine.jobs_runner.speed import SpeedMeter
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.requests import json_answer, read_json
from desktop_app.engine.store.table import UnknownIdError


class TokenizeBody(Struct, frozen=True):
    """The body of POST /tokenize, as vLLM has it."""

    model: str
    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    add_generation_prompt: bool = True
    tools: list[dict[str, Any]] | None = None


class EngineApi:
    """The endpoints outside /v1. `shut_down` ends the service once the answer is sent."""

    def __init__(  # it reports on all of these
        self,
        access: ModelAccess,
        life: JobLife,
        machine: Machine,
        models: ModelList,
        speed: SpeedMeter,
        starter: StarterApi,
        answering: Answering,
        shut_down: Callable[[], None],
    ) -> None:
        self._access = access
        self._life = life
        self._machine = machine
        self._models = models
        self._speed = speed
        self._starter = starter
        self._answering = answering
        self._shut_down = shut_down

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/tokenize", self.tokenize, methods=["POST"]),
            Route("/engine", self.state, methods=["GET"]),
            Route("/engine/shutdown", self.shutdown, methods=["POST"]),
        ]

    async def tokenize(self, request: Request) -> Response:
        """Return messages as the model reads them."""
        body = await read_json(request, TokenizeBody)
        session = await self._access.session(body.model)
        tokens = await session.prompt(
            plain_messages(body.messages),
            add_generation_prompt=body.add_generation_prompt,
            tools=body.tools,
        )
        context = await session.run(lambda model: model.context_tokens)
        return json_answer(
            {"count": len(tokens), "max_model_len": context, "tokens": tokens.tolist()}
        )

    def state(self, _request: Request) -> Response:
        """Describe the service and this computer."""
        bases = self._models.base_paths()
        active = self._life.count_active()
        speed = self._speed.tokens_per_second()
        if speed is None and bases and not active:
            self._speed.ask_for(next(iter(bases.values())))
        backend, device = self._machine.runs_on(next(iter(bases.values()), None))
        return json_answer(
            {
                "version": __version__,
                "backend": backend,
                "device": device,
                "backends": self._machine.offers(),
                "answering_runtime": self._runtime(),
                "threads": self._machine.threads,
                "memory_bytes": self._machine.memory_bytes(),
                "memory_available_bytes": self._machine.memory_available(),
                "training_tokens_per_second": speed,
                "starter_model": self._starter.body(),
                "models": [model.id for model in self._models.listed()],
                "active_jobs": active,
            }
        )

    def _runtime(self) -> dict[str, object]:
        """Say which models the optional runtime answers with, and why not with the others."""
        why = self._answering.why_not()
        models = [] if why else [self._answered(model.id) for model in self._models.listed()]
        return {"name": NAME, "available": why is None, "why": why, "models": models}

    def _answered(self, model: str) -> dict[str, object]:
        try:
            files = self._models.files(model)
        except (ModelFileError, UnknownIdError) as error:
            return {"id": model, "used": False, "why": str(error)}
        used, why = self._answering.state_of(files.base, files.adapter)
        return {"id": model, "used": used, "why": why}

    def shutdown(self, _request: Request) -> Response:
        """End the service; a running job goes on at the next start."""
        self._shut_down()
        return json_answer({"status": "shutting_down"}, 202)
