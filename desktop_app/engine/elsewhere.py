"""Requests from other computers: a path in one would be a path of this computer's own files."""

from starlette.requests import Request
from starlette.types import Scope

from desktop_app.engine.errors import ApiError

EXTENSION = "exemplar.elsewhere"
"""The key in an ASGI scope's extensions by which a request says that it came over a network."""


def mark(scope: Scope) -> Scope:
    """Return the scope of a request that came from another computer."""
    return {**scope, "extensions": {**(scope.get("extensions") or {}), EXTENSION: {}}}


def is_from_elsewhere(request: Request) -> bool:
    """Whether a request came from another computer."""
    return EXTENSION in (request.scope.get("extensions") or {})


def refuse_paths(request: Request, param: str, instead: str) -> None:
    """Raise ApiError if a request that names a path came from another computer."""
    if is_from_elsewhere(request):
        message = f"This service runs on another computer and does not touch paths there. {instead}"
        raise ApiError(403, message, param=param, code="paths_not_offered")
