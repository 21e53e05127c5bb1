"""/v1/chat/completions: an answer at once, or as a stream of server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from desktop_app.engine.api.chat_messages import check_messages
from desktop_app.engine.api.chat_reply import Reply, ReplyForm
from desktop_app.engine.api.chat_request import ChatBody, plain_messages, read_body
from desktop_app.engine.api.chat_tools import ToolPlan, plan_tools
from desktop_app.engine.api.event_stream import EventStream, answer_head, usage_body
from desktop_app.engine.api.model_access import ModelAccess, while_awaited
from desktop_app.engine.api.response_format import reply_grammar
from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, ToolCallForm
from desktop_app.engine.errors import ApiError, not_offered
from desktop_app.engine.requests import json_answer


@dataclass(frozen=True)
class _Asked:
    """A request that was found to be sound."""

    body: ChatBody
    tools: ToolPlan
    grammar: str | None

    def sampling(self, limit: int, form: ToolCallForm) -> Sampling:
        """Return how to choose tokens."""
        sampling = self.body.sampling(limit)
        stop = list(sampling.stop)
        if self.tools.offered and not self.tools.several and form.after:
            stop.append(form.after.strip())  # a reply with one call is over with it
        return replace(
            sampling,
            stop=stop,
            top_logprobs=(self.body.top_logprobs or 0) if self.body.logprobs else None,
            grammar=self.grammar or self.tools.grammar(form),
        )


class ChatApi:
    """The endpoint of chats."""

    def __init__(self, access: ModelAccess) -> None:
        self._access = access

    def routes(self) -> list[Route]:
        """Return the routes under /v1."""
        return [
            Route("/chat/completions", self.create, methods=["POST"]),
            Route("/chat/completions", self.stored, methods=["GET"]),
            Route("/chat/completions/{rest:path}", self.stored, methods=["GET", "POST", "DELETE"]),
        ]

    def stored(self, _request: Request) -> Response:
        """Answer who asks for chats of before: none is kept, whatever `store` said."""
        return not_offered("stored chat completions; none is kept").response()

    async def create(self, request: Request) -> Response:
        """Continue a conversation."""
        body = await read_body(request, ChatBody)
        try:
            asked = _checked(body)
            session = await self._access.session(body.model)
            form = await session.run(lambda model: model.tool_call_form)
            prompt = await session.prompt(
                plain_messages(body.messages), tools=asked.tools.offered or None
            )
            limit = await session.room(len(prompt), body.limit, "messages")
            sampling = await session.checked(
                asked.sampling(limit, form),
                "response_format" if asked.grammar else "tool_choice",
                must_hold=asked.grammar is not None or asked.tools.must_call,
            )
            sampling = await session.settled(prompt, sampling)
        except RecursionError as error:
            message = "The body of the request is nested too deeply."
            raise ApiError(400, message) from error
        reply = Reply(
            ReplyForm(asked.tools.names, asked.tools.several, bool(body.logprobs)),
            sampling.choices,
        )
        pieces = session.generate(prompt, sampling)
        fingerprint = session.fingerprint(sampling)
        if body.stream:
            chunks = _chunks(body, fingerprint, reply, pieces, len(prompt))
            return StreamingResponse(chunks, media_type="text/event-stream")
        async with aclosing(while_awaited(request, pieces)) as awaited:
            async for piece in awaited:
                for _ in reply.add(piece):
                    pass
        head = _head(body, fingerprint, "chat.completion")
        usage = usage_body(len(prompt), reply.completion_tokens)
        return json_answer(head | {"choices": reply.choices(), "usage": usage})


def _checked(body: ChatBody) -> _Asked:
    """Find out what is asked. Raises ApiError."""
    body.check_chat()
    plain_messages(body.messages)
    check_messages(body.messages)
    tools, grammar = plan_tools(body), reply_grammar(body.response_format)
    if grammar is not None and tools.offered:
        message = "'response_format' and 'tools' cannot both hold for a reply of this service."
        raise ApiError(400, message, param="response_format", code="unsupported_parameter")
    return _Asked(body, tools, grammar)


def _head(body: ChatBody, fingerprint: str, kind: str) -> dict[str, object]:
    head = answer_head("chatcmpl-", kind, body.model, fingerprint)
    return head if body.service_tier is None else head | {"service_tier": "default"}


async def _chunks(
    body: ChatBody,
    fingerprint: str,
    reply: Reply,
    pieces: AsyncGenerator[GeneratedPiece],
    prompt_tokens: int,
) -> AsyncGenerator[bytes]:
    """Yield the events; the client's going away closes `pieces` and so stops the model."""
    stream = EventStream(_head(body, fingerprint, "chat.completion.chunk"), body.with_usage)

    async def told() -> AsyncGenerator[bytes]:
        for choice in reply.opening():
            yield stream.event([choice])
        async with aclosing(pieces):
            async for piece in pieces:
                for choice in reply.add(piece):
                    yield stream.event([choice])

    async with aclosing(stream.whole(told())) as events:
        async for event in events:
            yield event
    if not stream.is_broken:
        for event in stream.ending(usage_body(prompt_tokens, reply.completion_tokens)):
            yield event
