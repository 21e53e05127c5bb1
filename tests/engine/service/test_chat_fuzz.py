"""Whatever is sent to the endpoints of answers: never a fault of the service's own."""

import json
import urllib.error
import urllib.request
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.service.engine_child import MODEL, TOKEN, Engine

KEYS = (
    *("type", "function", "name", "role", "content", "tool_calls", "tool_call_id", "id"),
    *("json_schema", "schema", "parameters", "arguments", "properties", "5", "$ref"),
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "text", "auto", "required", "function", "json_schema", "tool", "é"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SHARED = (
    *("temperature", "top_p", "seed", "stop", "n", "presence_penalty", "frequency_penalty"),
    *("logit_bias", "stream", "stream_options", "user", "logprobs", "max_tokens", "unheard_of"),
)
CHAT = (
    *SHARED,
    *("messages", "max_completion_tokens", "top_logprobs", "tools", "tool_choice", "metadata"),
    *("parallel_tool_calls", "response_format", "modalities", "service_tier", "functions"),
)
PLAIN = (*SHARED, "prompt", "echo", "best_of", "suffix")
ROOM = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def answered(engine: Engine, path: str, body: dict[str, Any]) -> None:
    """Send a body; the answer is a reply, or an error with its four keys and no 5xx."""
    status, said = sent(engine.base_url.rstrip("/") + path, json.dumps(body).encode())
    assert status in {200, 400}, body
    assert b'"server_error"' not in said
    if status == 400:
        assert set(json.loads(said)["error"]) == {"message", "type", "param", "code"}


def sent(url: str, body: bytes) -> tuple[int, bytes]:
    """Send a body and return the status and the body of the answer."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@ROOM
@given(changed=st.dictionaries(st.sampled_from(CHAT), JUNK, max_size=4))
def test_chats(engine: Engine, changed: dict[str, Any]) -> None:
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2} | changed
    if isinstance(body["max_tokens"], int):
        body["max_tokens"] = min(body["max_tokens"], 4)
    answered(engine, "/chat/completions", {"model": MODEL} | body)


@ROOM
@given(changed=st.dictionaries(st.sampled_from(PLAIN), JUNK, max_size=4))
def test_completions(engine: Engine, changed: dict[str, Any]) -> None:
    body = {"prompt": "x", "max_tokens": 2} | changed
    if isinstance(body["max_tokens"], int):
        body["max_tokens"] = min(body["max_tokens"], 4)
    answered(engine, "/completions", {"model": MODEL} | body)


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool", "developer", "function"])},
        optional={
            "content": st.text(max_size=5) | JUNK,
            "tool_calls": JUNK,
            "tool_call_id": st.just("c") | JUNK,
            "name": st.just("n") | JUNK,
        },
    ),
    max_size=4,
)


@ROOM
@given(messages=MESSAGES)
def test_messages(engine: Engine, messages: list[dict[str, Any]]) -> None:
    body = {"model": MODEL, "messages": messages, "max_tokens": 1}
    answered(engine, "/chat/completions", body)
