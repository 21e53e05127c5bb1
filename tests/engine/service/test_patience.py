"""Slow senders, huge bodies, many at once, and who is let in."""

import hmac
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from openai import APIStatusError

from tests.engine.service.engine_child import TOKEN, Engine, example_lines, new_client
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.raw_http import answer, assert_error, connection, head

FORM = "multipart/form-data; boundary=b"
FORM_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
GIGABYTE = str(10**9)


@pytest.fixture
def inside(tmp_path: Path, tiny_model: Path) -> Iterator[InProcessEngine]:
    """A service whose patience can be changed."""
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        yield engine


def base_url(engine: InProcessEngine) -> str:
    return str(engine.client.base_url)


def drip(opened: socket.socket, seconds: float) -> int:
    """Send a byte every now and then until the service answers; return how many were sent."""
    opened.settimeout(seconds)
    for sent in itertools.count(1):
        opened.sendall(b"x")
        try:
            opened.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            assert sent * seconds < 20, "the service waits for ever"
        else:
            opened.settimeout(20)
            return sent
    raise AssertionError


@pytest.mark.parametrize("path", ["/v1/files", "/v1/fine_tuning/jobs"])
def test_who_sends_byte_by_byte_is_cut_off_and_holds_up_nobody(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("desktop_app.engine.patience.START_SECONDS", 0.5)
    kind = FORM if path == "/v1/files" else "application/json"
    with connection(base_url(inside)) as opened:
        opened.sendall(
            head(base_url(inside), "POST", path, Content_Type=kind, Content_Length="100000")
        )
        opened.sendall(FORM_HEAD if kind == FORM else b'{"model": "')
        others = threading.Thread(target=lambda: [inside.client.files.list() for _ in range(5)])
        others.start()
        sent = drip(opened, 0.02)
        number, headers, body = answer(opened)
        assert opened.recv(1) == b""
        others.join(20)
        assert not others.is_alive()
    assert sent > 5
    assert (number, headers["connection"], body["error"]["code"]) == (
        408,
        "close",
        "request_timeout",
    )
    assert_error(body)
    assert not list(inside.folders.temporary.iterdir())


def test_who_falls_silent_is_cut_off_whatever_has_come(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.engine.patience.SILENCE_SECONDS", 0.2)
    with connection(base_url(inside)) as opened:
        request = head(
            base_url(inside), "POST", "/v1/files", Content_Type=FORM, Content_Length=str(2**28)
        )
        opened.sendall(request + FORM_HEAD + b"x" * 3_000_000)
        assert answer(opened)[0] == 408
    assert not list(inside.folders.temporary.iterdir())


def test_who_sends_steadily_may_take_longer_than_the_first_patience(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.engine.patience.START_SECONDS", 0.1)
    began_at = time.monotonic()
    end = b"\r\n--b\r\nContent-Disposition: form-data; name=purpose\r\n\r\nfine-tune\r\n--b--\r\n"
    size = len(FORM_HEAD) + 20 * 1000 + len(end)
    with connection(base_url(inside), 0.02) as opened:
        request = head(
            base_url(inside), "POST", "/v1/files", Content_Type=FORM, Content_Length=str(size)
        )
        opened.sendall(request + FORM_HEAD)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                opened.recv(1)
            opened.sendall(b"x" * 1000)
        opened.settimeout(20)
        opened.sendall(end)
        number, _, body = answer(opened)
    assert time.monotonic() - began_at > 0.3
    assert (number, body["bytes"]) == (200, 20_000)


@pytest.mark.parametrize(
    ("path", "kind", "param"),
    [
        ("/v1/files", FORM, "file"),
        ("/v1/uploads", "application/json", None),
        ("/v1/fine_tuning/jobs", "application/json", None),
        ("/v1/chat/completions", "application/json", None),
        ("/v1/completions", "application/json", None),
        ("/tokenize", "application/json", None),
    ],
)
def test_a_gigabyte_is_refused_before_it_is_sent(
    engine: Engine, path: str, kind: str, param: str | None
) -> None:
    for expect in ({}, {"Expect": "100-continue"}):
        with connection(engine.base_url) as opened:
            opened.sendall(
                head(
                    engine.base_url,
                    "POST",
                    path,
                    Content_Type=kind,
                    Content_Length=GIGABYTE,
                    **expect,
                )
            )
            number, headers, body = answer(opened)
            if expect:
                # Nothing will come: the connection is not kept to read it.
                opened.settimeout(5)
                assert opened.recv(1) == b""
        assert (number, headers["connection"]) == (413, "close")
        assert_error(body)
        assert body["error"]["param"] == param


def test_a_stranger_with_a_gigabyte_is_refused_before_it_is_sent(engine: Engine) -> None:
    for changed, wanted in (({"Authorization": "Bearer x"}, 401), ({"Host": "evil.example"}, 421)):
        with connection(engine.base_url) as opened:
            opened.sendall(
                head(engine.base_url, "POST", "/v1/files", Content_Length=GIGABYTE, **changed)
            )
            number, _, body = answer(opened)
        assert number == wanted
        assert_error(body)


def test_600_mb_are_refused_with_the_right_error(engine: Engine, tmp_path: Path) -> None:
    """The SDK reads no answer before it has sent everything, so the service hears it out."""
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        file.truncate(600 * 2**20)
    with path.open("rb") as file, pytest.raises(APIStatusError) as caught:
        engine.client.files.create(file=file, purpose="fine-tune")
    assert (caught.value.status_code, caught.value.param) == (413, "file")
    assert "512 MB" in caught.value.message
    assert "/v1/uploads" in caught.value.message
    assert not list((engine.store / "temporary").iterdir())


def test_who_reads_only_after_sending_gets_the_refusal_too(engine: Engine) -> None:
    """Without the lingering close its sending would fail, and some systems drop the answer."""
    size = 64 * 2**20
    with connection(engine.base_url) as opened:
        opened.sendall(head(engine.base_url, "POST", "/v1/uploads", Content_Length=str(size)))
        for _ in range(64):
            opened.sendall(b" " * 2**20)
        assert answer(opened)[0] == 413


def test_a_refused_sender_is_not_heard_out_for_ever(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.engine.patience.LINGER_SECONDS", 0.1)
    with connection(base_url(inside)) as opened:
        opened.sendall(
            head(base_url(inside), "POST", "/v1/uploads", Content_Length=GIGABYTE) + b"x" * 5000
        )
        assert answer(opened)[0] == 413
        assert opened.recv(1) == b""


def test_a_body_without_a_length_ends_at_the_limit(engine: Engine) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with connection(engine.base_url) as opened:
        opened.sendall(
            head(
                engine.base_url,
                "POST",
                "/v1/uploads",
                Content_Type="application/json",
                Transfer_Encoding="chunked",
            )
        )
        for _ in range(17):
            opened.sendall(chunk)
        number, _, body = answer(opened)
    assert number == 413
    assert_error(body)


def test_an_endless_form_without_a_file_ends_at_the_limit(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.engine.api.limits.MAX_FILE_BYTES", 1000)
    chunk = b"100000\r\n" + b"\r\n" * 0x80000 + b"\r\n"
    with connection(base_url(inside)) as opened:
        opened.sendall(
            head(
                base_url(inside),
                "POST",
                "/v1/files",
                Content_Type=FORM,
                Transfer_Encoding="chunked",
            )
        )
        for _ in range(2):
            opened.sendall(chunk)
        number, _, body = answer(opened)
    assert number == 413
    assert_error(body)


def test_fifty_clients_at_once_are_all_answered(engine: Engine) -> None:
    content = "\n".join(example_lines(10)).encode()
    together = threading.Barrier(50)

    def visit(number: int) -> str:
        with new_client(engine.base_url) as client:
            together.wait(20)
            name = f"{number}.jsonl"
            file = client.files.create(file=(name, content), purpose="fine-tune")
            assert client.files.content(file.id).content == content
            client.models.list()
            client.fine_tuning.jobs.list()
            assert client.files.retrieve(file.id).filename == name
            assert client.files.delete(file.id).deleted
            return file.id

    with ThreadPoolExecutor(50) as pool:
        ids = list(pool.map(visit, range(50)))
    assert len(set(ids)) == 50
    assert not {file.id for file in engine.client.files.list()} & set(ids)


def test_the_token_is_compared_in_constant_time(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What decides is the comparison that looks at every byte, and nothing before it."""
    compared = []
    compare = hmac.compare_digest

    def recorded(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr("desktop_app.engine.guard.hmac.compare_digest", recorded)
    tokens = ["x", TOKEN[:-1], TOKEN[:-1] + "x", "x" + TOKEN[1:], TOKEN]
    for token in tokens:
        with connection(base_url(inside)) as opened:
            opened.sendall(
                head(base_url(inside), "GET", "/v1/models", Authorization=f"Bearer {token}")
            )
            assert answer(opened)[0] == (200 if token == TOKEN else 401)
    assert compared == [(token.encode(), TOKEN.encode()) for token in tokens]
