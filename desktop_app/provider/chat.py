"""Streaming a reply."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import msgspec
import openai
from openai import omit
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from desktop_app.core.examples.conversation import Message
from desktop_app.provider.conversion import Fields, fields
from desktop_app.provider.provider import ChatDelta, ChatRequest


def wire_messages(messages: Sequence[Message]) -> list[ChatCompletionMessageParam]:
    """Return the messages as the chat endpoint takes them: without what is for training only."""
    sent: list[dict[str, Any]] = [msgspec.to_builtins(message) for message in messages]
    for message in sent:
        message.pop("weight", None)
        message.pop("extra", None)
    return cast("list[ChatCompletionMessageParam]", sent)


class ChatStreams:
    """Streams replies, asking for token counts as long as the service understands that."""

    def __init__(self, client: openai.AsyncOpenAI, *, new_limit_name: bool) -> None:
        self._client = client
        self._new_limit_name = new_limit_name
        self._asks_usage = True

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield the text as it comes, then one delta with the reason and the counts.

        Raises what the SDK raises. Closing it closes the connection, which stops the service.
        """
        finish_reason: str | None = None
        usage: Fields = {}
        async with await self._open(request) as chunks:
            async for chunk in chunks:
                sent = fields(chunk)
                usage = _object(sent.get("usage")) or usage
                choice = _first(sent.get("choices"))
                delta = _object(choice.get("delta"))
                text = delta.get("content") or delta.get("refusal")
                if isinstance(text, str):
                    yield ChatDelta(text=text)
                reason = choice.get("finish_reason")
                finish_reason = reason if isinstance(reason, str) else finish_reason
        yield ChatDelta(
            finish_reason=finish_reason,
            prompt_tokens=_count(usage.get("prompt_tokens")),
            completion_tokens=_count(usage.get("completion_tokens")),
        )

    async def _open(self, request: ChatRequest) -> openai.AsyncStream[ChatCompletionChunk]:
        try:
            return await self._send(request, with_usage=self._asks_usage)
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if not self._asks_usage or "stream_options" not in str(error.body):
                raise
        self._asks_usage = False
        return await self._send(request, with_usage=False)

    async def _send(
        self, request: ChatRequest, *, with_usage: bool
    ) -> openai.AsyncStream[ChatCompletionChunk]:
        limit = omit if request.max_tokens is None else request.max_tokens
        return await self._client.chat.completions.create(
            model=request.model,
            messages=wire_messages(request.messages),
            stream=True,
            stream_options={"include_usage": True} if with_usage else omit,
            temperature=omit if request.temperature is None else request.temperature,
            seed=omit if request.seed is None else request.seed,
            # OpenAI has renamed it; older servers know the old name alone.
            max_completion_tokens=limit if self._new_limit_name else omit,
            max_tokens=omit if self._new_limit_name else limit,
        )


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Fields:
    # The chunk with the counts has no choices.
    return _object(value[0]) if isinstance(value, list) and value else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None
