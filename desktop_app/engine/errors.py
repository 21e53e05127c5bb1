"""Errors as the protocol words them: a body with message, type, param and code, always all four."""

import logging

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desktop_app.engine.service_log import where
from desktop_app.engine.store.database import StoreError
from desktop_app.engine.store.disk_full import is_disk_full
from desktop_app.engine.store.table import UnknownIdError

log = logging.getLogger(__name__)

INVALID_REQUEST = "invalid_request_error"
SERVER_ERROR = "server_error"
NOT_IMPLEMENTED = 501


class ApiError(Exception):
    """A request that cannot be served, and what its sender is told."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type_: str = INVALID_REQUEST,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.type = type_

    def body(self) -> bytes:
        """Return the error as JSON."""
        error = {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
        return msgspec.json.encode({"error": error})

    def response(self) -> Response:
        """Return the error as an answer; what is not offered is not worth another try.

        The SDK repeats every answer of 500 and above unless x-should-retry says otherwise.
        """
        headers = {"x-should-retry": "false"} if self.status == NOT_IMPLEMENTED else None
        return Response(self.body(), self.status, headers, media_type="application/json")


def not_found(kind: str, record_id: str, param: str = "id") -> ApiError:
    """Return the answer for an id that nothing has."""
    return ApiError(404, f"No such {kind} object: {record_id[:100]}", param=param)


def not_offered(what: str, param: str | None = None) -> ApiError:
    """Return the answer for a part of the protocol that this service does not have."""
    return ApiError(
        NOT_IMPLEMENTED,
        f"This service does not offer {what}.",
        param=param,
        code="not_implemented",
    )


async def answer_api_error(_: Request, error: Exception) -> Response:
    """Answer a request that an endpoint refused."""
    assert isinstance(error, ApiError)
    return error.response()


async def answer_unknown_id(_: Request, error: Exception) -> Response:
    """Answer a request for something that is not there."""
    assert isinstance(error, UnknownIdError)
    return not_found(error.kind, error.record_id, error.param).response()


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer a request that no route takes."""
    assert isinstance(error, HTTPException)
    message = f"{error.detail}: {request.method} {request.url.path[:200]}"
    response = ApiError(error.status_code, message).response()
    response.headers.update(error.headers or {})
    return response


async def answer_fault(_: Request, error: Exception) -> Response:
    """Answer a request on which the service failed; a full disk and a damaged store are named."""
    log.error("a request failed: %s", where(error))
    if isinstance(error, StoreError):
        return ApiError(500, f"The store cannot be used: {error}.", type_=SERVER_ERROR).response()
    if is_disk_full(error):
        message = "The disk is full. Free some space and try again."
        return ApiError(507, message, type_=SERVER_ERROR, code="insufficient_storage").response()
    message = "The service failed on this request. Its log says where."
    return ApiError(500, message, type_=SERVER_ERROR).response()
