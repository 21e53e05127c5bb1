"""Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019), from a GGUF file.

The work is done by tiktoken, built from the file's merges. Its tokens were compared with those of
Hugging Face's `tokenizers` for the starter model on 66,060 texts in many scripts, with odd white
space and broken words among them: all equal.
"""

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import tiktoken

from desktop_app.engine.backends.backend import ModelFileError, TokenIds
from desktop_app.engine.backends.model_files.gguf_file import Value
from desktop_app.engine.backends.text.vocabulary import read_vocabulary

_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+"
# Each digit alone, and what lies between digits as a text of its own.
_DIGITS_APART = r"\p{N}|" + _WORDS + r"| ?[^\s\p{L}\p{N}]+|\s++(?=\p{N}|\z)|\s+(?!\S)|\s+"
_PATTERNS = {
    "gpt-2": _WORDS + r"| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s++\z|\s+(?!\S)|\s+",
    "smollm": _DIGITS_APART,
    "starcoder": _DIGITS_APART,
    "llama-bpe": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s++\z|\s+(?!\S)|\s+"
    ),
}
"""How a text is cut into words, by `tokenizer.ggml.pre` (llama.cpp, src/llama-vocab.cpp)."""

_ENDINGS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
_LONGEST_TEXT = 400_000
"""Longer ones are encoded in parts: a million spaces exhaust the pattern matcher's stack."""


@dataclass(frozen=True)
class Encoded:
    """Tokens (T,), and where in the UTF-8 text each begins, (T,)."""

    tokens: TokenIds
    starts: TokenIds


class Tokenizer:
    """Texts to tokens and back, given a GGUF file's settings. Raises ModelFileError.

    `endings` are the tokens that end a reply; `bos` and `eos` are texts, '' where there is none.
    """

    def __init__(self, settings: Mapping[str, Value]) -> None:
        vocabulary = read_vocabulary(settings)
        ranks, special = vocabulary.ranks, vocabulary.special
        self.size = vocabulary.size
        self.special = frozenset(special.values())
        self._contents = {number: content for content, number in vocabulary.normal.items()}
        self._contents |= {number: word.encode() for word, number in special.items()}
        # tiktoken numbers a token by its rank; the model's own number is looked up after.
        by_rank = [*sorted(ranks, key=ranks.__getitem__), *(word.encode() for word in special)]
        numbers = [vocabulary.normal.get(content, -1) for content in by_rank[: len(ranks)]]
        self._numbers = np.array([*numbers, *special.values()])
        self._lengths = np.array([len(content) for content in by_rank])
        self._encoding = tiktoken.Encoding(
            "model",
            pat_str=_pattern(settings),
            mergeable_ranks=dict(ranks),
            special_tokens={word: len(ranks) + place for place, word in enumerate(special)},
        )
        bos, eos, eot = (self._named(settings, name) for name in ("bos", "eos", "eot"))
        self.bos, self.eos = self.decode([*bos]), self.decode([*eos])
        self.endings = frozenset(eos | eot | {special[w] for w in _ENDINGS if w in special})

    def encode(self, text: str) -> TokenIds:
        """Encode a text; special tokens in it are read as such."""
        return self.encode_with_starts(text).tokens

    def encode_with_starts(self, text: str) -> Encoded:
        """Encode a text, and say at which byte of it each token begins."""
        found: list[int] = []
        for start in range(0, len(text), _LONGEST_TEXT):
            part = text[start : start + _LONGEST_TEXT]
            found += self._encoding.encode(part, allowed_special="all")
        ranks = np.array(found, np.int64)
        numbers, lengths = self._numbers[ranks], self._lengths[ranks]
        known = numbers >= 0  # bytes that the vocabulary lacks are dropped, as tokenizers does
        return Encoded(numbers[known], (np.cumsum(lengths) - lengths)[known])

    def decode(self, tokens: Iterable[int]) -> str:
        """Decode tokens; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self.content(token) for token in tokens).decode(errors="replace")

    def content(self, token: int) -> bytes:
        """Return the bytes of a token, none for one that stands for nothing."""
        return self._contents.get(token, b"")

    def _named(self, settings: Mapping[str, Value], name: str) -> set[int]:
        token = settings.get(f"tokenizer.ggml.{name}_token_id")
        if token is None:
            return set()
        if not isinstance(token, int) or not 0 <= token < self.size:
            raise ModelFileError(f"The model file is damaged: its {name} token makes no sense.")
        return {token}


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


def _pattern(settings: Mapping[str, Value]) -> str:
    name = settings.get("tokenizer.ggml.pre", "gpt-2")
    pattern = _PATTERNS.get(name) if isinstance(name, str) else None
    if pattern is None:
        raise ModelFileError(f"Word splitting as in {str(name)[:40]!r} is not supported.")
    return pattern
