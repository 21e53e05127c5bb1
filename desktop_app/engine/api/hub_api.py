"""Models from a hub: what is recommended, what any repository holds, fetching with Stop."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api.hub_entries import READY, HubEntries
from desktop_app.engine.errors import NOT_IMPLEMENTED, SERVER_ERROR, ApiError
from desktop_app.engine.models.catalogue import catalogue
from desktop_app.engine.models.hub_client import HubError
from desktop_app.engine.models.hub_fetches import NO_SPACE, HubFetches
from desktop_app.engine.models.hub_name import HubName, HubNameError
from desktop_app.engine.requests import json_answer, read_json

_CODES = {
    403: "model_not_given",
    404: "model_not_found",
    NOT_IMPLEMENTED: "not_implemented",
    NO_SPACE: "insufficient_storage",
}


class FetchBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /engine/fetches."""

    hub: Annotated[str, Meta(min_length=1, max_length=400)]
    licence_accepted: bool = False


class HubApi:
    """The endpoints that bring models from a hub."""

    def __init__(self, entries: HubEntries, fetches: HubFetches) -> None:
        self._entries = entries
        self._fetches = fetches

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/engine/catalogue", self.recommend, methods=["GET"]),
            Route("/engine/hub", self.look_up, methods=["GET"]),
            Route("/engine/fetches", self.list, methods=["GET"]),
            Route("/engine/fetches", self.begin, methods=["POST"]),
            Route("/engine/fetches/{owner}/{name}", self.stop, methods=["DELETE"]),
        ]

    def recommend(self, _request: Request) -> Response:
        """List the models that are recommended."""
        known = catalogue()
        models = self._entries.recommended()
        return json_answer({"as_of": known.as_of, "source": known.source, "models": models})

    def look_up(self, request: Request) -> Response:
        """Describe a repository, asking the hub."""
        name = _name(request.query_params.get("name", ""), "name")
        return json_answer(self._entry(name))

    def list(self, _request: Request) -> Response:
        """List what is being fetched, and what was stopped or failed."""
        return json_answer({"fetches": self._entries.fetches()})

    async def begin(self, request: Request) -> Response:
        """Fetch a model, or go on with it where it stopped."""
        body = await read_json(request, FetchBody)
        return json_answer(await run_in_threadpool(self._begin, body), 202)

    def stop(self, request: Request) -> Response:
        """Stop fetching; with ?forget=true nothing of it is left."""
        parameters = request.path_params
        name = _name(f"{parameters['owner']}/{parameters['name']}", "name")
        forget = request.query_params.get("forget", "false")
        if forget not in {"true", "false"}:
            raise ApiError(400, "Invalid 'forget': expected true or false.", param="forget")
        if self._fetches.of(name) is None and self._entries.known_entry(name) is None:
            raise ApiError(404, f"{name.full} is not being fetched.", param="name")
        if forget == "true":
            self._fetches.forget(name)
        else:
            self._fetches.stop(name)
        return json_answer(
            self._entries.known_entry(name) or {"hub": name.full, "state": "missing"}
        )

    def _begin(self, body: FetchBody) -> dict[str, object]:
        name = _name(body.hub, "hub")
        if not body.licence_accepted:
            message = "Read the model's licence, and accept it with 'licence_accepted'."
            raise ApiError(400, message, param="licence_accepted", code="licence_not_accepted")
        try:
            known = self._entries.known_entry(name)
            if known is None or known["state"] != READY:
                self._fetches.begin(name, self._entries.name_for(name))
        except HubError as error:
            raise _told(error) from error
        return self._entry(name)

    def _entry(self, name: HubName) -> dict[str, object]:
        try:
            return self._entries.entry(name)
        except HubError as error:
            raise _told(error) from error


def _name(text: str, param: str) -> HubName:
    try:
        return HubName.of(text)
    except HubNameError as error:
        raise ApiError(400, str(error), param=param) from error


def _told(error: HubError) -> ApiError:
    type_ = {"type_": SERVER_ERROR} if error.status > NOT_IMPLEMENTED else {}
    return ApiError(error.status, str(error), code=_CODES.get(error.status), **type_)
