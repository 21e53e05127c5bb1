"""A service that answers as it is told, over real HTTP on loopback."""

import asyncio
import json
import ssl
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """What came in. `path` is without the query."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # JSON is of any type
        return json.loads(self.body)


Write = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Answer:
    """What goes out: JSON, or text or bytes as they are, or whatever `write` writes."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    write: Write | None = None

    def encode(self) -> bytes:
        headers = {"content-type": "application/json", **self.headers}
        if isinstance(self.body, bytes):
            body = self.body
        elif isinstance(self.body, str):
            body = self.body.encode()
        else:
            body = json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Whatever"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def error(status: int, message: str, code: str | None = None, kind: str | None = None) -> Answer:
    """Return an error in the form of the protocol."""
    body = {"message": message, "type": kind or "invalid_request_error", "param": None}
    return Answer({"error": {**body, "code": code}}, status)


def stream(*events: object, done: bool = True, cut: bool = False) -> Answer:
    """Return a stream of server-sent events; `cut` breaks the connection in its middle."""

    async def write(writer: asyncio.StreamWriter) -> None:
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked"
        writer.write(f"{head}\r\n\r\n".encode())
        lines = [json.dumps(event) for event in events] + (["[DONE]"] if done else [])
        for line in lines:
            writer.write(chunk(f"data: {line}\n\n"))
            await writer.drain()
        writer.write(b"10\r\nda" if cut else b"0\r\n\r\n")

    return Answer(write=write)


def chunk(text: str) -> bytes:
    """Return a piece of a chunked body."""
    data = text.encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class ScriptedService:
    """Answers each route with its answers in turn, the last one again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._tls = tls
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    def on(self, route: str, *answers: Answer) -> None:
        """Set the answers to a route such as "GET /v1/models"."""
        self._answers[route] = deque(answers)

    def sent(self, route: str) -> list[Request]:
        """Return the requests that came for a route."""
        return [each for each in self.requests if f"{each.method} {each.path}" == route]

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            if self._tls is not None:
                writer.transport.abort()  # Closing would wait for a farewell of the other side.
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._answer(await _read(reader), writer)
        self._writers.discard(writer)
        writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        answers = self._answers.get(f"{request.method} {request.path}")
        answer = Answer("404 page not found", 404, {"content-type": "text/plain"})
        if answers:
            answer = answers.popleft() if len(answers) > 1 else answers[0]
        if answer.write is None:
            writer.write(answer.encode())
            await writer.drain()
            return
        await answer.write(writer)
        await writer.drain()
        raise ConnectionResetError  # What was streamed ends with its connection.


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, query, headers, body)
