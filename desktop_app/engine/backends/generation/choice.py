"""One continuation of a prompt: which token comes next, and what of its text may be let out."""

from collections.abc import Sequence

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, ScoredToken
from desktop_app.engine.backends.generation.grammar import Constraint
from desktop_app.engine.backends.generation.sampling import Sampler, scored
from desktop_app.engine.backends.text.tokenizer import TextStream, Tokenizer

_SHOWN = (b"<tool_call>", b"</tool_call>")
"""Tokens of their own in some vocabularies, and yet part of what a reply says."""


def hidden_tokens(tokenizer: Tokenizer) -> frozenset[int]:
    """Return the special tokens of which a reply's reader sees nothing."""
    return frozenset(t for t in tokenizer.special if tokenizer.content(t) not in _SHOWN)


class Choice:
    """Takes logits one after another; `token` is the last one chosen."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        sampling: Sampling,
        index: int,
        constraint: Constraint | None,
    ) -> None:
        self._tokenizer = tokenizer
        self._index = index
        self._most = sampling.max_tokens
        self._top = sampling.top_logprobs
        self._sampler = Sampler(sampling, index, constraint)
        self._stream = TextStream(tokenizer)
        self._guard = StopGuard(sampling.stop)
        self._released = _Released()
        self._count = 0
        self.token = -1
        self.ended = False

    def take(self, logits: Array) -> GeneratedPiece | None:
        """Choose the next token given the logits of all (V,); return what can be said now.

        Raises GrammarError.
        """
        self._count += 1
        self.token = self._sampler.choose(logits)
        if self.token in self._tokenizer.endings:
            return self._last("stop")
        text = self._text_of(self.token)
        if self._top is not None:
            one = scored(self._tokenizer, logits, self.token, self._top)
            self._released.add(one, len(text))
        text = self._guard.add(text)
        if self._guard.stopped:
            return self._end(text, "stop")
        if self._sampler.is_complete or self._count >= self._most:
            return self._last("stop" if self._sampler.is_complete else "length", text)
        return self._piece(text) if text else None

    def _text_of(self, token: int) -> str:
        content = self._tokenizer.content(token)
        return content.decode() if content in _SHOWN else self._stream.add(token)

    def _last(self, reason: str, text: str = "") -> GeneratedPiece:
        """Let out what was held back."""
        text += self._guard.add(self._stream.finish())
        text += self._guard.rest()
        return self._end(text, "stop" if self._guard.stopped else reason)

    def _end(self, text: str, reason: str) -> GeneratedPiece:
        self.ended = True
        if not self._guard.stopped:
            self._released.whole()
        return self._piece(text, reason)

    def _piece(self, text: str, reason: str | None = None) -> GeneratedPiece:
        behind = self._released.until(len(text))
        return GeneratedPiece(text, self._count, reason, self._index, behind)


class _Released:
    """Keeps tokens until their text is let out; those of a stop string never are."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, ScoredToken]] = []
        self._written = 0
        self._let_out = 0
        self._is_whole = False

    def add(self, token: ScoredToken, characters: int) -> None:
        """Keep a token that adds so many characters."""
        self._waiting.append((self._written, token))
        self._written += characters

    def whole(self) -> None:
        """The reply is at its end: nothing is held back any more."""
        self._is_whole = True

    def until(self, characters: int) -> Sequence[ScoredToken]:
        """Return the tokens that begin in the next so many characters."""
        self._let_out += characters
        count = sum(start < self._let_out or self._is_whole for start, _ in self._waiting)
        out, self._waiting = self._waiting[:count], self._waiting[count:]
        return [token for _, token in out]


class StopGuard:
    """Lets text pass until one of the stop strings; holds back what may be the start of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def add(self, text: str) -> str:
        """Return what is certain not to belong to a stop string."""
        held = self._held + text
        found = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if found or self.stopped:
            self.stopped, self._held = True, ""
            return held[: min(found, default=0)]
        keep = max((overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def rest(self) -> str:
        """Return what was held back, now that nothing more comes."""
        held, self._held = self._held, ""
        return held


def overlap(text: str, stop: str) -> int:
    """Return how many of the last characters of a text may begin the stop string."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
