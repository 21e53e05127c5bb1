"""What may be asked of a chat (SPEC `CreateChatCompletionRequest`), as far as this service goes."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct
from starlette.requests import Request

from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.errors import ApiError
from desktop_app.engine.requests import read_json

MAX_TOKENS = 512
"""How long a reply gets if nothing is said: a small model may never end by itself."""

# A tuple: what a client sends as a role need not be hashable.
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
TokenLimit = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Bias = Annotated[float, Meta(ge=-100, le=100)]
T = TypeVar("T")


class StreamOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """`include_usage` asks for a last chunk with the token counts; nothing is obfuscated here."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class SamplingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part that chats and completions share; `user` is taken and not used."""

    model: str
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[str, Bias] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    def check(self) -> None:
        """Raise ApiError for fields that contradict each other."""
        if self.stream_options is not None and not self.stream:
            message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            raise ApiError(400, message, param="stream_options")
        for token in self.logit_bias or ():
            if not re.fullmatch("[0-9]{1,9}", token):
                message = f"Invalid key in 'logit_bias': {token[:40]!r}. Expected a token's number."
                raise ApiError(400, message, param="logit_bias")

    @property
    def with_usage(self) -> bool:
        """Whether a stream is to end with the token counts."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def sampling(self, max_tokens: int) -> Sampling:
        """Return how to choose tokens; what is left open is as the protocol has it."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=None if self.seed is None else self.seed % 2**63,
            max_tokens=max_tokens,
            stop=[text for text in stop if text],
            presence_penalty=self.presence_penalty or 0.0,
            frequency_penalty=self.frequency_penalty or 0.0,
            logit_bias={int(token): bias for token, bias in (self.logit_bias or {}).items()},
            choices=self.n or 1,
        )


class ChatBody(SamplingBody, frozen=True, kw_only=True):
    """The body of POST /chat/completions.

    Taken and without effect here, as documented: store (nothing is kept), metadata, user,
    safety_identifier, the prompt cache's fields, service_tier, prediction.
    """

    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    max_tokens: TokenLimit | None = None
    max_completion_tokens: TokenLimit | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    tools: Annotated[list[dict[str, Any]], Meta(max_length=128)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    store: bool | None = None
    metadata: (
        Annotated[
            dict[
                Annotated[str, Meta(max_length=64)],
                Annotated[str, Meta(max_length=512)],
            ],
            Meta(max_length=16),
        ]
        | None
    ) = None
    safety_identifier: Annotated[str, Meta(max_length=64)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "in-memory", "24h"] | None = None
    prompt_cache_options: dict[str, Any] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    prediction: dict[str, Any] | None = None
    modalities: list[str] | None = None
    verbosity: str | None = None
    reasoning_effort: str | None = None
    audio: dict[str, Any] | None = None
    web_search_options: dict[str, Any] | None = None
    moderation: dict[str, Any] | None = None
    functions: list[Any] | None = None
    function_call: str | dict[str, Any] | None = None

    def check_chat(self) -> None:
        """Raise ApiError for options that cannot be served or contradict each other."""
        self.check()
        for name in _NOT_OFFERED:
            if getattr(self, name) is not None:
                raise not_supported(name)
        if self.modalities not in (None, ["text"]):
            raise ApiError(400, "Only 'text' is offered as a modality.", param="modalities")
        if self.verbosity not in (None, "medium"):
            raise not_supported("verbosity")
        if self.reasoning_effort not in (None, "none"):
            raise not_supported("reasoning_effort")
        if self.top_logprobs is not None and not self.logprobs:
            message = "Invalid value for 'top_logprobs': it needs 'logprobs' to be true."
            raise ApiError(400, message, param="top_logprobs")

    @property
    def limit(self) -> int:
        """The most tokens that the reply may have."""
        return self.max_completion_tokens or self.max_tokens or MAX_TOKENS


_NOT_OFFERED = ("functions", "function_call", "audio", "web_search_options", "moderation")


async def read_body(request: Request, kind: type[T]) -> T:
    """Return the body as a struct. Raises ApiError, for a field that nobody knows too."""
    try:
        return await read_json(request, kind)
    except ApiError as error:
        unknown = re.search(r"unknown field `(.*?)`(?: - at `\$\.?(.*)`)?", str(error.__cause__))
        if unknown is None:
            raise
        name = ".".join(filter(None, [unknown[2], unknown[1][:100]]))
        message = f"Unknown parameter: '{name}'."
        raise ApiError(400, message, param=name, code="unknown_parameter") from error


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
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind in ("text", "refusal"):
        text = part.get(str(kind))
        if isinstance(text, str):
            return text
    if kind in ("image_url", "input_audio", "file"):
        message = f"'{where}' has a part of type '{kind}'. The models here read text only."
        raise ApiError(400, message, param=where, code="unsupported_content")
    raise ApiError(400, f"'{where}' has a part that is no text.", param=where)


def not_supported(param: str, why: str = "it is not offered by this service") -> ApiError:
    """Return the answer to an option that the protocol has and this service has not."""
    message = f"Unsupported parameter: '{param}': {why}."
    return ApiError(400, message, param=param, code="unsupported_parameter")
