"""What whole and streamed answers of both endpoints share: their head, their usage, their end."""

import logging
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing

import msgspec

from desktop_app.engine.errors import SERVER_ERROR, ApiError
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.service_log import where

log = logging.getLogger(__name__)


def answer_head(prefix: str, kind: str, model: str, fingerprint: str) -> dict[str, object]:
    """Return what stands first in an answer, and in each chunk of a stream."""
    return {
        "id": random_id(prefix),
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": fingerprint,
    }


def usage_body(prompt_tokens: int, completion_tokens: int) -> dict[str, object]:
    """Return the token counts as the protocol has them; nothing is taken from a cache here."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


class EventStream:
    """Words chunks of one head, then the usage if asked for, then [DONE]."""

    def __init__(self, head: Mapping[str, object], with_usage: bool) -> None:
        self._head = dict(head)
        self._with_usage = with_usage
        self.is_broken = False

    def event(self, choices: Sequence[object]) -> bytes:
        """Return one chunk."""
        rest: dict[str, object] = {"choices": choices}
        if self._with_usage:
            rest["usage"] = None
        return self._event(self._head | rest)

    def ending(self, usage: Mapping[str, object]) -> Iterator[bytes]:
        """Yield what ends a stream that went well."""
        if self._with_usage:
            yield self._event(self._head | {"choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"

    async def whole(self, events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Pass events on; if they fail, say so in the stream, for its answer has begun."""
        try:
            async with aclosing(events):
                async for event in events:
                    yield event
        except ApiError as error:
            self.is_broken = True
            yield b"data: " + error.body() + b"\n\n"
        except Exception as error:  # noqa: BLE001  # the answer has begun: it can only say so
            log.error("a stream broke off: %s", where(error))
            self.is_broken = True
            broken = ApiError(500, "The model failed while answering.", type_=SERVER_ERROR)
            yield b"data: " + broken.body() + b"\n\n"

    def _event(self, body: Mapping[str, object]) -> bytes:
        return b"data: " + msgspec.json.encode(body) + b"\n\n"
