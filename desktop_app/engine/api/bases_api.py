"""The base models that are here: listing them, removing one."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api.hub_entries import HubEntries
from desktop_app.engine.errors import ApiError
from desktop_app.engine.models.bases import BaseInUseError, Bases
from desktop_app.engine.requests import json_answer


class BasesApi:
    """The endpoints of base models."""

    def __init__(self, bases: Bases, entries: HubEntries) -> None:
        self._bases = bases
        self._entries = entries

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/engine/bases", self.list, methods=["GET"]),
            Route("/engine/bases/{id}", self.remove, methods=["DELETE"]),
        ]

    def list(self, _request: Request) -> Response:
        """List the base models that are here, whole or damaged."""
        return json_answer({"bases": self._entries.bases()})

    def remove(self, request: Request) -> Response:
        """Remove a base model from the disk, unless something needs it."""
        model_id = request.path_params["id"]
        try:
            self._bases.remove(model_id)
        except BaseInUseError as error:
            raise ApiError(409, str(error), code="base_in_use") from error
        return json_answer({"id": model_id, "object": "engine.base", "deleted": True})
