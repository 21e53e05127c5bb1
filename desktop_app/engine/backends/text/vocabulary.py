"""The vocabulary of a byte-level BPE tokenizer, as it stands in a model's file."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.hf_tokenizer import CONTROL, NORMAL, USER_DEFINED
from desktop_app.engine.backends.model_files.model_file import UnsupportedModelError, Value


@dataclass(frozen=True)
class Vocabulary:
    """Token numbers of normal tokens by their bytes, and of special ones by their text.

    `control` are those of the special ones that stand for no text: others, such as the tags around
    a call of a tool, are words of a reply that happen to be one token.

    `ranks` is the order in which bytes are merged: the 256 bytes first, then what merges make.
    """

    size: int
    normal: Mapping[bytes, int]
    special: Mapping[str, int]
    control: frozenset[int]
    ranks: Mapping[bytes, int]


def read_vocabulary(settings: Mapping[str, Value]) -> Vocabulary:
    """Read and check the vocabulary. Raises ModelFileError."""
    refuse_other_kinds(settings)
    words = _texts(settings.get("tokenizer.ggml.tokens"))
    merges = _texts(settings.get("tokenizer.ggml.merges"))
    kinds = settings.get("tokenizer.ggml.token_type", [NORMAL] * len(words))
    if not isinstance(kinds, list) or len(kinds) != len(words):
        raise ModelFileError("The model file is damaged: its tokenizer contradicts itself.")
    special = {
        word: number
        for number, (word, kind) in enumerate(zip(words, kinds, strict=True))
        if kind in {CONTROL, USER_DEFINED} and word
    }
    normal = {
        bytes_of(word): number
        for number, (word, kind) in enumerate(zip(words, kinds, strict=True))
        if kind == NORMAL
    }
    _refuse_beginnings(special)
    control = frozenset(special[w] for w in special if kinds[special[w]] == CONTROL)
    return Vocabulary(len(words), normal, special, control, _ranks(normal, merges))


def _refuse_beginnings(special: Mapping[str, int]) -> None:
    """Refuse special tokens that begin with another one: which is read would be left to chance."""
    for word, following in pairwise(sorted(special)):
        if following.startswith(word):
            raise UnsupportedModelError(
                f"The special tokens {word[:20]!r} and {following[:20]!r} begin alike."
            )


def refuse_other_kinds(settings: Mapping[str, Value]) -> None:
    """Raise UnsupportedModelError for a vocabulary that is not of bytes."""
    model = settings.get("tokenizer.ggml.model")
    if model != "gpt2":
        name = str(model)[:40]
        raise UnsupportedModelError(f"The tokenizer {name!r} is not supported; byte-level BPE is.")


def _texts(value: Value | None) -> list[str]:
    if not isinstance(value, list) or not value:
        raise ModelFileError("The model file lacks its tokenizer.")
    texts = [text for text in value if isinstance(text, str)]
    if len(texts) != len(value):
        raise ModelFileError("The model file is damaged: its tokenizer is no list of texts.")
    return texts


def _ranks(normal: Mapping[bytes, int], merges: list[str]) -> dict[bytes, int]:
    ranks = {bytes([byte]): byte for byte in range(256)}
    for merge in merges:
        content = bytes_of(merge.replace(" ", "", 1))
        if content not in normal:
            raise ModelFileError("The model file is damaged: a merge makes no known token.")
        ranks.setdefault(content, len(ranks))
    return ranks


def _byte_signs() -> list[str]:
    """GPT-2's printable stand-ins for the bytes 0 to 255 (openai/gpt-2, encoder.py)."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    signs, others = [], 0
    for byte in range(256):
        signs.append(chr(byte if byte in printable else 256 + others))
        others += byte not in printable
    return signs


_BYTES = {sign: byte for byte, sign in enumerate(_byte_signs())}


def bytes_of(word: str) -> bytes:
    """Return the bytes that a token in GPT-2's signs stands for. Raises ModelFileError."""
    try:
        return bytes(_BYTES[sign] for sign in word)
    except KeyError as error:
        raise ModelFileError("The model file is damaged: a token stands for no bytes.") from error
