"""Holds a reply to a grammar, by telling before each token which ones may come next.

The work is done by llguidance, which is looked for when it is first needed: without it everything
but grammars works. A grammar is a text in its Lark syntax (llguidance, docs/syntax.md), which can
hold JSON schemas.
"""

import importlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from desktop_app.engine.backends.backend import (
    GrammarError,
    GrammarUnavailableError,
    TokenIds,
)

Mask = npt.NDArray[np.bool_]

_MOST_WORDS = 1_000
"""How much of llguidance's explanation is passed on."""


class _Matcher(Protocol):
    """The part of llguidance.LLMatcher that is used here."""

    def compute_bitmask(self) -> bytes:
        """A bit a token, the lowest first: which may come next."""
        ...

    def consume_token(self, sampled_token: int) -> bool:
        """Go on by a token."""
        ...

    def is_stopped(self) -> bool:
        """Whether nothing but an ending may come."""
        ...

    def is_error(self) -> bool:
        """Whether it cannot go on, for good."""
        ...

    def get_error(self) -> str:
        """Say why."""
        ...


@dataclass(frozen=True)
class TokenTable:
    """What a grammar must know of a tokenizer.

    `contents` are the bytes of all tokens, `hidden` those that stand for no text, `endings` those
    that end a reply; `encode` puts a text into tokens.
    """

    contents: Sequence[bytes]
    hidden: Collection[int]
    endings: Collection[int]
    encode: Callable[[str], TokenIds]


class Grammars:
    """Makes constraints for one vocabulary, which is read through once (0.2 s for 49,152)."""

    def __init__(self, table: Callable[[], TokenTable]) -> None:
        self._table = table

    def check(self, grammar: str) -> None:
        """Raise GrammarError or GrammarUnavailableError where a reply cannot be held to it."""
        self.begin(grammar)

    def begin(self, grammar: str) -> "Constraint":
        """Return a constraint for one reply. Raises as `check` does."""
        tokenizer, size = self._tokenizer
        matcher = self._library.LLMatcher(tokenizer, grammar, log_level=0)
        return Constraint(matcher, size)

    @cached_property
    def _library(self) -> ModuleType:
        try:
            return importlib.import_module("llguidance")
        except ImportError as error:
            message = "The package llguidance is not installed."
            raise GrammarUnavailableError(message) from error

    @cached_property
    def _tokenizer(self) -> tuple[Any, int]:
        library, table = self._library, self._table()
        if not table.endings:
            raise GrammarError("The model has no token with which a reply could end.")
        wrapped = library.TokenizerWrapper(_Readable(table))
        tokenizer = library.LLTokenizer(wrapped, eos_token=sorted(table.endings))
        return tokenizer, len(table.contents)


class _Readable:
    """A tokenizer as llguidance.TokenizerWrapper reads it."""

    bos_token_id = None

    def __init__(self, table: TokenTable) -> None:
        self.eos_token_id = min(table.endings)
        self.tokens = list(table.contents)
        self.special_token_ids = sorted(table.hidden)
        self._encode = table.encode

    def __call__(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        tokens: list[int] = self._encode(text).tolist()
        return tokens


class Constraint:
    """One reply on its way through a grammar. Raises GrammarError where that cannot go on."""

    def __init__(self, matcher: _Matcher, size: int) -> None:
        self._matcher = matcher
        self._size = size
        self._check()

    def allowed(self) -> Mask:
        """Return which tokens (V,) may come next; once all is said, those that end a reply."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        self._check()
        return np.unpackbits(bits, count=self._size, bitorder="little").view(np.bool_)

    def accept(self, token: int) -> None:
        """Take the token that was chosen."""
        self._matcher.consume_token(token)
        self._check()

    @property
    def is_complete(self) -> bool:
        """Whether nothing may follow but the end."""
        return self._matcher.is_stopped()

    def _check(self) -> None:
        if self._matcher.is_error():
            why = self._matcher.get_error().partition("\n")[0]
            raise GrammarError(why[:_MOST_WORDS])
