"""Requests that are refused: who asks, what they ask, how they put it."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from openai import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
)

from tests.engine.service.engine_child import MODEL, TOKEN, Engine, example_lines, new_client

HELLO = [{"role": "user", "content": "hello"}]


def raw(
    engine: Engine,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Send a request as no SDK would."""
    address = urlsplit(engine.base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request(method, path, body, given | (headers or {}))
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content)


def assert_error_body(answer: Any) -> None:  # noqa: ANN401  # JSON
    """Every refusal has these four keys."""
    assert answer["error"].keys() == {"message", "type", "param", "code"}
    assert answer["error"]["message"]


@pytest.mark.parametrize("token", ["wrong", "", f"{TOKEN}x", "ünï"])
@pytest.mark.parametrize("path", ["/v1/models", "/engine", "/nothing"])
def test_without_the_token_nobody_gets_in(engine: Engine, token: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    status, answer = raw(engine, "GET", path, headers=headers)
    assert status == 401
    assert_error_body(answer)
    assert answer["error"]["code"] == "invalid_api_key"


def test_the_sdk_sees_a_wrong_token(engine: Engine) -> None:
    with new_client(engine.base_url, "wrong") as client, pytest.raises(AuthenticationError):
        client.models.list()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80"])
def test_other_host_names_are_refused(engine: Engine, host: str) -> None:
    status, answer = raw(engine, "GET", "/v1/models", headers={"Host": host})
    assert status == 421
    assert_error_body(answer)


def test_localhost_is_as_good(engine: Engine) -> None:
    port = urlsplit(engine.base_url).port
    status, _ = raw(engine, "GET", "/v1/models", headers={"Host": f"localhost:{port}"})
    assert status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/files/file-unknown"),
        ("GET", "/v1/files/file-unknown/content"),
        ("DELETE", "/v1/files/file-unknown"),
        ("GET", "/v1/files/..%2f..%2fengine.sqlite/content"),
        ("GET", "/v1/fine_tuning/jobs/ftjob-unknown"),
        ("GET", "/v1/fine_tuning/jobs/ftjob-unknown/events"),
        ("GET", "/v1/fine_tuning/jobs/ftjob-unknown/checkpoints"),
        ("POST", "/v1/fine_tuning/jobs/ftjob-unknown/cancel"),
        ("POST", "/v1/fine_tuning/jobs/ftjob-unknown/pause"),
        ("POST", "/v1/fine_tuning/jobs/ftjob-unknown/resume"),
        ("GET", "/v1/models/ft%3Ax%3Alocal%3A%3Aunknown"),
        ("DELETE", "/v1/models/unknown"),
        ("GET", "/v1/unknown"),
    ],
)
def test_unknown_ids(engine: Engine, method: str, path: str) -> None:
    status, answer = raw(engine, method, path)
    assert status == 404
    assert_error_body(answer)
    assert answer["error"]["code"] is None
    assert answer["error"]["type"] == "invalid_request_error"


