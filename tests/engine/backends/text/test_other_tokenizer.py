"""Tokens against those of Hugging Face's `tokenizers`, where it is installed, on many texts.

Vocabularies are learned from the texts, so that tokens meet where words are cut.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop_app.engine.backends.model_files.hf_tokenizer import tokenizer_settings
from desktop_app.engine.backends.model_files.word_splitting import SPLITTINGS
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from tests.engine.tiny_model import byte_alphabet

SPECIALS = ["<|im_start|>", "<|im_end|>", "<tool_call>"]
PIECES = [
    *("the", "The", "THE", "tHe", "don't", "DON'T", "we'll", "'s", "it's", "x'", "naïve", "ÉCOLE"),
    *(" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n", "\u00a0", "\u3000", "\u200b", "\u2003"),
    *("1", "12", "123", "1234", "٣", "½", "Ⅳ", "2nd", "!", "?!", "...", "/", "//", "(x)", "§", "—"),
    *("日本", "語", "한국", "\u1112\u1161\u11ab", "Москва", "مرحبا", "สวัสดี", "नमस्ते", "ǅ", "ﬁ"),
    *("e\u0301", "A\u030a", "\u0301", "\u0338", "😀", "👨‍👩‍👧", "\x00", "\ufeff", *SPECIALS),
]


def texts(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(PIECES, k=draw.randint(1, 25))) for _ in range(count)]


def learned(pre: str, folder: Path) -> Any:  # noqa: ANN401 - of a library without types
    """Learn a tokenizer with this way of splitting, and write it as a model's folder has it."""
    tokenizers = pytest.importorskip("tokenizers")
    splitting = SPLITTINGS[pre]
    plain: dict[str, object] = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {"type": "NFC"} if splitting.composes else None,
        "pre_tokenizer": splitting.pre_tokenizer,
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
        "model": {"type": "BPE", "vocab": {}, "merges": []},
    }
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(plain))
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=900,
        initial_alphabet=byte_alphabet(),
        special_tokens=[SPECIALS[0], SPECIALS[1]],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(1, 600), trainer)
    tokenizer.add_tokens([tokenizers.AddedToken(SPECIALS[2], special=False, normalized=False)])
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


@pytest.mark.parametrize("pre", sorted(SPLITTINGS))
def test_tokens_are_those_of_tokenizers(tmp_path: Path, pre: str) -> None:
    theirs = learned(pre, tmp_path / pre)
    settings = tokenizer_settings(tmp_path / pre, {})
    ours = BytePairTokenizer(settings)
    assert ours.size > 800
    assert SPLITTINGS[str(settings["tokenizer.ggml.pre"])] == SPLITTINGS[pre]
    for text in texts(2, 1500):
        expected = theirs.encode(text).ids
        encoded = ours.encode_with_starts(text)
        assert encoded.tokens.tolist() == expected, text
        assert ours.decode(expected) == theirs.decode(expected, skip_special_tokens=False)
        assert (np.diff(encoded.starts) >= 0).all()
