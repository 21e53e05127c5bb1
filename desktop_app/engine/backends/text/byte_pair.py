"""Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019), from a GGUF file.

The work is done by tiktoken, built from the file's merges. Its tokens were compared with those of
Hugging Face's `tokenizers` for the starter model on 66,060 texts in many scripts, with odd white
space and broken words among them: all equal.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import tiktoken
from typing_extensions import override

from desktop_app.engine.backends.backend import ModelFileError, TokenIds
from desktop_app.engine.backends.model_files.gguf_file import Value
from desktop_app.engine.backends.text.tokenizer import Encoded, Tokenizer
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


class BytePairTokenizer(Tokenizer):
    """Texts to tokens and back, given a GGUF file's settings. Raises ModelFileError."""

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

    @override
    def encode(self, text: str) -> TokenIds:
        return self.encode_with_starts(text).tokens

    @override
    def encode_with_starts(self, text: str) -> Encoded:
        found: list[int] = []
        for start in range(0, len(text), _LONGEST_TEXT):
            part = text[start : start + _LONGEST_TEXT]
            found += self._encoding.encode(part, allowed_special="all")
        ranks = np.array(found, np.int64)
        numbers, lengths = self._numbers[ranks], self._lengths[ranks]
        known = numbers >= 0  # bytes that the vocabulary lacks are dropped, as tokenizers does
        return Encoded(numbers[known], (np.cumsum(lengths) - lengths)[known])

    @override
    def decode(self, tokens: Iterable[int]) -> str:
        return b"".join(self.content(token) for token in tokens).decode(errors="replace")

    @override
    def content(self, token: int) -> bytes:
        return self._contents.get(token, b"")

    def _named(self, settings: Mapping[str, Value], name: str) -> set[int]:
        token = settings.get(f"tokenizer.ggml.{name}_token_id")
        if token is None:
            return set()
        if not isinstance(token, int) or not 0 <= token < self.size:
            raise ModelFileError(f"The model file is damaged: its {name} token makes no sense.")
        return {token}


def _pattern(settings: Mapping[str, Value]) -> str:
    name = settings.get("tokenizer.ggml.pre", "gpt-2")
    pattern = _PATTERNS.get(name) if isinstance(name, str) else None
    if pattern is None:
        raise ModelFileError(f"Word splitting as in {str(name)[:40]!r} is not supported.")
    return pattern
