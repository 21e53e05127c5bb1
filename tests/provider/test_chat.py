import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from desktop_app.core.examples.conversation import (
    ContentPart,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import (
    Capabilities,
    ChatDelta,
    ChatRequest,
    ErrorKind,
    ProviderError,
)
from tests.provider.conftest import KEY, Ask
from tests.provider.scripted_service import Answer, ScriptedService, chunk, error, stream

CHAT = "POST /v1/chat/completions"
REQUEST = ChatRequest("ft:m", [Message("system", "Be brief."), Message("user", "Hi", weight=0)])
USAGE = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}

Stop = Callable[[OpenAIProvider], Coroutine[Any, Any, float]]
Reply = Ask[list[ChatDelta]]


def piece(text: str | None) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": text}}], "usage": None}


async def reply(provider: OpenAIProvider, request: ChatRequest = REQUEST) -> list[ChatDelta]:
    return [delta async for delta in provider.chat(request)]


def test_text_comes_piece_by_piece_and_the_counts_last(
    service: ScriptedService, provider: OpenAIProvider, ask: Reply
) -> None:
    service.on(CHAT, stream(piece("Hal"), piece(None), piece("lo 🌍"), STOP, USAGE))
    assert ask(reply(provider)) == [
        ChatDelta("Hal"),
        ChatDelta("lo 🌍"),
        ChatDelta("", "stop", 9, 2),
    ]
    sent = service.requests[0].json
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]
    assert sent["stream_options"] == {"include_usage": True}
    assert set(sent) == {"model", "messages", "stream", "stream_options"}


def test_everything_that_was_set_is_sent(
    service: ScriptedService, provider: OpenAIProvider, ask: Reply
) -> None:
    service.on(CHAT, stream(STOP))
    call = ToolCall("t1", FunctionCall("look_up", '{"q": 1}'))
    messages = [
        Message("user", (ContentPart("image_url", image_url=ImageUrl("data:,x")),)),
        Message("assistant", tool_calls=(call,), extra='{"mine": 1}'),
        Message("tool", "found", tool_call_id="t1"),
    ]
    ask(reply(provider, ChatRequest("m", messages, temperature=0.0, max_tokens=5, seed=0)))
    sent = service.requests[0].json
    assert (sent["temperature"], sent["max_tokens"], sent["seed"]) == (0.0, 5, 0)
    assert sent["messages"] == [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]},
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "t1",
                    "type": "function",
                    "function": {"name": "look_up", "arguments": '{"q": 1}'},
                }
            ],
        },
        {"role": "tool", "content": "found", "tool_call_id": "t1"},
    ]


def test_openai_itself_gets_the_new_name_of_the_limit(
    service: ScriptedService, ask: Ask[None]
) -> None:
    async def chat() -> None:
        provider = OpenAIProvider(service.base_url, KEY, Capabilities(), new_limit_name=True)
        await reply(provider, ChatRequest("m", [Message("user", "Hi")], max_tokens=5))
        await provider.close()

    service.on(CHAT, stream(STOP))
    ask(chat())
    assert service.requests[0].json["max_completion_tokens"] == 5
    assert "max_tokens" not in service.requests[0].json


@pytest.mark.parametrize("status", [400, 422])
def test_a_service_that_knows_no_stream_options_is_asked_without(
    service: ScriptedService, provider: OpenAIProvider, ask: Reply, status: int
) -> None:
    service.on(CHAT, error(status, "unknown field stream_options"), stream(piece("Hi"), STOP))
    expected = [ChatDelta("Hi"), ChatDelta("", "stop")]
    assert ask(reply(provider)) == expected
    assert ask(reply(provider)) == expected
    assert ["stream_options" in each.json for each in service.requests] == [True, False, False]


def test_a_refusal_about_something_else_stands(
    service: ScriptedService, provider: OpenAIProvider, ask: Reply
) -> None:
    service.on(CHAT, error(400, "too long", "context_length_exceeded"))
    with pytest.raises(ProviderError) as caught:
        ask(reply(provider))
    assert caught.value.kind is ErrorKind.REFUSED
    assert len(service.requests) == 1


def test_a_stream_without_an_end_mark_is_a_reply(
    service: ScriptedService, provider: OpenAIProvider, ask: Reply
) -> None:
    service.on(CHAT, stream(piece("Hi"), done=False))
    assert ask(reply(provider)) == [ChatDelta("Hi"), ChatDelta()]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (stream(piece("Hi"), cut=True, done=False), ErrorKind.NO_CONNECTION),
        (stream(piece("Hi"), {"error": {"message": "oops"}}), ErrorKind.SERVICE_FAULT),
        (
            stream(piece("Hi"), {"error": {"message": "m", "type": "insufficient_quota"}}),
            ErrorKind.NO_CREDIT,
        ),
        (
            stream(piece("Hi"), {"error": {"message": "m", "code": "context_length_exceeded"}}),
            ErrorKind.REFUSED,
        ),
        (stream(piece("Hi"), "no object"), ErrorKind.SERVICE_FAULT),
    ],
)
def test_what_goes_wrong_in_the_middle_comes_after_what_was_said(
    service: ScriptedService,
    provider: OpenAIProvider,
    ask: Ask[None],
    answer: Answer,
    kind: ErrorKind,
) -> None:
    said: list[str] = []

    async def chat() -> None:
        async for delta in provider.chat(REQUEST):
            said.append(delta.text)  # noqa: PERF401  # what came before the error counts

    service.on(CHAT, answer)
    with pytest.raises(ProviderError) as caught:
        ask(chat())
    assert caught.value.kind is kind
    assert said == ["Hi"]
    assert len(service.requests) == 1


class Endless:
    """Streams until the connection is closed."""

    def __init__(self) -> None:
        self.closed_at = 0.0

    async def write(self, writer: asyncio.StreamWriter) -> None:
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked"
        writer.write(f"{head}\r\n\r\n".encode())
        try:
            while True:
                writer.write(chunk('data: {"choices": [{"delta": {"content": "x"}}]}\n\n'))
                await writer.drain()
                await asyncio.sleep(0.002)
        except ConnectionError:
            self.closed_at = time.monotonic()
            raise


def stopped_by_closing(provider: OpenAIProvider) -> Coroutine[Any, Any, float]:
    async def chat() -> float:
        async with aclosing(provider.chat(REQUEST)) as deltas:
            async for _ in deltas:
                break
            return time.monotonic()
        return 0.0

    return chat()


def stopped_by_cancelling(provider: OpenAIProvider) -> Coroutine[Any, Any, float]:
    async def chat() -> float:
        task = asyncio.create_task(reply(provider))
        await asyncio.sleep(0.1)
        stopped = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return stopped

    return chat()


@pytest.mark.parametrize("stop", [stopped_by_closing, stopped_by_cancelling])
def test_stop_closes_the_connection(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Any], stop: Stop
) -> None:
    endless = Endless()
    service.on(CHAT, Answer(write=endless.write))
    stopped = ask(stop(provider))
    for _ in range(100):
        if endless.closed_at:
            break
        time.sleep(0.01)
    assert 0 < endless.closed_at - stopped < 0.5
    service.on(CHAT, stream(piece("again"), STOP))
    assert ask(reply(provider))[0] == ChatDelta("again")
