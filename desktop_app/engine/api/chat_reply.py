"""Words the choices of a chat: whole messages, or what a stream adds to them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from desktop_app.engine.api.tool_calls import Said, ToolCall, ToolCallReader
from desktop_app.engine.backends.backend import GeneratedPiece, LikelyToken, ScoredToken


@dataclass(frozen=True)
class ReplyForm:
    """What of a reply is told: the functions it may call, and whether its tokens are scored."""

    functions: Collection[str] = ()
    several_calls: bool = True
    logprobs: bool = False


@dataclass
class _Choice:
    """What one choice has said so far."""

    reader: ToolCallReader
    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    scored: list[ScoredToken] = field(default_factory=list)
    tokens: int = 0
    finish_reason: str | None = None


class Reply:
    """Takes the pieces of all choices."""

    def __init__(self, form: ReplyForm, choices: int) -> None:
        self._form = form
        self._choices = [_Choice(ToolCallReader(form.functions)) for _ in range(choices)]

    @property
    def completion_tokens(self) -> int:
        """The tokens of all choices."""
        return sum(choice.tokens for choice in self._choices)

    def add(self, piece: GeneratedPiece) -> Iterator[dict[str, object]]:
        """Take a piece; yield the choices of the chunks that a stream tells it by."""
        choice = self._choices[piece.choice]
        choice.tokens = piece.completion_tokens
        choice.scored += piece.scored
        scored: Sequence[ScoredToken] = piece.scored
        said = choice.reader.add(piece.text)
        if piece.finish_reason:
            said += choice.reader.finish()
        for part in said:
            for delta in self._deltas(choice, part):
                yield self._chunk(piece.choice, delta, scored)
                scored = ()
        if scored:
            yield self._chunk(piece.choice, {}, scored)
        if piece.finish_reason:
            choice.finish_reason = "tool_calls" if choice.calls else piece.finish_reason
            yield self._chunk(piece.choice, {}, (), choice.finish_reason)

    def opening(self) -> Iterator[dict[str, object]]:
        """Yield the choices of the chunks with which a stream begins."""
        for index in range(len(self._choices)):
            yield self._chunk(index, {"role": "assistant", "content": "", "refusal": None}, ())

    def choices(self) -> list[dict[str, object]]:
        """Return the choices of a whole answer."""
        return [
            {
                "index": index,
                "message": _message(choice),
                "finish_reason": choice.finish_reason or "stop",
                "logprobs": self._logprobs(choice.scored),
            }
            for index, choice in enumerate(self._choices)
        ]

    def _deltas(self, choice: _Choice, said: Said) -> Iterator[dict[str, Any]]:
        if isinstance(said, str):
            choice.text += said
            yield {"content": said}
        elif not choice.calls or self._form.several_calls:
            index = len(choice.calls)
            choice.calls.append(said)
            begun = said.body() | {"function": {"name": said.name, "arguments": ""}}
            yield {"tool_calls": [{"index": index} | begun]}
            yield {"tool_calls": [{"index": index, "function": {"arguments": said.arguments}}]}

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        scored: Sequence[ScoredToken],
        finish_reason: str | None = None,
    ) -> dict[str, object]:
        logprobs = self._logprobs(scored) if scored else None
        return {
            "index": index,
            "delta": delta,
            "finish_reason": finish_reason,
            "logprobs": logprobs,
        }

    def _logprobs(self, scored: Sequence[ScoredToken]) -> dict[str, object] | None:
        if not self._form.logprobs:
            return None
        content = [
            _token(one) | {"top_logprobs": [_token(other) for other in one.likeliest]}
            for one in scored
        ]
        return {"content": content, "refusal": None}


def _message(choice: _Choice) -> dict[str, object]:
    message: dict[str, object] = {
        "role": "assistant",
        "content": choice.text if choice.text or not choice.calls else None,
        "refusal": None,
        "annotations": [],
    }
    if choice.calls:
        message["tool_calls"] = [call.body() for call in choice.calls]
    return message


def _token(token: LikelyToken) -> dict[str, object]:
    return {
        "token": token.content.decode(errors="replace"),
        "logprob": token.logprob,
        "bytes": list(token.content),
    }
