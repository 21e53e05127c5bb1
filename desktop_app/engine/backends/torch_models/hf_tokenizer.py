"""Tokenizers as transformers' folders hold them (tokenizer.json), run by the package tokenizers.

Three ways of writing bytes as tokens are known: GPT-2's printable stand-ins, SentencePiece's "▁"
for a space, and its <0x0A> for a byte without a token of its own.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import processors
from typing_extensions import override

from desktop_app.engine.backends.backend import ModelFileError, TokenIds
from desktop_app.engine.backends.text.tokenizer import Encoded, Tokenizer
from desktop_app.engine.backends.text.vocabulary import bytes_of

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE = "▁"
ENDINGS = frozenset(
    {
        *("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"),
        *("<end_of_turn>", "<|end|>"),
    }
)
"""Tokens that end a turn, whatever a model's settings name."""


class HfTokenizer(Tokenizer):
    """Texts to tokens and back.

    `named` are the texts of bos and eos, `eos_ids` more tokens that end a reply. Raises
    ModelFileError.
    """

    def __init__(self, content: str, named: Mapping[str, str], eos_ids: Iterable[int] = ()) -> None:
        try:
            self._fast = FastTokenizer.from_str(content)
            described: Any = json.loads(content)
        except Exception as error:  # tokenizers raises this very class for anything it dislikes
            raise ModelFileError("The model's tokenizer cannot be read.") from error
        self._fast.no_truncation()
        self._fast.no_padding()
        # Nothing is added to a text; where a token begins is told to the byte.
        self._fast.post_processor = processors.ByteLevel(trim_offsets=False)
        words = self._fast.get_vocab(with_added_tokens=True)
        added = self._fast.get_added_tokens_decoder()
        self.size = max(words.values(), default=-1) + 1
        self.special = frozenset(n for n, token in added.items() if token.special)
        is_byte_level = '"ByteLevel"' in json.dumps(
            [described.get("decoder"), described.get("pre_tokenizer")]
        )
        self._contents = {
            number: _stand_ins(word) if is_byte_level else _pieces(word)
            for word, number in words.items()
            if number not in added
        }
        self._contents |= {number: token.content.encode() for number, token in added.items()}
        self.bos, self.eos = named.get("bos", ""), named.get("eos", "")
        ends = {words[word] for word in (*ENDINGS, self.eos) if word in words}
        self.endings = frozenset(ends | {number for number in eos_ids if number in self._contents})
        self._adds_space = not is_byte_level and self._begins_with_space()

    @override
    def encode(self, text: str) -> TokenIds:
        found = self._fast.encode(text, add_special_tokens=False)
        return np.array(found.ids, np.int64)

    @override
    def encode_with_starts(self, text: str) -> Encoded:
        found = self._fast.encode(text, add_special_tokens=False)
        # From characters to bytes; the end of the text is a place too.
        widths = [len(character.encode()) for character in text]
        places = np.concatenate([[0], np.cumsum(widths, dtype=np.int64)])
        starts = np.array([start for start, _ in found.offsets], np.int64)
        return Encoded(np.array(found.ids, np.int64), places[starts])

    @override
    def decode(self, tokens: Iterable[int]) -> str:
        text = b"".join(self.content(token) for token in tokens).decode(errors="replace")
        return text[1:] if self._adds_space and len(text) > 1 and text[0] == " " else text

    @override
    def content(self, token: int) -> bytes:
        return self._contents.get(token, b"")

    def _begins_with_space(self) -> bool:
        """Whether a space is put before every text, as SentencePiece does by itself."""
        first = self._fast.encode("a", add_special_tokens=False).ids[:1]
        return bool(first) and self.content(first[0]).startswith(b" ")


def _stand_ins(word: str) -> bytes:
    """Return the bytes of a token in GPT-2's signs."""
    try:
        return bytes_of(word)
    except ModelFileError:
        return word.encode()


def _pieces(word: str) -> bytes:
    """Return the bytes of a token as SentencePiece writes it."""
    if byte := _BYTE.fullmatch(word):
        return bytes([int(byte[1], 16)])
    return word.replace(_SPACE, " ").encode()
