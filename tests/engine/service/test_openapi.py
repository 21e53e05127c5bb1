"""Every answer to every call of the SDK's typed clients, against the protocol's description."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pytest
from httpx2 import Response
from openai import (
    APIStatusError,
    AsyncOpenAI,
    DefaultAsyncHttpx2Client,
    DefaultHttpx2Client,
    OpenAI,
)

from tests.engine.service.engine_child import MODEL, TOKEN, Engine
from tests.engine.service.openapi import DESCRIPTION, Description, Operation
from tests.engine.service.raw_http import assert_error
from tests.engine.service.sdk_calls import CALLS, HELLO, Call, Supplies

PARTS = ("files", "uploads", "fine_tuning", "models", "completions", "chat", "moderations")
pytestmark = pytest.mark.skipif(not DESCRIPTION.is_file(), reason="the description is elsewhere")


@pytest.fixture(scope="module")
def description() -> Description:
    """The description at hand."""
    return Description.read()


@pytest.fixture(scope="module")
def supplies(engine: Engine) -> Iterator[Supplies]:
    """What the calls need."""
    made = Supplies(engine)
    yield made
    engine.client.fine_tuning.jobs.cancel(made.long_job)


@dataclass
class Judge:
    """Looks at every answer that a client gets."""

    description: Description
    statuses: list[int] = field(default_factory=list)
    answered: set[Operation] = field(default_factory=set)
    offered: set[Operation] = field(default_factory=set)

    def look(self, response: Response, content: bytes) -> None:
        """Note an answer. Fails if it is not as described."""
        path = response.request.url.raw_path.decode().partition("?")[0]
        operation = self.description.operation(response.request.method, path.removeprefix("/v1"))
        self.statuses.append(response.status_code)
        self.answered.add(operation)
        kind = response.headers["content-type"].partition(";")[0]
        if response.status_code != 200:
            assert_error(json.loads(content))
            assert self.description.faults(json.loads(content), "ErrorResponse") == []
            return
        self.offered.add(operation)
        if kind == "application/octet-stream":
            # Described as JSON, though the protocol's own service sends the bytes.
            assert operation.path == "/files/{file_id}/content"
            return
        assert self.description.answer_faults(operation, json.loads(content), kind) == []

    def look_at_once(self, response: Response) -> None:
        """Be the event hook of a client."""
        self.look(response, response.read())

    async def look_later(self, response: Response) -> None:
        """Be the event hook of a client that does not wait."""
        self.look(response, await response.aread())


def plainly(resource: Any, call: Call, arguments: Any) -> object:  # noqa: ANN401  # any of the SDK's
    return getattr(resource, call.method)(**arguments)


def raw(resource: Any, call: Call, arguments: Any) -> object:  # noqa: ANN401  # any of the SDK's
    return getattr(resource.with_raw_response, call.method)(**arguments).parse()


def streaming(resource: Any, call: Call, arguments: Any) -> object:  # noqa: ANN401  # any of the SDK's
    with getattr(resource.with_streaming_response, call.method)(**arguments) as response:
        return response.parse()


async def plainly_later(resource: Any, call: Call, arguments: Any) -> object:  # noqa: ANN401  # any of the SDK's
    return await getattr(resource, call.method)(**arguments)


async def raw_later(resource: Any, call: Call, arguments: Any) -> object:  # noqa: ANN401  # any of the SDK's
    return (await getattr(resource.with_raw_response, call.method)(**arguments)).parse()


async def streaming_later(resource: Any, call: Call, arguments: Any) -> object:  # noqa: ANN401  # any of the SDK's
    async with getattr(resource.with_streaming_response, call.method)(**arguments) as response:
        return await response.parse()


def ask_all(
    engine: Engine, supplies: Supplies, judge: Judge, way: Callable[[Any, Call, Any], object]
) -> None:
    """Make every call with the client that waits."""
    hooks = {"response": [judge.look_at_once]}
    with OpenAI(
        base_url=engine.base_url,
        api_key=TOKEN,
        admin_api_key=TOKEN,
        http_client=DefaultHttpx2Client(trust_env=False, event_hooks=hooks),
    ) as client:
        for call in CALLS:
            arguments = call.arguments(supplies)
            told: APIStatusError | None = None
            try:
                way(attrgetter(call.resource)(client), call, arguments)
            except APIStatusError as error:
                told = error
            assert judge.statuses.pop() == call.status, (call, told)


async def ask_all_later(
    engine: Engine,
    supplies: Supplies,
    judge: Judge,
    way: Callable[[Any, Call, Any], Awaitable[object]],
) -> None:
    """Make every call with the client that does not wait."""
    hooks = {"response": [judge.look_later]}
    async with AsyncOpenAI(
        base_url=engine.base_url,
        api_key=TOKEN,
        admin_api_key=TOKEN,
        http_client=DefaultAsyncHttpx2Client(trust_env=False, event_hooks=hooks),
    ) as client:
        for call in CALLS:
            arguments = await asyncio.to_thread(call.arguments, supplies)
            told: APIStatusError | None = None
            try:
                await way(attrgetter(call.resource)(client), call, arguments)
            except APIStatusError as error:
                told = error
            assert judge.statuses.pop() == call.status, (call, told)


def assert_nothing_is_missing(judge: Judge) -> None:
    """Every path of the description was answered; those not offered are these."""
    described = {
        operation
        for operation in judge.description.answers
        if operation.path.split("/")[1] in PARTS
    }
    assert len(described) == 29
    assert judge.answered == described
    assert {f"{operation.method} {operation.path}" for operation in described - judge.offered} == {
        "post /moderations",
        "get /chat/completions",
        "post /fine_tuning/alpha/graders/run",
        "post /fine_tuning/alpha/graders/validate",
        "get /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions",
        "post /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions",
        "delete /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions/{permission_id}",
    }


@pytest.mark.parametrize("way", [plainly, raw, streaming])
def test_every_call(
    engine: Engine,
    supplies: Supplies,
    description: Description,
    way: Callable[[Any, Call, Any], object],
) -> None:
    judge = Judge(description)
    ask_all(engine, supplies, judge, way)
    assert_nothing_is_missing(judge)


@pytest.mark.parametrize("way", [plainly_later, raw_later, streaming_later])
def test_every_call_without_waiting(
    engine: Engine,
    supplies: Supplies,
    description: Description,
    way: Callable[[Any, Call, Any], Awaitable[object]],
) -> None:
    judge = Judge(description)
    asyncio.run(ask_all_later(engine, supplies, judge, way))
    assert_nothing_is_missing(judge)


def events(response: Response) -> list[Any]:
    """Return a stream's events; the last line is the protocol's end."""
    lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("path", "schema", "asked"),
    [
        (
            "/chat/completions",
            "CreateChatCompletionStreamResponse",
            {"messages": HELLO, "n": 2, "logprobs": True, "top_logprobs": 2},
        ),
        ("/completions", "CreateCompletionResponse", {"prompt": ["a", "b"], "logprobs": 2}),
    ],
)
def test_every_event_of_a_stream(
    engine: Engine, description: Description, path: str, schema: str, asked: dict[str, Any]
) -> None:
    body = asked | {
        "model": MODEL,
        "max_tokens": 4,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    seen = events(engine.client.post(path, cast_to=Response, body=body))
    assert len(seen) > 2
    for event in seen:
        faults = description.faults(event, schema)
        if path == "/completions":
            # Described for whole answers; a stream has null where there is nothing to say yet.
            faults = [f for f in faults if not re.search("(finish_reason|usage): None is", f)]
        assert faults == []
    assert seen[-1]["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("DeleteFileResponse", {"id": "x", "object": "file"}),
        ("DeleteFileResponse", {"id": "x", "object": "files", "deleted": True}),
        ("DeleteFileResponse", {"id": 1, "object": "file", "deleted": True}),
        ("DeleteFileResponse", {"id": "x", "object": "file", "deleted": 1}),
        ("ListModelsResponse", {"object": "list", "data": [{"id": "x"}]}),
        ("ErrorResponse", {"error": {"type": "x", "message": "x", "param": None}}),
        ("ErrorResponse", {"error": {"type": "x", "message": "x", "param": 1, "code": None}}),
        ("FineTuneSupervisedHyperparameters", {"n_epochs": 51}),
        ("FineTuneSupervisedHyperparameters", {"learning_rate_multiplier": 0}),
        ("FineTuneSupervisedHyperparameters", {"batch_size": True}),
        ("Metadata", {"name": 1}),
        ("UploadPart", {"id": "x", "object": "upload.part", "created_at": 1.5, "upload_id": "x"}),
        ("CompleteUploadRequest", {"part_ids": [], "more": 1}),
    ],
)
def test_what_is_wrong_is_seen(description: Description, schema: str, value: object) -> None:
    assert description.faults(value, schema)
