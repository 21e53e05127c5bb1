"""Requests as no SDK would send them."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.engine.service.engine_child import TOKEN

ERROR_KEYS = {"message", "type", "param", "code"}


@contextmanager
def connection(base_url: str, seconds: float = 20) -> Iterator[socket.socket]:
    """Connect to a service."""
    address = urlsplit(base_url)
    with socket.create_connection((str(address.hostname), address.port or 0), seconds) as opened:
        yield opened


def head(base_url: str, method: str, path: str, **headers: str) -> bytes:
    """Return a request's head; `_` in a name stands for `-`."""
    given = {"Host": urlsplit(base_url).netloc, "Authorization": f"Bearer {TOKEN}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(opened: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Read an answer: its status, its headers in lower case, its JSON."""
    with opened.makefile("rb") as stream:
        number = int(stream.readline().split()[1])
        headers = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers["content-length"]))
    return number, headers, json.loads(body)


def assert_error(body: Any) -> None:  # noqa: ANN401  # JSON
    """Every refusal has these four keys, the first two of them texts."""
    assert body.keys() == {"error"}
    assert body["error"].keys() == ERROR_KEYS
    assert body["error"]["message"]
    assert isinstance(body["error"]["message"], str)
    assert isinstance(body["error"]["type"], str)
    assert isinstance(body["error"]["param"], str | None)
    assert isinstance(body["error"]["code"], str | None)
