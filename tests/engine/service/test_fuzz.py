"""Whatever is sent: an answer of the protocol comes back, and the service goes on."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.service.engine_child import (
    MODEL,
    TOKEN,
    Engine,
    example_lines,
    running_engine,
)
from tests.engine.service.raw_http import answer, assert_error, connection, head

STATUSES = {200, 201, 202, 400, 401, 404, 405, 408, 409, 413, 421}
BEYOND = ("/engine/hub", "/engine/fetches")
"""Where the answer may be 502: the hub is asked, and there is none here."""
NOT_OFFERED = ("/v1/moderations", "/v1/fine_tuning/", "/v1/chat/completions")
"""Where the answer may be 501."""
METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]
PATHS = [
    "/v1/files",
    "/v1/files/{id}",
    "/v1/files/{id}/content",
    "/v1/uploads",
    "/v1/uploads/{id}",
    "/v1/uploads/{id}/parts",
    "/v1/uploads/{id}/complete",
    "/v1/uploads/{id}/cancel",
    "/v1/fine_tuning/jobs",
    "/v1/fine_tuning/jobs/{id}",
    "/v1/fine_tuning/jobs/{id}/events",
    "/v1/fine_tuning/jobs/{id}/checkpoints",
    "/v1/fine_tuning/jobs/{id}/cancel",
    "/v1/fine_tuning/jobs/{id}/pause",
    "/v1/fine_tuning/jobs/{id}/resume",
    "/v1/fine_tuning/checkpoints/{id}/permissions",
    "/v1/fine_tuning/checkpoints/{id}/permissions/{id}",
    "/v1/fine_tuning/alpha/graders/run",
    "/v1/fine_tuning/alpha/graders/validate",
    "/v1/models",
    "/v1/models/{id}",
    "/v1/moderations",
    "/v1/chat/completions",
    "/v1/completions",
    "/tokenize",
    "/engine",
    "/engine/models",
    "/engine/bases",
    "/engine/bases/{id}",
    "/engine/catalogue",
    "/engine/hub",
    "/engine/fetches",
    "/engine/fetches/{id}/{id}",
    "/engine/exports",
    "/engine/exports/{id}",
    "/engine/exports/{id}/files",
    "/engine/exports/{id}/files/{id}",
    "/engine/adapters",
    "/engine/storage",
    "/engine/storage/jobs/{id}/checkpoints",
    "/v1/{id}",
    "/{id}",
]
POSTS: dict[str, dict[str, Any]] = {
    "/v1/uploads": {
        "filename": "a.jsonl",
        "purpose": "fine-tune",
        "bytes": 3,
        "mime_type": "text/jsonl",
        "expires_after": {"anchor": "created_at", "seconds": 3600},
    },
    "/v1/uploads/{id}/complete": {"part_ids": ["part_1"], "md5": "0" * 32},
    "/v1/fine_tuning/jobs": {
        "model": MODEL,
        "training_file": "file-unknown",
        "validation_file": "file-unknown",
        "suffix": "x",
        "seed": 1,
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1}}},
        "hyperparameters": {
            "n_epochs": 1,
            "batch_size": "auto",
            "learning_rate_multiplier": 1.0,
        },
        "metadata": {"k": "v"},
        "integrations": [],
    },
    "/v1/chat/completions": {
        "model": MODEL,
        "messages": [{"role": "user", "content": "x", "name": "y"}],
        "max_tokens": 2,
        "max_completion_tokens": 2,
        "temperature": 1.0,
        "top_p": 1.0,
        "seed": 1,
        "stop": ["x"],
        "n": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logit_bias": {},
        "logprobs": False,
        "top_logprobs": 0,
        "response_format": {"type": "text"},
        "tools": [],
        "tool_choice": "none",
        "stream": False,
        "stream_options": {"include_usage": True},
        "user": "x",
        "metadata": {},
    },
    "/v1/completions": {
        "model": MODEL,
        "prompt": "x",
        "max_tokens": 2,
        "temperature": 1.0,
        "echo": False,
        "logprobs": 1,
        "n": 1,
        "best_of": 1,
        "stop": "x",
        "suffix": None,
        "stream": False,
    },
    "/tokenize": {
        "model": MODEL,
        "messages": [{"role": "user", "content": "x"}],
        "add_generation_prompt": True,
    },
    "/engine/models": {"path": "/nowhere"},
    "/engine/fetches": {"hub": "owner/name", "licence_accepted": True},
    "/engine/exports": {"model": MODEL, "kind": "adapter", "name": "x"},
    "/engine/adapters": {"path": "/nowhere", "name": "x", "model": MODEL},
    "/v1/moderations": {"input": "x", "model": "omni-moderation-latest"},
}
"""Bodies that are right, or nearly, from which the wrong ones are made."""

texts = st.text(max_size=20) | st.sampled_from(
    ["\x00", "..", "../../etc/passwd", "null", "'", "%", "a" * 3000, "\u202e", "𝕏", "-1", "1e999"]
)
numbers = st.sampled_from(
    [0, -1, 1.5, 2**31, 2**63, -(2**63) - 1, 10**40, 1e308, -0.0, 1e-320]
) | st.integers(-3, 3)
leaves = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
UNREADABLE = [
    b"",
    b"{",
    b"nul",
    b"\xff\xfe",
    b'"\\ud800"',
    b'{"model": "\\ud800"}',
    b'{"model": "\xed\xa0\x80"}',
    b'{"model": 1e999}',
    b'{"model": NaN}',
    b'{"model": "a", "model": "b"}',
    b"\x00" * 100,
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
]
TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data",
    "multipart/form-data; boundary=\xe4",
    "a/b; \x80=;;;",
]
FORMS = [
    b"--b\r\n\r\n\r\n--b--",
    b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="data"; filename="\xff"\r\n\r\nx\r\n--b--\r\n',
    b"--b\r\nContent-Disposition: ;;;=\r\n\r\nx\r\n--b",
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n\xff\xff\r\n--b--\r\n',
]


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, token_file: Path
) -> Iterator[Engine]:
    """A service that reaches no hub."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        store = tmp_path_factory.mktemp("store") / "s"
        with running_engine(store, token_file, tiny_model) as engine:
            yield engine


