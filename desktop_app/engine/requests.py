"""Reading what a client sends: bodies, page limits, filters. Everything else is refused as 400."""

import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from desktop_app.engine.errors import ApiError

MAX_JSON_BYTES = 16 * 1024 * 1024

T = TypeVar("T")


def json_answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer; numbers that are none become null."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def read_json(request: Request, kind: type[T]) -> T:
    """Return the body as a struct. Raises ApiError naming the field that is wrong."""
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
        raise ApiError(400, named, param=param) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "The body of the request is not valid JSON.") from error
    except RecursionError as error:
        raise ApiError(400, "The body of the request is nested too deeply.") from error


async def _read_limited(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_JSON_BYTES:
                raise ApiError(413, f"The request is larger than {MAX_JSON_BYTES} bytes.")
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
        return Paging(int(text), request.query_params.get("after"))


def metadata_filter(request: Request) -> dict[str, str]:
    """Return the pairs given as metadata[key]=value."""
    pairs = {}
    for name, value in request.query_params.items():
        if match := re.fullmatch(r"metadata\[(.+)\]", name):
            pairs[match[1]] = value
    return pairs
