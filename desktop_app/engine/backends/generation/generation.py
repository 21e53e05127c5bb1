"""Continues a prompt piece by piece, in one or several ways at once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, TokenIds
from desktop_app.engine.backends.generation.choice import Choice, hidden_tokens
from desktop_app.engine.backends.generation.decoding import CheckingDecoder, Decoder, Decoding
from desktop_app.engine.backends.generation.grammar import Grammars, TokenTable
from desktop_app.engine.backends.generation.guessing import Guesser
from desktop_app.engine.backends.text.tokenizer import Tokenizer

_TOGETHER = 16
"""Choices that go on in step at most: the weights are read once for all of them."""
_CACHE_BYTES = 512 << 20
"""What their keys and values may take together."""
_MOST_GUESSES = 7


def grammars_of(tokenizer: Tokenizer) -> Grammars:
    """Return what holds replies in this vocabulary to grammars."""

    def table() -> TokenTable:
        contents = [tokenizer.content(token) for token in range(tokenizer.size)]
        return TokenTable(contents, hidden_tokens(tokenizer), tokenizer.endings, tokenizer.encode)

    return Grammars(table)


def generate(
    decoding: Decoding,
    context: int,
    tokenizer: Tokenizer,
    prompt: TokenIds,
    sampling: Sampling,
    grammars: Grammars,
) -> Iterator[GeneratedPiece]:
    """Yield what follows the prompt, up to an end-of-turn, a stop string or the length allowed.

    Raises ValueError where the prompt is empty or leaves no room in `context` tokens, and
    GrammarError or GrammarUnavailableError where the replies cannot be held to the grammar.
    """
    if not 0 < len(prompt) < context:
        raise ValueError(f"The prompt has {len(prompt)} tokens; 1 to {context - 1} are possible.")
    sampling = replace(sampling, max_tokens=min(sampling.max_tokens, context - len(prompt)))
    choices = [
        Choice(
            tokenizer,
            sampling,
            index,
            grammars.begin(sampling.grammar) if sampling.grammar else None,
        )
        for index in range(sampling.choices)
    ]
    if sampling.max_tokens <= 0:
        return (GeneratedPiece("", 0, "length", index) for index in range(sampling.choices))
    decoder = decoding.decoder(len(prompt) + (sampling.max_tokens if len(choices) == 1 else 0))
    if sampling.seed is not None:
        _forget(decoder)
    kept = decoding.kept_bytes(len(prompt) + sampling.max_tokens)
    together = max(1, min(_TOGETHER, _CACHE_BYTES // kept))
    return _pieces(decoder, tokenizer.size, prompt, sampling.max_tokens, choices, together)


def _forget(decoder: Decoder) -> None:
    """Make a reply with a seed the same again, whatever was asked in between.

    Logits of several tokens at once differ in the last bits from those of one at a time, which
    decides now and then what is drawn: measured, once in 2,500 tokens. They are told as well, and
    at temperature 0 two tokens may be as likely as each other but for those bits.
    """
    if isinstance(decoder, CheckingDecoder):
        decoder.forget()


def _pieces(
    read: Decoder, size: int, prompt: TokenIds, most: int, choices: list[Choice], together: int
) -> Iterator[GeneratedPiece]:
    alone = len(choices) == 1
    first = read.next_logits(prompt[None])[:, :size]
    if isinstance(read, CheckingDecoder):
        if alone:
            yield from _checked(read, first, choices[0], prompt, most)
            return
        read.finish()
    for start in range(0, len(choices), together):
        some = choices[start : start + together]
        decoder = read if alone else read.branched(len(some), most)
        yield from _in_step(decoder, np.repeat(first, len(some), axis=0), some)


def _checked(
    decoder: CheckingDecoder, logits: Array, choice: Choice, prompt: TokenIds, most: int
) -> Iterator[GeneratedPiece]:
    """Go on with one choice, with a guess at the tokens that follow (see guessing.py)."""
    guesser = Guesser(decoder.phrases, prompt.tolist(), decoder.sure)
    guessed: list[int] = []
    try:
        while True:
            right = 0
            for row in logits:
                piece = choice.take(row)
                guesser.add(choice.token)
                most -= 1
                if piece is not None:
                    yield piece
                if choice.ended:
                    return
                if right == len(guessed) or guessed[right] != choice.token:
                    break
                right += 1
            decoder.take_back(len(guessed) - right)
            guessed = guesser.guess(min(_MOST_GUESSES, most - 1))
            logits = decoder.check(np.array([choice.token, *guessed]))[:, : logits.shape[1]]
    finally:
        decoder.finish()


def _in_step(decoder: Decoder, logits: Array, choices: list[Choice]) -> Iterator[GeneratedPiece]:
    """Go on with several choices, a token each at a time, until all have ended."""
    while True:
        for choice, row in zip(choices, logits, strict=True):
            piece = choice.take(row)
            if piece is not None:
                yield piece
        for place in reversed(range(len(choices))):
            if choices[place].ended:
                decoder.drop(place)
                choices[place] = choices[-1]
                choices.pop()
        if not choices:
            return
        tokens = np.array([[choice.token] for choice in choices])
        logits = decoder.next_logits(tokens)[:, : logits.shape[1]]
