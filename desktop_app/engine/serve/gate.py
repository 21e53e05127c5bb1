"""What stands between a network and the service, which by itself knows this computer only.

It does what a reverse proxy would: it takes requests under the names by which the service is known
outside, and passes them on under the one that the service knows. The token is the service's own
matter; the gate sees only that an answer was 401, and who got it.
"""

import logging
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desktop_app.engine.elsewhere import mark
from desktop_app.engine.errors import ApiError
from desktop_app.engine.patience import PatientReader
from desktop_app.engine.serve.guesses import Guesses

log = logging.getLogger(__name__)

HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
"""RFC 9110, 7.2: a name or an address, the latter in brackets if it is IPv6, and maybe a port."""

_SHUTDOWN = "This service is ended on the computer that it runs on, not over the network."


@dataclass(frozen=True)
class GateOptions:
    """By which names the service is called, and what may be asked for over the network."""

    names: Collection[str]
    inner_host: str
    allow_shutdown: bool = False

    def closed(self) -> Mapping[tuple[str, str], ApiError]:
        """Return what is refused, by method and path."""
        if self.allow_shutdown:
            return {}
        refusal = ApiError(403, _SHUTDOWN, code="not_over_network")
        return {("POST", "/engine/shutdown"): refusal}


class Gate:
    """ASGI middleware around the whole service. The log tells an address and a status."""

    def __init__(self, app: ASGIApp, options: GateOptions, guesses: Guesses) -> None:
        self._app = app
        self._options = options
        self._names = frozenset(name.lower() for name in options.names)
        self._closed = options.closed()
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else ""
        headers = Headers(scope=scope)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(address, headers, message["status"])
            await send(message)

        refusal = self._refusal(scope, address, headers.get("host", ""))
        if refusal is not None:
            await PatientReader(refusal)(scope, receive, watched)
        else:
            await self._app(self._inner(scope), receive, watched)

    def _refusal(self, scope: Scope, address: str, host: str) -> Response | None:
        wait = self._guesses.wait_seconds(address)
        if wait > 0:
            told = ApiError(429, "Too many wrong API keys. Wait a minute.", code="rate_limited")
            response = told.response()
            response.headers["retry-after"] = str(math.ceil(wait))
            return response
        if not self._knows(host):
            told = ApiError(421, "This service answers to its own names only.", param="host")
            return told.response()
        closed = self._closed.get((scope["method"], scope["path"]))
        return None if closed is None else closed.response()

    def _knows(self, host: str) -> bool:
        """Whether a Host header names this service; the port may be that of a tunnel or proxy."""
        match = HOST.fullmatch(host)
        return match is not None and match[1].strip("[]").lower() in self._names

    def _inner(self, scope: Scope) -> Scope:
        """Return a request as the service is to see it."""
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        host = (b"host", self._options.inner_host.encode())
        return mark({**scope, "headers": [host, *others]})

    def _note(self, address: str, headers: Headers, status: int) -> None:
        if status == 401 and "authorization" in headers:
            self._guesses.was_wrong(address)
        if status in (401, 403, 421, 429):
            log.warning("refused: %s got %s", address, status)
