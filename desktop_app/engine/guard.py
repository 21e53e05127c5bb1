"""Who is let in: only those who know the token, only by this computer's own names."""

import hmac
import time
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from desktop_app.engine.errors import ApiError


class Activity:
    """When somebody last asked for something."""

    def __init__(self) -> None:
        self._open = 0
        self._last = time.monotonic()

    def began(self) -> None:
        """A request has come."""
        self._open += 1

    def ended(self) -> None:
        """A request is answered."""
        self._open -= 1
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """Return for how long nobody has asked for anything."""
        return 0.0 if self._open else time.monotonic() - self._last


class Guard:
    """ASGI middleware in front of everything.

    The Host header is checked because a web page can make its own name point to this computer
    (DNS rebinding), the token because other programs on it can connect.
    """

    def __init__(
        self, app: ASGIApp, token: str, hosts: Collection[str], activity: Activity
    ) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = hosts
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope))
        if refusal is not None:
            await refusal.response()(scope, receive, send)
            return
        self._activity.began()
        try:
            await self._app(scope, receive, send)
        finally:
            self._activity.ended()

    def _refusal(self, headers: Headers) -> ApiError | None:
        if headers.get("host", "") not in self._hosts:
            return ApiError(421, "This service answers to its own address only.", param="host")
        scheme, _, given = headers.get("authorization", "").partition(" ")
        correct = hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token)
        if scheme.lower() != "bearer" or not correct:
            return ApiError(401, "Incorrect API key provided.", code="invalid_api_key")
        return None
