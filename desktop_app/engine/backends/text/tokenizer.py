"""Texts to tokens and back, whatever the kind of vocabulary."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from desktop_app.engine.backends.backend import TokenIds


@dataclass(frozen=True)
class Encoded:
    """Tokens (T,), and where in the UTF-8 text each begins, (T,)."""

    tokens: TokenIds
    starts: TokenIds


class Tokenizer(Protocol):
    """A model's vocabulary of `size` tokens.

    `special` are tokens that stand for no text of a user; `endings`, those that end a reply; `bos`
    and `eos` are texts, '' where there is none.
    """

    size: int
    special: frozenset[int]
    endings: frozenset[int]
    bos: str
    eos: str

    def encode(self, text: str) -> TokenIds:
        """Encode a text; special tokens in it are read as such, and none is added."""
        ...

    def encode_with_starts(self, text: str) -> Encoded:
        """Encode a text, and say at which byte of it each token begins."""
        ...

    def decode(self, tokens: Iterable[int]) -> str:
        """Decode tokens; bytes that are no UTF-8 become U+FFFD."""
        ...

    def content(self, token: int) -> bytes:
        """Return the bytes of a token, none for one that stands for nothing."""
        ...


class TextStream:
    """Puts the bytes of tokens together to whole characters as they come."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, token: int) -> str:
        """Return the characters that this token completes; a special one has none."""
        if token in self._tokenizer.special:
            return ""
        return self._decoder.decode(self._tokenizer.content(token))

    def finish(self) -> str:
        """Return what is left: U+FFFD for the bytes of an unfinished character."""
        return self._decoder.decode(b"", final=True)
