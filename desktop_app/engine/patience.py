"""How long the service waits for those who send: neither for ever, nor not at all.

Requests share one event loop, so a slow sender holds up nobody; but a body that never ends would
keep its connection and its half of a file for ever. A sender has START_SECONDS, then must have
sent BYTES_PER_SECOND on average, and may fall silent for at most SILENCE_SECONDS; else it is cut
off with 408. Only the time spent waiting counts, not what the service itself needs.

The other way round, a refusal can be ready before the body has come. Closing the connection then
would make the network drop the refusal unread, so the rest of the body is read and thrown away for
up to LINGER_SECONDS, as web servers do ("lingering close").
"""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desktop_app.engine.errors import ApiError

START_SECONDS = 30.0
BYTES_PER_SECOND = 1024
SILENCE_SECONDS = 60.0
LINGER_SECONDS = 10.0


class PatientReader:
    """ASGI middleware that reads bodies with the patience described above."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(Headers(scope=scope), receive, send)
        await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, headers: Headers, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._body_is_coming = (
            headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        )
        self._waits_to_send = headers.get("expect", "").lower() == "100-continue"
        self._was_cut_off = False
        self._waited = 0.0
        self._bytes = 0

    async def receive(self) -> Message:
        """Return the next stretch of the body. Raises ApiError when it is too slow in coming."""
        if not self._body_is_coming:
            return await self._receive()
        self._waits_to_send = False
        earned = START_SECONDS + self._bytes / BYTES_PER_SECOND
        began_at = time.monotonic()
        try:
            async with asyncio.timeout(min(earned - self._waited, SILENCE_SECONDS)):
                message = await self._receive()
        except TimeoutError as error:
            self._body_is_coming, self._was_cut_off = False, True
            told = "The request came too slowly and was cut off."
            raise ApiError(408, told, code="request_timeout") from error
        self._waited += time.monotonic() - began_at
        self._note(message)
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; its end waits for the body that nobody has read."""
        if message["type"] == "http.response.start" and (self._body_is_coming or self._was_cut_off):
            closing = (b"connection", b"close")
            message = {**message, "headers": [*message.get("headers", []), closing]}
        ends = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not ends or not self._body_is_coming or self._waits_to_send:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while self._body_is_coming:
                    self._note(await self._receive())
        except TimeoutError:
            return

    def _note(self, message: Message) -> None:
        self._bytes += len(message.get("body", b""))
        self._body_is_coming = message.get("more_body", False)
