"""Words the choices of /completions: texts, and the log-probabilities of their tokens."""

import codecs
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from desktop_app.engine.backends.backend import GeneratedPiece, LikelyToken, ScoredToken


class TokenTable:
    """Tokens beside one another, as the protocol's `logprobs` has them, from the text's begin on.

    Where in the text a token begins is told in characters.
    """

    def __init__(self) -> None:
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def rows(self, scored: Iterable[ScoredToken], *, likeliest: bool) -> dict[str, object]:
        """Return the next tokens; a log-probability that is none (the first's) as null."""
        offsets, tokens = [], list(scored)
        for token in tokens:
            offsets.append(self._offset)
            self._offset += len(self._decoder.decode(token.content))
        return {
            "tokens": [_named(token) for token in tokens],
            "token_logprobs": [_finite(token.logprob) for token in tokens],
            "top_logprobs": [_likeliest(token) for token in tokens] if likeliest else None,
            "text_offset": offsets,
        }


@dataclass
class Completion:
    """One candidate as it is written; `prompt` are the tokens echoed before it, if scored."""

    text: str = ""
    scored: list[ScoredToken] = field(default_factory=list)
    tokens: int = 0
    finish_reason: str = "length"

    def add(self, piece: GeneratedPiece) -> None:
        """Take the next piece."""
        self.text += piece.text
        self.scored += piece.scored
        self.tokens = piece.completion_tokens
        self.finish_reason = piece.finish_reason or self.finish_reason

    @property
    def mean_logprob(self) -> float:
        """How likely its tokens are to the model: by this the best is chosen."""
        values = [token.logprob for token in self.scored]
        return math.fsum(values) / len(values) if values else -math.inf


def best(completions: Sequence[Completion], wanted: int) -> list[Completion]:
    """Return the likeliest candidates, the likeliest first; all in order if all are wanted."""
    if wanted == len(completions):
        return list(completions)
    return sorted(completions, key=lambda one: -one.mean_logprob)[:wanted]


def choice_body(
    index: int, text: str, finish_reason: str | None, logprobs: dict[str, object] | None
) -> dict[str, object]:
    """Return a choice, whole or of a chunk."""
    return {"index": index, "text": text, "finish_reason": finish_reason, "logprobs": logprobs}


def _named(token: LikelyToken) -> str:
    """Return a token's text, or its bytes where they are no text, as the protocol writes them."""
    try:
        return token.content.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in token.content)


def _likeliest(token: ScoredToken) -> dict[str, float] | None:
    """The likeliest tokens, and the one that came if it is not among them; null for the first."""
    if math.isnan(token.logprob):
        return None
    return {_named(one): one.logprob for one in (*token.likeliest, token)}


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else value
