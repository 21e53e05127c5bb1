"""What may be asked of a chat (SPEC `CreateChatCompletionRequest`), as far as this service goes."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.errors import ApiError

MAX_TOKENS = 512
"""How long a reply gets if nothing is said: a small model may never end by itself."""

# A tuple: what a client sends as a role need not be hashable.
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
TokenLimit = Annotated[int, Meta(ge=1)]


class StreamOptions(Struct, frozen=True):
    """`include_usage` asks for a last chunk with the token counts."""

    include_usage: bool = False


class SamplingBody(Struct, frozen=True, kw_only=True):
    """The part that chats and completions share."""

    model: str
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    n: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None

    def check(self) -> None:
        """Raise ApiError for what is part of the protocol but not offered here."""
        for name in ("presence_penalty", "frequency_penalty", "logit_bias"):
            if getattr(self, name):
                raise not_supported(name)
        if self.n not in (None, 1):
            raise not_supported("n")

    def sampling(self, max_tokens: int) -> Sampling:
        """Return how to choose tokens; what is left open is as the protocol has it."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=None if self.seed is None else self.seed % 2**63,
            max_tokens=max_tokens,
            stop=[text for text in stop if text],
        )


class ChatBody(SamplingBody, frozen=True, kw_only=True):
    """The body of POST /chat/completions."""

    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    max_tokens: TokenLimit | None = None
    max_completion_tokens: TokenLimit | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    logprobs: bool | None = None
    response_format: dict[str, Any] | None = None

    def check_chat(self) -> None:
        """Raise ApiError for messages and options that cannot be served."""
        self.check()
        for name in ("tools", "functions", "logprobs"):
            if getattr(self, name):
                raise not_supported(name)
        if (self.response_format or {}).get("type", "text") != "text":
            raise not_supported("response_format")

    @property
    def limit(self) -> int:
        """The most tokens that the reply may have."""
        return self.max_completion_tokens or self.max_tokens or MAX_TOKENS


def plain_messages(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages whose content is text, as chat templates take them. Raises ApiError."""
    return [_plain_message(message, f"messages[{n}]") for n, message in enumerate(messages)]


def _plain_message(message: dict[str, Any], where: str) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        raise ApiError(400, f"Invalid value for '{where}.role'.", param=f"{where}.role")
    if isinstance(content, list):
        content = "\n".join(_part_text(part, f"{where}.content") for part in content)
    if not isinstance(content, str | None):
        raise ApiError(400, f"Invalid type for '{where}.content'.", param=f"{where}.content")
    return {
        **message,
        "role": "system" if role == "developer" else role,
        "content": content or "",
    }


def _part_text(part: object, where: str) -> str:
    if isinstance(part, dict) and part.get("type") in {"text", "refusal"}:
        text = part.get(part["type"])
        if isinstance(text, str):
            return text
    raise ApiError(400, f"'{where}' has a part that is no text.", param=where)


def not_supported(param: str) -> ApiError:
    """Return the answer to an option that the protocol has and this service has not."""
    message = f"Unsupported parameter: '{param}' is not offered by this service."
    return ApiError(400, message, param=param, code="unsupported_parameter")
