"""Reading what a client sends: bodies, page limits, filters. Everything else is refused as 400."""

import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from desktop_app.engine.api.limits import MAX_JSON_BYTES
from desktop_app.engine.errors import ApiError

MAX_FILTERS = 16
"""A job has at most 16 pairs of metadata."""
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)

T = TypeVar("T")


def json_answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer; numbers that are none become null."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def read_json(request: Request, kind: type[T]) -> T:
    """Return the body as a struct. Raises ApiError naming the field that is wrong."""
    _check_content_type(request)
    body = await _read_limited(request)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        param = path.rstrip("`").lstrip(".") or None
        named = f"Invalid value for '{param}': {message}." if param else f"{message}."
        missing = re.search(r"missing required field `(\w+)`", message)
        if missing:
            param = f"{param}.{missing[1]}" if param else missing[1]
            named = f"Missing required parameter: '{param}'."
        code = None
        if unknown := UNKNOWN_FIELD.match(message):
            name = unknown[1][:100]
            param = f"{param}.{name}" if param else name
            named, code = f"Unknown parameter: '{param}'.", "unknown_parameter"
        raise ApiError(400, named, param=param, code=code) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "The body of the request is not valid JSON.") from error
    except RecursionError as error:
        raise ApiError(400, "The body of the request is nested too deeply.") from error


def declared_bytes(request: Request) -> int:
    """Return what Content-Length announces; 0 if the length is left open."""
    length = request.headers.get("content-length", "0")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else 10**18


def _check_content_type(request: Request) -> None:
    given = request.headers.get("content-type")
    if given is None or given.split(";")[0].strip().lower() == "application/json":
        return
    message = f"Unsupported content type: '{given[:100]}'. This call takes 'application/json' only."
    raise ApiError(400, message, code="unsupported_content_type")


async def _read_limited(request: Request) -> bytes:
    too_large = ApiError(413, f"The request is larger than {MAX_JSON_BYTES} bytes.")
    if declared_bytes(request) > MAX_JSON_BYTES:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_JSON_BYTES:
                raise too_large
    except ClientDisconnect as error:
        raise ApiError(400, "The request was broken off.") from error
    return bytes(body)


@dataclass(frozen=True)
class Paging:
    """Which stretch of a list is asked for."""

    limit: int
    after: str | None

    @staticmethod
    def of(request: Request, *, default: int, maximum: int) -> "Paging":
        """Read `limit` and `after`. Raises ApiError."""
        text = request.query_params.get("limit", str(default))
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
            message = f"Invalid 'limit': expected a whole number from 1 to {maximum}."
            raise ApiError(400, message, param="limit")
        return Paging(int(text), request.query_params.get("after") or None)


def metadata_filter(request: Request) -> dict[str, str] | None:
    """Return the pairs given as metadata[key]=value: none at all for metadata=null.

    None if nothing is said about metadata. Raises ApiError.
    """
    pairs = {}
    for name, value in request.query_params.items():
        if match := re.fullmatch(r"metadata\[(.+)\]", name, re.DOTALL):
            pairs[match[1]] = value
    bare = request.query_params.get("metadata")
    if len(pairs) > MAX_FILTERS:
        raise ApiError(400, f"At most {MAX_FILTERS} pairs are allowed.", param="metadata")
    if bare is not None and (bare != "null" or pairs):
        message = "Invalid 'metadata': expected metadata[key]=value, or metadata=null alone."
        raise ApiError(400, message, param="metadata")
    return pairs if pairs or bare is not None else None
