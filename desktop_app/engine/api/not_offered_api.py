"""Parts of the protocol that this service does not have, said plainly."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.errors import not_offered

PERMISSIONS = "/fine_tuning/checkpoints/{checkpoint:path}/permissions"
GRADERS = "/fine_tuning/alpha/graders"


def routes() -> list[Route]:
    """Return the routes under /v1, with the methods that the protocol has for them."""
    return [
        Route("/moderations", _moderations, methods=["POST"]),
        Route("/chat/completions", _stored_chats, methods=["GET"]),
        Route(PERMISSIONS, _permissions, methods=["GET", "POST"]),
        Route(f"{PERMISSIONS}/{{id}}", _permissions, methods=["DELETE"]),
        Route(f"{GRADERS}/run", _graders, methods=["POST"]),
        Route(f"{GRADERS}/validate", _graders, methods=["POST"]),
    ]


def _moderations(_request: Request) -> Response:
    return not_offered("moderation").response()


def _stored_chats(_request: Request) -> Response:
    return not_offered("stored chats: it keeps none").response()


def _permissions(_request: Request) -> Response:
    return not_offered("permissions of checkpoints: it has one user").response()


def _graders(_request: Request) -> Response:
    return not_offered("graders: it trains by examples only").response()
