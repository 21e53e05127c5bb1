"""The SDK's own ways to a chat: async, raw, streaming, its helper for streams."""

import asyncio
import json

import pytest
from openai import AsyncOpenAI, BadRequestError, DefaultAsyncHttpx2Client
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam

from tests.engine.service.engine_child import MODEL, TOKEN, Engine

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "what is 3 and 4"}]

ENDS = {"2": 6}
"""Brings the end-of-turn near: the helper does not take replies that were cut short."""


def test_async_clients_at_once(engine: Engine) -> None:
    async def ask() -> list[str | None]:
        client = AsyncOpenAI(
            base_url=engine.base_url,
            api_key=TOKEN,
            max_retries=0,
            http_client=DefaultAsyncHttpx2Client(trust_env=False),
        )
        async with client:
            answers = await asyncio.gather(
                *(
                    client.chat.completions.create(
                        model=MODEL, messages=HELLO, seed=seed, max_tokens=6
                    )
                    for seed in (1, 2, 1)
                )
            )
            stream = await client.chat.completions.create(
                model=MODEL, messages=HELLO, seed=1, max_tokens=6, stream=True
            )
            text = ""
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
            return [*(answer.choices[0].message.content for answer in answers), text]

    first, second, third, streamed = asyncio.run(ask())
    assert first == third == streamed != second


def test_raw_answers_have_every_required_field(engine: Engine) -> None:
    raw = engine.client.chat.completions.with_raw_response.create(
        model=MODEL, messages=HELLO, max_tokens=3
    )
    body = json.loads(raw.text)
    ChatCompletion.model_validate(body, strict=True)
    (choice,) = body["choices"]
    assert set(choice) == {"index", "message", "finish_reason", "logprobs"}
    assert {"role", "content", "refusal"} <= set(choice["message"])
    assert body["object"] == "chat.completion"


def test_raw_chunks_have_every_required_field(engine: Engine) -> None:
    with engine.client.chat.completions.with_streaming_response.create(
        model=MODEL, messages=HELLO, max_tokens=3, stream=True
    ) as response:
        lines = [line for line in response.iter_lines() if line]
    for line in lines[:-1]:
        body = json.loads(line.removeprefix("data: "))
        ChatCompletionChunk.model_validate(body, strict=True)
        assert {"index", "delta", "finish_reason"} <= set(body["choices"][0])
        assert "usage" not in body


def test_the_helper_for_streams(engine: Engine) -> None:
    with engine.client.chat.completions.stream(
        model=MODEL,
        messages=HELLO,
        max_tokens=400,
        logit_bias=ENDS,
        seed=4,
        logprobs=True,
        stream_options={"include_usage": True},
    ) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    whole = engine.client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=400, logit_bias=ENDS, seed=4, logprobs=True
    )
    assert {"chunk", "content.delta", "content.done", "logprobs.content.delta"} <= kinds
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.choices[0].logprobs == whole.choices[0].logprobs
    assert final.usage == whole.usage


def test_an_error_is_one_of_the_sdk(engine: Engine) -> None:
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(model=MODEL, messages=HELLO, temperature=3)
    assert (caught.value.param, caught.value.type) == ("temperature", "invalid_request_error")
