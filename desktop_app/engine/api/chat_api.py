"""/v1/chat/completions: an answer at once, or as a stream of server-sent events."""

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from desktop_app.engine.api.chat_request import ChatBody, plain_messages
from desktop_app.engine.api.model_access import ModelAccess, collect
from desktop_app.engine.backends.backend import GeneratedPiece
from desktop_app.engine.errors import SERVER_ERROR, ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.requests import json_answer, read_json
from desktop_app.engine.service_log import where

log = logging.getLogger(__name__)


def usage_body(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Return the token counts as the protocol has them."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


class ChatApi:
    """The endpoint of chats."""

    def __init__(self, access: ModelAccess) -> None:
        self._access = access

    def routes(self) -> list[Route]:
        """Return the route under /v1."""
        return [Route("/chat/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Continue a conversation."""
        body = await read_json(request, ChatBody)
        body.check_chat()
        session = await self._access.session(body.model)
        prompt = await session.prompt(plain_messages(body.messages))
        limit = await session.room(len(prompt), body.limit, "messages")
        pieces = session.generate(prompt, body.sampling(limit))
        if body.stream:
            chunks = _Chunks(body, len(prompt))
            return StreamingResponse(chunks.events(pieces), media_type="text/event-stream")
        reply = await collect(request, pieces)
        return json_answer(
            {
                "id": random_id("chatcmpl-"),
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body.model,
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": reply.text, "refusal": None},
                        "finish_reason": reply.finish_reason,
                        "logprobs": None,
                    }
                ],
                "usage": usage_body(len(prompt), reply.completion_tokens),
            }
        )


class _Chunks:
    """Words a stream: chunks of one id, a last one with the usage if asked for, then [DONE]."""

    def __init__(self, body: ChatBody, prompt_tokens: int) -> None:
        self._with_usage = body.stream_options is not None and body.stream_options.include_usage
        self._prompt_tokens = prompt_tokens
        self._head = {
            "id": random_id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": body.model,
        }

    async def events(self, pieces: AsyncGenerator[GeneratedPiece]) -> AsyncGenerator[bytes]:
        """Yield the events; the client's going away closes `pieces` and so stops the model."""
        completion_tokens = 0
        try:
            async with aclosing(pieces):
                yield self._delta({"role": "assistant", "content": ""})
                async for piece in pieces:
                    completion_tokens = piece.completion_tokens
                    if piece.text:
                        yield self._delta({"content": piece.text})
                    if piece.finish_reason:
                        yield self._delta({}, piece.finish_reason)
        except Exception as error:  # noqa: BLE001  # the answer has begun: it can only say so
            log.error("a stream broke off: %s", where(error))
            broken = ApiError(500, "The model failed while answering.", type_=SERVER_ERROR)
            yield b"data: " + broken.body() + b"\n\n"
            return
        if self._with_usage:
            usage = usage_body(self._prompt_tokens, completion_tokens)
            yield self._event({"choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"

    def _delta(self, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        rest: dict[str, object] = {"choices": [choice]}
        if self._with_usage:
            rest["usage"] = None
        return self._event(rest)

    def _event(self, rest: dict[str, object]) -> bytes:
        return b"data: " + msgspec.json.encode(self._head | rest) + b"\n\n"
