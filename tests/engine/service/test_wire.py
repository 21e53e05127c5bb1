"""Below the protocol: what is no HTTP, and heads that do not come."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.raw_http import answer, assert_error, connection, head


@pytest.fixture
def inside(tmp_path: Path, tiny_model: Path) -> Iterator[InProcessEngine]:
    """A service whose patience can be changed."""
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        yield engine


@pytest.mark.logs("uvicorn.error")
@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_is_no_http_is_refused_in_the_same_words(inside: InProcessEngine, sent: bytes) -> None:
    with connection(str(inside.client.base_url)) as opened:
        opened.sendall(sent + b"\r\n\r\n")
        number, _, body = answer(opened)
    assert number == 400
    assert_error(body)
    inside.client.models.list()


def test_a_head_that_does_not_come_is_not_waited_for(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.engine.wire.HEAD_SECONDS", 0.2)
    url = str(inside.client.base_url)
    for sent in (b"", b"GET /v1/mod"):
        with connection(url) as opened:
            opened.sendall(sent)
            assert opened.recv(1) == b""
    with connection(url) as opened:
        for _ in range(3):
            opened.sendall(head(url, "GET", "/v1/models"))
            assert answer(opened)[0] == 200
        opened.sendall(b"GET /v1/mod")
        assert opened.recv(1) == b""
