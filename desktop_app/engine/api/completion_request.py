"""What may be asked of /completions (SPEC `CreateCompletionRequest`)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from msgspec import Meta

from desktop_app.engine.api.chat_request import SamplingBody, not_supported
from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.errors import ApiError

Token = Annotated[int, Meta(ge=0, le=2**31)]
DEFAULT_TOKENS = 16
_MOST_CHOICES = 128


class CompletionBody(SamplingBody, frozen=True, kw_only=True):
    """The body of POST /completions."""

    prompt: str | Annotated[list[str | Token | list[Token]], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    suffix: str | None = None
    best_of: Annotated[int, Meta(ge=0, le=20)] | None = None

    def check_completion(self) -> None:
        """Raise ApiError for what is not offered or contradicts itself."""
        self.check()
        if self.suffix:
            raise not_supported("suffix", "no model here fills in between two texts")
        wanted, best_of = self.n or 1, self.best_of or self.n or 1
        if best_of < wanted:
            message = "Invalid value for 'best_of': it must not be less than 'n'."
            raise ApiError(400, message, param="best_of")
        if self.stream and best_of > wanted:
            message = "Invalid value for 'best_of': results cannot be streamed with it."
            raise ApiError(400, message, param="best_of")
        if len(self.prompts()) * best_of > _MOST_CHOICES:
            message = f"Too many completions: at most {_MOST_CHOICES} in one request."
            raise ApiError(400, message, param="prompt")

    def prompts(self) -> list[str | Sequence[int]]:
        """Return the prompts, each as text or tokens. Raises ApiError."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if all(isinstance(part, int) for part in self.prompt):
            return [[part for part in self.prompt if isinstance(part, int)]]
        apart = [part for part in self.prompt if not isinstance(part, int)]
        if len(apart) < len(self.prompt) or len({type(part) for part in apart}) > 1:
            message = "Invalid type for 'prompt': texts and tokens cannot be mixed."
            raise ApiError(400, message, param="prompt")
        return list(apart)

    @property
    def wanted_tokens(self) -> int:
        """The most tokens that are to be written; 0 to score the prompt alone."""
        return DEFAULT_TOKENS if self.max_tokens is None else self.max_tokens

    def candidates(self, limit: int) -> Sampling:
        """Return how to choose the tokens of all candidates for one prompt."""
        choices = self.best_of or self.n or 1
        ranked = choices > (self.n or 1)
        top = self.logprobs if self.logprobs is not None else 0 if ranked else None
        return replace(self.sampling(limit), choices=choices, top_logprobs=top)