@pytest.fixture(scope="module")
def known(engine: Engine) -> list[str]:
    """Ids of things that are there: a file, a job that failed, a pending upload, a model."""
    file = engine.upload(example_lines(1))
    job = engine.client.fine_tuning.jobs.create(model=MODEL, training_file=file)
    engine.when(job.id, {"failed"})
    upload = engine.client.uploads.create(
        filename="a", purpose="fine-tune", bytes=1, mime_type="text/plain"
    )
    return [file, job.id, upload.id, MODEL]


@pytest.fixture(scope="module")
def line(engine: Engine) -> Iterator[http.client.HTTPConnection]:
    """A connection that lasts as long as the service keeps it."""
    address = urlsplit(engine.base_url)
    opened = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    yield opened
    opened.close()


def check(line: http.client.HTTPConnection, asked: Asked) -> None:
    """Send a request and look at the answer."""
    try:
        line.putrequest(asked.method, asked.path)
        for name, value in asked.headers.items():
            line.putheader(name, value.encode("latin-1"))
        if asked.body is not None:
            line.putheader("Content-Length", str(len(asked.body)))
        line.endheaders(asked.body)
        response = line.getresponse()
        content = response.read()
    except (http.client.HTTPException, OSError):
        line.close()
        raise
    status = response.status
    expected = STATUSES | ({501} if asked.path.startswith(NOT_OFFERED) else set())
    assert status in expected | ({502} if asked.path.startswith(BEYOND) else set()), asked
    if asked.method == "HEAD" or "event-stream" in response.headers["Content-Type"]:
        return
    if status >= 400:
        assert response.headers["Content-Type"] == "application/json"
        assert_error(json.loads(content))
    elif not asked.path.partition("?")[0].endswith("/content"):
        json.loads(content)


ids = st.integers(0, 3) | texts.map(lambda text: quote(text, safe="")) | st.binary(max_size=5)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, list[Any], Asked]:
    """Return a path, what stands in its places, and the rest of a request."""
    path = draw(st.sampled_from(PATHS))
    places = [draw(ids) for _ in range(path.count("{id}"))]
    names = st.sampled_from(["limit", "after", "order", "purpose", "metadata", "metadata[k]", ""])
    query = draw(st.dictionaries(names | texts, numbers.map(str) | texts, max_size=3))
    headers = {
        "Authorization": draw(st.sampled_from([f"Bearer {TOKEN}"] * 15 + ["", "Bearer", "\xff"])),
        "Content-Type": draw(st.sampled_from(TYPES[:1] * 9 + TYPES)),
        "X-Any": draw(st.sampled_from(["", "a" * 5000, "\xff\xfe"])),
    }
    right = POSTS.get(path, {})
    changed = draw(st.dictionaries(st.sampled_from([*right, "other"]), values, max_size=3))
    body = draw(
        st.sampled_from([None, *UNREADABLE, *FORMS])
        | st.just(json.dumps(right | changed).encode("utf-8", "replace"))
        | values.map(lambda value: json.dumps(value).encode("utf-8", "replace"))
    )
    method = draw(st.sampled_from(["POST"] * 4 * bool(right) + METHODS))
    text = "?" + urlencode(query, errors="replace") if query else ""
    return path, places, Asked(method, text, headers, body)


@settings(
    max_examples=800,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests())
def test_any_request(
    line: http.client.HTTPConnection,
    known: list[str],
    request: tuple[str, list[Any], Asked],
) -> None:
    path, places, asked = request
    for place in places:
        if isinstance(place, int):
            place = quote(known[place], safe="")  # noqa: PLW2901  # a number stands for what is there
        elif isinstance(place, bytes):
            place = quote_from_bytes(place, safe="")  # noqa: PLW2901  # no text at all
        path = path.replace("{id}", place, 1)
    check(line, Asked(asked.method, path + asked.path, asked.headers, asked.body))


@pytest.mark.parametrize("path", POSTS)
def test_depth_without_end(line: http.client.HTTPConnection, path: str) -> None:
    right = POSTS[path]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for field in [*right, "other"]:
        rest = json.dumps({name: value for name, value in right.items() if name != field})
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            deep = opening * 100_000 + b"1" + closing * 100_000
            body = rest[:-1].encode() + (b"," if len(right) > 1 else b"")
            body += json.dumps(field).encode() + b":" + deep + b"}"
            check(line, Asked("POST", path.replace("{id}", "x"), headers, body))


def test_a_query_with_more_filters_than_a_database_takes(
    line: http.client.HTTPConnection,
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    query = "&".join(f"metadata[{number}]=x" for number in range(2000))
    check(line, Asked("GET", f"/v1/fine_tuning/jobs?{query}", headers, None))


def test_the_service_has_come_through(engine: Engine) -> None:
    """Last of all: it answers, and nothing of what it was sent has failed inside."""
    with connection(engine.base_url) as opened:
        opened.sendall(head(engine.base_url, "GET", "/v1/models"))
        assert answer(opened)[0] == 200
    assert engine.process.poll() is None
    assert "a request failed" not in (engine.store / "engine.log").read_text()
