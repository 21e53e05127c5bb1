"""Parts of the protocol that this service does not have, said plainly."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.errors import not_offered

METHODS = ["GET", "POST", "DELETE"]


def routes() -> list[Route]:
    """Return the routes under /v1."""
    return [
        Route("/moderations", _moderations, methods=METHODS),
        Route("/uploads", _uploads, methods=METHODS),
        Route("/uploads/{rest:path}", _uploads, methods=METHODS),
    ]


def _moderations(_request: Request) -> Response:
    return not_offered("moderation").response()


def _uploads(_request: Request) -> Response:
    return not_offered("uploads in parts; send files of up to 512 MB to /v1/files").response()
