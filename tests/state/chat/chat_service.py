"""A service that chats and scores as it is told, on loopback."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from tests.provider.scripted_service import Answer, Request, ScriptedService, chunk, error

HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
Speaker = Callable[[str, str], str]


class ChatService(ScriptedService):
    """`speak(model, last message)` gives the reply, sent word by word.

    `pause`: seconds between two words. `break_after`: words after which the connection breaks.
    `faults`: what the next requests for a reply get instead. `loss(model, reply)`: nats a token.
    """

    def __init__(self) -> None:
        super().__init__()
        self.speak: Speaker = lambda model, said: f"{model} heard {said}"
        self.pause = 0.0
        self.break_after: int | None = None
        self.finish_reason = "stop"
        self.faults: list[Answer] = []
        self.loss: Callable[[str, str], float] = lambda _model, _reply: 1.0
        self.open_streams = 0
        self.broken_off = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the requests for replies."""
        return [each.json for each in self.sent("POST /v1/chat/completions")]

    @override
    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path == "/v1/chat/completions" and not self.faults:
            self.requests.append(request)
            await self._talk(request.json, writer)
            raise ConnectionResetError
        if request.path == "/v1/chat/completions":
            self.on("POST /v1/chat/completions", self.faults.pop(0))
        elif request.path == "/tokenize":
            self.on("POST /tokenize", self._tokenized(request.json))
        elif request.path == "/v1/completions":
            self.on("POST /v1/completions", self._scored(request.json))
        await super()._answer(request, writer)

    @override
    async def stop(self) -> None:
        await super().stop()
        await self._quiet.wait()

    async def _talk(self, asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self.open_streams += 1
        self._quiet.clear()
        finished = False
        try:
            writer.write(HEAD.encode())
            words = self.speak(asked["model"], asked["messages"][-1]["content"]).split(" ")
            for place, word in enumerate(words):
                if place == self.break_after:
                    writer.write(b"10\r\nda")
                    finished = True
                    return
                await self._send(writer, delta={"content": f" {word}" if place else word})
                await asyncio.sleep(self.pause)
            await self._send(writer, delta={}, finish_reason=self.finish_reason)
            counts = {"prompt_tokens": 10, "completion_tokens": len(words)}
            await self._put(writer, {"choices": [], "usage": counts})
            writer.write(chunk("data: [DONE]\n\n") + b"0\r\n\r\n")
            finished = True
        finally:
            self.open_streams -= 1
            self.broken_off += not finished
            if not self.open_streams:
                self._quiet.set()

    async def _send(self, writer: asyncio.StreamWriter, **choice: object) -> None:
        await self._put(writer, {"choices": [{"index": 0, **choice}]})

    async def _put(self, writer: asyncio.StreamWriter, event: dict[str, object]) -> None:
        if writer.is_closing():
            raise ConnectionResetError
        writer.write(chunk(f"data: {json.dumps(event)}\n\n"))
        await writer.drain()

    def _tokenized(self, asked: dict[str, Any]) -> Answer:
        """One token a character; the model is named by the first, for the scores to know."""
        text = "".join(f"<{m['role']}>{m['content']}" for m in asked["messages"])
        text += "<assistant>" if asked["add_generation_prompt"] else ""
        tokens = [ord(letter) for letter in text]
        return Answer({"count": len(tokens), "max_model_len": 99, "tokens": tokens})

    def _scored(self, asked: dict[str, Any]) -> Answer:
        text = "".join(map(chr, asked["prompt"]))
        reply = text.rpartition("<assistant>")[2]
        loss = self.loss(asked["model"], reply)
        found = {"tokens": list(text), "token_logprobs": [None, *[-loss] * (len(text) - 1)]}
        return Answer({"choices": [{"index": 0, "text": "", "logprobs": found}]})


def refusal(status: int = 400, code: str = "context_length_exceeded") -> Answer:
    """An answer that says no."""
    return error(status, "It will not do.", code)
