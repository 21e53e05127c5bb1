"""/v1/models: what can be asked for by name."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api.job_bodies import ORGANIZATION
from desktop_app.engine.errors import ApiError
from desktop_app.engine.jobs_runner.results import Results
from desktop_app.engine.models.model_list import ListedModel, ModelList
from desktop_app.engine.requests import json_answer
from desktop_app.engine.store.table import UnknownIdError


def model_body(model: ListedModel) -> dict[str, object]:
    """Return a model as the protocol describes it."""
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": ORGANIZATION,
        "shutdown_date": None,
    }


class ModelsApi:
    """The endpoints of models. Ids may hold ':' and arrive percent-encoded."""

    def __init__(self, models: ModelList, results: Results) -> None:
        self._models = models
        self._results = results

    def routes(self) -> list[Route]:
        """Return the routes under /v1."""
        return [
            Route("/models", self.list, methods=["GET"]),
            Route("/models/{id:path}", self.retrieve, methods=["GET"]),
            Route("/models/{id:path}", self.delete, methods=["DELETE"]),
        ]

    def list(self, _request: Request) -> Response:
        """List all models."""
        data = [model_body(model) for model in self._models.listed()]
        return json_answer({"object": "list", "data": data})

    def retrieve(self, request: Request) -> Response:
        """Describe a model."""
        model_id = request.path_params["id"]
        for model in self._models.listed():
            if model.id == model_id:
                return json_answer(model_body(model))
        raise UnknownIdError("Model", model_id)

    def delete(self, request: Request) -> Response:
        """Delete a tuned model with its adapter."""
        model_id = request.path_params["id"]
        checkpoint = self._models.checkpoint(model_id)
        if checkpoint is None:
            if model_id in self._models.base_paths():
                raise ApiError(400, "Only tuned models can be deleted.", param="model")
            raise UnknownIdError("Model", model_id)
        self._results.delete_model(checkpoint)
        return json_answer({"id": model_id, "object": "model", "deleted": True})
