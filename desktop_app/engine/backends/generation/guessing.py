"""Guesses how a reply goes on, from what was said before; the model then checks several at once.

Reading the weights takes the time, not the arithmetic: a few tokens at once cost little more than
one. A guess never decides anything: each token is chosen from the model's own logits as without
guesses, by the same chances, and what follows a wrong guess is forgotten (after Leviathan et al.
2023, and Saxena 2023, "prompt lookup decoding"; with guesses that are no chances themselves,
choosing first and comparing then is their rule).
"""

from collections.abc import Sequence

_LONGEST = 4
"""Tokens before a token by which it is guessed, at most."""
_DOUBT = (1.0, 0.5, 0.3, 0.2)
"""Added to the times seen, by the number of tokens before: the fewer, the less sure."""
_MOST_KEPT = 60_000
"""Runs of tokens that are remembered: some 15 MB."""
_READ = 1_000
"""Tokens of a prompt, from its end, that are remembered."""


class Phrases:
    """Which token came after which run of tokens, in what was read and said under one adapter."""

    def __init__(self) -> None:
        self._after: dict[tuple[int, ...], tuple[int, int, int]] = {}
        """By a run: the token after it, how often it was that one, and how often any."""

    def learn(self, tokens: Sequence[int]) -> None:
        """Remember the last token as what comes after those before it."""
        *before, token = tokens[-_LONGEST - 1 :]
        for length in range(1, len(before) + 1):
            run = tuple(before[-length:])
            likely, right, times = self._after.pop(run, (token, 0, 0))
            if likely == token:
                right += 1
            elif 2 * right <= times:
                likely, right = token, 1
            self._after[run] = (likely, right, times + 1)
        if len(self._after) > _MOST_KEPT:
            for run in list(self._after)[: _MOST_KEPT // 4]:
                del self._after[run]

    def next(self, tokens: Sequence[int]) -> tuple[int, float]:
        """Return the likeliest token after these and how sure it is, (-1, 0) for no idea."""
        for length in range(min(_LONGEST, len(tokens)), 0, -1):
            known = self._after.get(tuple(tokens[-length:]))
            if known is not None:
                likely, right, times = known
                return likely, right / (times + _DOUBT[length - 1])
        return -1, 0.0


class Guesser:
    """Follows one reply; `sure` is how likely a guess must be to be worth checking."""

    def __init__(self, phrases: Phrases, prompt: Sequence[int], sure: float) -> None:
        self._phrases = phrases
        self._sure = sure
        self._tokens: list[int] = []
        for token in prompt[-_READ:]:
            self.add(token)

    def add(self, token: int) -> None:
        """Take the token that was read or chosen."""
        self._tokens.append(token)
        self._phrases.learn(self._tokens[-_LONGEST - 1 :])

    def guess(self, most: int) -> list[int]:
        """Return what may follow, as far as it is sure enough that all of it does."""
        tokens = self._tokens[-_LONGEST:]
        guessed: list[int] = []
        chance = 1.0
        while len(guessed) < most:
            token, sure = self._phrases.next(tokens)
            chance *= sure
            if chance < self._sure:
                break
            guessed.append(token)
            tokens = [*tokens[1 - _LONGEST :], token]
        return guessed
