"""/v1/completions: plain continuation, and the log-probabilities of a text that is given.

With echo, logprobs 0 and max_tokens 0 nothing is written: the prompt itself is scored, which is
how a wanted reply is compared between models.
"""

import math
import time
from typing import Annotated

import numpy as np
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desktop_app.engine.api.chat_api import usage_body
from desktop_app.engine.api.chat_request import SamplingBody, not_supported
from desktop_app.engine.api.model_access import ModelAccess, Session, collect
from desktop_app.engine.backends.backend import GeneratedPiece, Model, TokenIds
from desktop_app.engine.errors import ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.requests import json_answer, read_json

Token = Annotated[int, Meta(ge=0, le=2**31)]
DEFAULT_TOKENS = 16


class CompletionBody(SamplingBody, frozen=True, kw_only=True):
    """The body of POST /completions."""

    prompt: str | Annotated[list[Token], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    stream: bool | None = None
    suffix: str | None = None
    best_of: int | None = None

    def check_completion(self) -> None:
        """Raise ApiError for what is not offered."""
        self.check()
        for name in ("stream", "suffix"):
            if getattr(self, name):
                raise not_supported(name)
        if self.best_of not in (None, 1):
            raise not_supported("best_of")
        if self.logprobs is not None and (self.logprobs > 0 or self.writes or not self.echo):
            message = "Only the prompt can be scored: use echo with logprobs 0 and max_tokens 0."
            raise ApiError(400, message, param="logprobs", code="unsupported_parameter")

    @property
    def writes(self) -> bool:
        """Whether anything is to be generated."""
        return self.max_tokens != 0


class CompletionsApi:
    """The endpoint of plain completions."""

    def __init__(self, access: ModelAccess) -> None:
        self._access = access

    def routes(self) -> list[Route]:
        """Return the route under /v1."""
        return [Route("/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Continue a prompt, or score it."""
        body = await read_json(request, CompletionBody)
        body.check_completion()
        session = await self._access.session(body.model)
        prompt = await _prompt_tokens(session, body)
        scores = None
        if body.logprobs is not None:
            scores = await session.run(lambda model: _scores(model, prompt))
        reply = GeneratedPiece("", 0, "length")
        if body.writes:
            wanted = DEFAULT_TOKENS if body.max_tokens is None else body.max_tokens
            limit = await session.room(len(prompt), wanted, "prompt")
            reply = await collect(request, session.generate(prompt, body.sampling(limit)))
        echo = await session.run(lambda model: model.detokenize(prompt)) if body.echo else ""
        return json_answer(
            {
                "id": random_id("cmpl-"),
                "object": "text_completion",
                "created": int(time.time()),
                "model": body.model,
                "choices": [
                    {
                        "index": 0,
                        "text": echo + reply.text,
                        "finish_reason": reply.finish_reason,
                        "logprobs": scores,
                    }
                ],
                "usage": usage_body(len(prompt), reply.completion_tokens),
            }
        )


async def _prompt_tokens(session: Session, body: CompletionBody) -> TokenIds:
    given = body.prompt
    if isinstance(given, str):
        tokens = await session.run(lambda model: model.tokenize(given))
    else:
        tokens = np.array(given, np.int64)
        await session.run(lambda model: _check_known(model, tokens))
    if not len(tokens):
        raise ApiError(400, "The prompt is empty.", param="prompt")
    await session.room(len(tokens) - 1, 1, "prompt")
    return tokens


def _check_known(model: Model, tokens: TokenIds) -> None:
    """Refuse numbers that stand for nothing. Raises ApiError."""
    for token in np.unique(tokens):
        if not model.detokenize(np.array([token])):
            message = f"The model does not know the token {token}."
            raise ApiError(400, message, param="prompt")


def _scores(model: Model, prompt: TokenIds) -> dict[str, object]:
    """Return log p of every token but the first, which nothing precedes."""
    tokens = [model.detokenize(prompt[place : place + 1]) for place in range(len(prompt))]
    offsets, offset = [], 0
    for token in tokens:
        offsets.append(offset)
        offset += len(token)
    values = model.score(prompt).tolist()
    return {
        "tokens": tokens,
        "token_logprobs": [None if math.isnan(value) else value for value in values],
        "top_logprobs": None,
        "text_offset": offsets,
    }
