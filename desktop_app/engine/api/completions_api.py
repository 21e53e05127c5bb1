"""/v1/completions: plain continuation, and the log-probabilities of a text that is given.

With echo, logprobs and max_tokens 0 nothing is written: the prompt itself is scored, which is how
a wanted reply is compared between models.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from desktop_app.engine.api.chat_request import read_body
from desktop_app.engine.api.completion_reply import (
    Completion,
    TokenTable,
    best,
    choice_body,
)
from desktop_app.engine.api.completion_request import CompletionBody
from desktop_app.engine.api.event_stream import EventStream, answer_head, usage_body
from desktop_app.engine.api.model_access import (
    ModelAccess,
    Session,
    check_known,
    while_awaited,
)
from desktop_app.engine.backends.backend import (
    GeneratedPiece,
    Model,
    Sampling,
    ScoredToken,
    TokenIds,
)
from desktop_app.engine.errors import ApiError
from desktop_app.engine.requests import json_answer


@dataclass(frozen=True)
class _Prompt:
    """One prompt, read: its tokens, what is echoed of it, and its tokens' scores if asked for."""

    tokens: TokenIds
    echo: str
    scored: list[ScoredToken]
    sampling: Sampling


class CompletionsApi:
    """The endpoint of plain completions."""

    def __init__(self, access: ModelAccess) -> None:
        self._access = access

    def routes(self) -> list[Route]:
        """Return the route under /v1."""
        return [Route("/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Continue prompts, or score them."""
        body = await read_body(request, CompletionBody)
        body.check_completion()
        session = await self._access.session(body.model)
        prompts = [await _read(session, body, given) for given in body.prompts()]
        await session.checked(prompts[0].sampling, "prompt")
        fingerprint = session.fingerprint(*(prompt.sampling for prompt in prompts))
        head = answer_head("cmpl-", "text_completion", body.model, fingerprint)
        if body.stream:
            events = _events(session, body, prompts, EventStream(head, body.with_usage))
            return StreamingResponse(events, media_type="text/event-stream")
        choices: list[dict[str, object]] = []
        written = 0
        for prompt in prompts:
            completions = await _completed(request, session, body, prompt)
            written += sum(one.tokens for one in completions)
            for one in best(completions, body.n or 1):
                choices.append(_whole(len(choices), body, prompt, one))
        usage = usage_body(sum(len(prompt.tokens) for prompt in prompts), written)
        return json_answer(head | {"choices": choices, "usage": usage})


async def _read(session: Session, body: CompletionBody, given: str | object) -> _Prompt:
    if isinstance(given, str):
        tokens = await session.run(lambda model: model.tokenize(given))
    else:
        tokens = np.array(given, np.int64)
        await session.run(lambda model: check_known(model, tokens.tolist(), "prompt"))
    if not len(tokens):
        raise ApiError(400, "The prompt is empty.", param="prompt")
    context_for = len(tokens) if body.wanted_tokens else len(tokens) - 1
    limit = await session.room(context_for, body.wanted_tokens or 1, "prompt")
    echo, scored = "", []
    if body.echo:
        echo = await session.run(lambda model: model.detokenize(tokens))
        if body.logprobs is not None:
            top = body.logprobs
            scored = await session.run(lambda model: _scored(model, tokens, top))
    sampling = await session.settled(tokens, body.candidates(min(limit, body.wanted_tokens)))
    return _Prompt(tokens, echo, scored, sampling)


def _scored(model: Model, prompt: TokenIds, top: int) -> list[ScoredToken]:
    """Return the prompt's tokens with log p of each but the first, which nothing precedes."""
    values = model.score(prompt).tolist()
    likeliest = [[], *model.likeliest(prompt, top)] if top else [[]] * len(values)
    contents = [model.token_bytes(int(token)) for token in prompt]
    return [
        ScoredToken(content, value, others)
        for content, value, others in zip(contents, values, likeliest, strict=True)
    ]


async def _completed(
    request: Request, session: Session, body: CompletionBody, prompt: _Prompt
) -> list[Completion]:
    completions = [Completion() for _ in range(prompt.sampling.choices)]
    if body.wanted_tokens:
        pieces = session.generate(prompt.tokens, prompt.sampling)
        async with aclosing(while_awaited(request, pieces)) as awaited:
            async for piece in awaited:
                completions[piece.choice].add(piece)
    return completions


def _whole(
    index: int, body: CompletionBody, prompt: _Prompt, completion: Completion
) -> dict[str, object]:
    logprobs = None
    if body.logprobs is not None:
        scored = [*prompt.scored, *completion.scored]
        logprobs = TokenTable().rows(scored, likeliest=body.logprobs > 0)
    return choice_body(index, prompt.echo + completion.text, completion.finish_reason, logprobs)


async def _events(
    session: Session, body: CompletionBody, prompts: list[_Prompt], stream: EventStream
) -> AsyncGenerator[bytes]:
    """Yield the events; the client's going away stops the model."""
    written: dict[int, int] = {}

    async def told() -> AsyncGenerator[bytes]:
        for place, prompt in enumerate(prompts):
            first = place * prompt.sampling.choices
            tables = [TokenTable() for _ in range(prompt.sampling.choices)]
            if prompt.echo:
                for n, table in enumerate(tables):
                    yield stream.event([_echoed(first + n, body, prompt, table)])
            async with aclosing(_pieces(session, body, prompt)) as pieces:
                async for piece in pieces:
                    written[first + piece.choice] = piece.completion_tokens
                    rows = None
                    if body.logprobs is not None:
                        rows = tables[piece.choice].rows(piece.scored, likeliest=body.logprobs > 0)
                    index = first + piece.choice
                    yield stream.event([choice_body(index, piece.text, piece.finish_reason, rows)])

    async with aclosing(stream.whole(told())) as events:
        async for event in events:
            yield event
    if not stream.is_broken:
        usage = usage_body(sum(len(one.tokens) for one in prompts), sum(written.values()))
        for event in stream.ending(usage):
            yield event


def _echoed(
    index: int, body: CompletionBody, prompt: _Prompt, table: TokenTable
) -> dict[str, object]:
    rows = None
    if body.logprobs is not None:
        rows = table.rows(prompt.scored, likeliest=body.logprobs > 0)
    return choice_body(index, prompt.echo, None, rows)


async def _pieces(
    session: Session, body: CompletionBody, prompt: _Prompt
) -> AsyncGenerator[GeneratedPiece]:
    if not body.wanted_tokens:
        for index in range(prompt.sampling.choices):
            yield GeneratedPiece("", 0, "length", index)
        return
    async with aclosing(session.generate(prompt.tokens, prompt.sampling)) as pieces:
        async for piece in pieces:
            yield piece