def test_an_unknown_model_in_a_chat(engine: Engine) -> None:
    with pytest.raises(NotFoundError) as caught:
        engine.client.chat.completions.create(model="gpt-9", messages=HELLO)  # type: ignore[arg-type]  # plain dicts
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"model": None}, "model"),
        ({"model": "gpt-9"}, "model"),
        ({"training_file": "file-unknown"}, "training_file"),
        ({"training_file": 7}, "training_file"),
        ({"validation_file": "file-unknown"}, "validation_file"),
        ({"suffix": ""}, "suffix"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"n_epochs": 51}}, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"n_epochs": "many"}}, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"batch_size": 257}}, "hyperparameters.batch_size"),
        (
            {"hyperparameters": {"learning_rate_multiplier": 0}},
            "hyperparameters.learning_rate_multiplier",
        ),
        (
            {
                "method": {
                    "type": "supervised",
                    "supervised": {"hyperparameters": {"n_epochs": True}},
                }
            },
            "method.supervised.hyperparameters.n_epochs",
        ),
        ({"method": {"type": "reinforcement"}}, "method.type"),
        (
            {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 2.5}}}},
            "method.dpo.hyperparameters.beta",
        ),
        (
            {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0}}}},
            "method.dpo.hyperparameters.beta",
        ),
        (
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {"beta": 1}}}},
            "method.supervised.hyperparameters.beta",
        ),
        ({"metadata": {f"k{n}": "v" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata"),
        ({"integrations": [{"type": "wandb", "wandb": {"project": "x"}}]}, "integrations"),
    ],
)
def test_bad_fields_of_a_job(engine: Engine, changed: dict[str, Any], param: str) -> None:
    body = {"model": MODEL, "training_file": engine.upload(example_lines(1))} | changed
    body = {name: value for name, value in body.items() if value is not None}
    status, answer = raw(engine, "POST", "/v1/fine_tuning/jobs", json.dumps(body).encode())
    assert status == 400
    assert_error_body(answer)
    assert answer["error"]["param"] == param
    assert not engine.client.fine_tuning.jobs.list().data


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"content": "no role"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content",
        ),
        ({"messages": [{"role": "user", "content": "long " * 2000}]}, "messages"),
        ({"temperature": 2.5}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 129}, "n"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"presence_penalty": 2.5}, "presence_penalty"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ],
)
def test_bad_fields_of_a_chat(engine: Engine, changed: dict[str, Any], param: str) -> None:
    body = json.dumps({"model": MODEL, "messages": HELLO} | changed).encode()
    status, answer = raw(engine, "POST", "/v1/chat/completions", body)
    assert status == 400
    assert_error_body(answer)
    assert answer["error"]["param"] == param


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/fine_tuning/jobs", b""),
        ("/v1/fine_tuning/jobs", b"{"),
        ("/v1/fine_tuning/jobs", b"[]"),
        ("/v1/fine_tuning/jobs", b'{"model": "\xff"}'),
        ("/v1/fine_tuning/jobs", b'{"other": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
        ("/v1/chat/completions", b'{"messages": [{"x": ' + b'{"a":' * 100_000),
        ("/v1/completions", b'{"model": "m", "prompt": [1e999]}'),
        ("/tokenize", b"null"),
        ("/engine/models", b'{"path": "\\u0000"}'),
        ("/engine/models", b'{"path": "/nowhere/model.gguf"}'),
        ("/engine/models", b'{"path": "/"}'),
    ],
)
def test_hostile_bodies(engine: Engine, path: str, body: bytes) -> None:
    status, answer = raw(engine, "POST", path, body)
    assert status == 400
    assert_error_body(answer)


def test_a_body_that_is_too_large(engine: Engine) -> None:
    status, answer = raw(engine, "POST", "/tokenize", b" " * (17 * 1024 * 1024))
    assert status == 413
    assert_error_body(answer)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001", "9" * 5000, "٣"])
def test_bad_limits(engine: Engine, limit: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        engine.client.get(f"/fine_tuning/jobs?limit={limit}", cast_to=object)
    assert caught.value.param == "limit"


def test_what_is_not_offered_says_so(engine: Engine) -> None:
    with pytest.raises(APIStatusError) as caught:
        engine.client.moderations.create(input="x")
    assert caught.value.status_code == 501
    assert caught.value.code == "not_implemented"
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("path", ["/v1/files/", "/v1/fine_tuning/jobs/", "/v1//files", "/engine/"])
def test_a_slash_too_many_is_a_wrong_path(engine: Engine, path: str) -> None:
    status, answer = raw(engine, "GET", path)
    assert status == 404
    assert_error_body(answer)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_types(engine: Engine, kind: str) -> None:
    status, answer = raw(engine, "POST", "/tokenize", b"{}", {"Content-Type": kind})
    assert status == 400
    assert answer["error"]["code"] == "unsupported_content_type"


def test_a_base_model_cannot_be_deleted(engine: Engine) -> None:
    with pytest.raises(BadRequestError):
        engine.client.models.delete(MODEL)
    assert engine.client.models.retrieve(MODEL).id == MODEL
