"""What of a reply's text may be let out: whole characters, and nothing of a stop string."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from desktop_app.engine.backends.backend import GeneratedPiece, Model, Sampling, TokenIds
from desktop_app.engine.backends.generation.choice import StopGuard, hidden_tokens
from desktop_app.engine.backends.text.tokenizer import Tokenizer


class ReplyText:
    """Takes a reply bit by bit; `written` are its tokens, as far as their numbers were told."""

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._hidden = hidden_tokens(tokenizer)
        self._endings = tokenizer.endings
        self._guard = StopGuard(stop)
        self.written: list[int] = []
        self.tokens = 0
        self.ended = False

    def add(self, text: str, token: int | None, tokens: int) -> GeneratedPiece | None:
        """Take text that `tokens` tokens made so far; `token` is the only new one, None for more.

        Return what can be said now.
        """
        lost, self.tokens = tokens > self.tokens + 1, tokens
        if token in self._endings and not lost:
            return self.end("stop")
        if token is None or lost:
            self.written += self._tokenizer.encode(text).tolist()
        else:
            self.written.append(token)
            text = "" if token in self._hidden else text
        out = self._guard.add(text)
        if self._guard.stopped:
            self.ended = True
            return GeneratedPiece(out, self.tokens, "stop")
        return GeneratedPiece(out, self.tokens) if out else None

    def end(self, reason: str, tokens: int | None = None) -> GeneratedPiece:
        """The model is done, after so many tokens: let out what was held back."""
        tokens = self.tokens if tokens is None else tokens
        text = ""
        if tokens > self.tokens:
            text = self._guard.add("\ufffd")  # bytes of a character that was not finished
        self.tokens, self.ended = tokens, True
        text += self._guard.rest()
        return GeneratedPiece(text, tokens, "stop" if self._guard.stopped else reason)

    def continued(
        self, model: Model, prompt: TokenIds, sampling: Sampling
    ) -> Iterator[GeneratedPiece]:
        """Go on by another model, from what is written."""
        before, begun = self.tokens, np.array(self.written, np.int64)
        rest = replace(sampling, stop=(), max_tokens=max(1, sampling.max_tokens - before))
        for piece in model.generate(np.concatenate([prompt, begun]), rest):
            tokens = before + piece.completion_tokens
            out = self.add(piece.text, None, tokens) if piece.text else None
            if out is not None:
                yield out
            if self.ended:
                return
            if piece.finish_reason is not None:
                self.tokens = tokens
                yield self.end(piece.finish_reason)
