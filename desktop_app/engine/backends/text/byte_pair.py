"""Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019), from a model's file.

The work is done by tiktoken, built from the file's merges. Its tokens were compared with those of
Hugging Face's `tokenizers` for the starter model on 66,060 texts in many scripts, with odd white
space and broken words among them: all equal.
"""

import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np
import tiktoken
from typing_extensions import override

from desktop_app.engine.backends.backend import ModelFileError, TokenIds
from desktop_app.engine.backends.model_files.hf_tokenizer import ENDINGS
from desktop_app.engine.backends.model_files.model_file import UnsupportedModelError, Value
from desktop_app.engine.backends.model_files.word_splitting import SPLITTINGS, WordSplitting
from desktop_app.engine.backends.text.composing import Composer, original_places
from desktop_app.engine.backends.text.tokenizer import Encoded, Tokenizer
from desktop_app.engine.backends.text.vocabulary import read_vocabulary, refuse_other_kinds

_ENDINGS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
_LONGEST_TEXT = 400_000
"""Longer ones are encoded in parts: a million spaces exhaust the pattern matcher's stack."""


class BytePairTokenizer(Tokenizer):
    """Texts to tokens and back, given a model file's settings. Raises ModelFileError."""

    def __init__(self, settings: Mapping[str, Value]) -> None:
        vocabulary = read_vocabulary(settings)
        ranks, special = vocabulary.ranks, vocabulary.special
        self.size = vocabulary.size
        self.special = vocabulary.control
        self._contents = {number: content for content, number in vocabulary.normal.items()}
        self._contents |= {number: word.encode() for word, number in special.items()}
        # tiktoken numbers a token by its rank; the model's own number is looked up after.
        by_rank = [*sorted(ranks, key=ranks.__getitem__), *(word.encode() for word in special)]
        numbers = [vocabulary.normal.get(content, -1) for content in by_rank[: len(ranks)]]
        self._numbers = np.array([*numbers, *special.values()])
        self._lengths = np.array([len(content) for content in by_rank])
        splitting = _splitting(settings)
        self._composer = Composer(special) if splitting.composes else None
        self._encoding = tiktoken.Encoding(
            "model",
            pat_str=splitting.pattern,
            mergeable_ranks=dict(ranks),
            special_tokens={word: len(ranks) + place for place, word in enumerate(special)},
        )
        bos, eos, eot = (self._named(settings, name) for name in ("bos", "eos", "eot"))
        self.bos, self.eos = self.decode([*bos]), self.decode([*eos])
        known = {special[word] for word in _ENDINGS if word in special}
        self.endings = frozenset(eos | eot | known | self._listed(settings.get(ENDINGS, [])))

    @override
    def encode(self, text: str) -> TokenIds:
        return self.encode_with_starts(text).tokens

    @override
    def encode_with_starts(self, text: str) -> Encoded:
        if self._composer is None or unicodedata.is_normalized("NFC", text):
            return self._encoded(text)
        # tiktoken does the same with halves of surrogate pairs, which no text in UTF-8 can hold.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        pieces = self._composer.pieces(text)
        composed = self._composer.composed(pieces)
        encoded = self._encoded("".join(composed))
        return Encoded(encoded.tokens, original_places(encoded.starts, pieces, composed))

    def _encoded(self, text: str) -> Encoded:
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

    def _listed(self, value: Value) -> set[int]:
        numbers = value if isinstance(value, list) else []
        return {each for each in numbers if isinstance(each, int) and 0 <= each < self.size}

    def _named(self, settings: Mapping[str, Value], name: str) -> set[int]:
        token = settings.get(f"tokenizer.ggml.{name}_token_id")
        if token is None:
            return set()
        if not isinstance(token, int) or not 0 <= token < self.size:
            raise ModelFileError(f"The model file is damaged: its {name} token makes no sense.")
        return {token}


def refuse_other_tokenizers(settings: Mapping[str, Value]) -> None:
    """Raise UnsupportedModelError for a kind that is not read here; takes no time."""
    refuse_other_kinds(settings)
    _splitting(settings)


def _splitting(settings: Mapping[str, Value]) -> WordSplitting:
    name = settings.get("tokenizer.ggml.pre", "gpt-2")
    splitting = SPLITTINGS.get(name) if isinstance(name, str) else None
    if splitting is None:
        raise UnsupportedModelError(f"Word splitting as {str(name)[:40]!r} is not supported.")
    return splitting
