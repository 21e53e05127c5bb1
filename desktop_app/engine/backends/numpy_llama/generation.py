"""Continues a prompt piece by piece, with stop strings and whole characters."""

from collections.abc import Iterator, Sequence

import numpy as np

from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, TokenIds
from desktop_app.engine.backends.numpy_llama.decoder import Decoder
from desktop_app.engine.backends.numpy_llama.sampling import Sampler
from desktop_app.engine.backends.numpy_llama.tokenizer import TextStream, Tokenizer
from desktop_app.engine.backends.numpy_llama.transformer import Transformer


def generate(
    transformer: Transformer, tokenizer: Tokenizer, prompt: TokenIds, sampling: Sampling
) -> Iterator[GeneratedPiece]:
    """Yield what follows the prompt, up to an end-of-turn, a stop string or the length allowed.

    Raises ValueError where the prompt is empty or leaves no room in the model's context.
    """
    context = transformer.weights.shape.context
    if not 0 < len(prompt) < context:
        raise ValueError(f"The prompt has {len(prompt)} tokens; 1 to {context - 1} are possible.")
    most = min(sampling.max_tokens, context - len(prompt))
    return _pieces(transformer, tokenizer, prompt, sampling, most)


def _pieces(
    transformer: Transformer, tokenizer: Tokenizer, prompt: TokenIds, sampling: Sampling, most: int
) -> Iterator[GeneratedPiece]:
    decoder = Decoder(transformer, len(prompt) + most)
    sampler, stream, guard = Sampler(sampling), TextStream(tokenizer), StopGuard(sampling.stop)
    unread = prompt
    for count in range(1, most + 1):
        token = sampler.choose(decoder.next_logits(unread)[: tokenizer.size])
        if token in tokenizer.endings:
            yield GeneratedPiece(guard.add(stream.finish()) + guard.rest(), count, "stop")
            return
        text = guard.add(stream.add(token))
        if guard.stopped:
            yield GeneratedPiece(text, count, "stop")
            return
        if text:
            yield GeneratedPiece(text, count)
        unread = np.array([token])
    text = guard.add(stream.finish()) + guard.rest()
    yield GeneratedPiece(text, max(0, most), "stop" if guard.stopped else "length")


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
        keep = max((_overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def rest(self) -> str:
        """Return what was held back, now that nothing more comes."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return how many of the last characters of a text may begin the stop string."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
