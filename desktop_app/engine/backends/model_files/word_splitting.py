"""How texts are cut into words before pairs of bytes are merged, by the names that GGUF files use.

Sources: `tokenizer.ggml.pre` as in llama.cpp, src/llama-vocab.cpp; the same as the models' own
tokenizer.json have it (tokenizers 0.23, `pre_tokenizer`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

Json = Mapping[str, object]

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+"
_SPACES = r"|\s+(?!\S)|\s+"
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
_SIGNS = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
_CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
)
_LLAMA3 = _CONTRACTIONS + r"|\p{N}{1,3}" + _SIGNS
_QWEN2 = _CONTRACTIONS + r"|\p{N}" + _SIGNS
_TEKKEN = _CASED + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+"
_AT_THE_END = r"|\s++\z"
"""What `\\s+(?!\\S)` comes to at a text's end, without trying every length on the way."""


@dataclass(frozen=True)
class WordSplitting:
    """`pattern` is for tiktoken; `pre_tokenizer` says the same in a tokenizer.json.

    `composes` is whether texts are brought into Unicode's form NFC before. `whole_words` is whether
    a word that is a token needs no merges.
    """

    pattern: str
    pre_tokenizer: Json
    composes: bool = False
    whole_words: bool = False


def byte_level(*, splits: bool) -> dict[str, object]:
    """Return the part of a tokenizer.json that turns bytes into signs, and may split as GPT-2."""
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": splits,
    }


def _split_by(pattern: str, *, composes: bool = False, whole_words: bool = False) -> WordSplitting:
    """The way of all models since Llama 3: a pattern of their own, then bytes."""
    split = {
        "type": "Split",
        "pattern": {"Regex": pattern + _SPACES},
        "behavior": "Isolated",
        "invert": False,
    }
    parts = {"type": "Sequence", "pretokenizers": [split, byte_level(splits=False)]}
    return WordSplitting(pattern + _AT_THE_END + _SPACES, parts, composes, whole_words)


_PLAIN = WordSplitting(
    _GPT2 + r"| ?\p{N}+| ?[^\s\p{L}\p{N}]+" + _AT_THE_END + _SPACES, byte_level(splits=True)
)
_DIGITS_APART = WordSplitting(
    # Each digit alone, and what lies between digits as a text of its own.
    r"\p{N}|" + _GPT2 + r"| ?[^\s\p{L}\p{N}]+|\s++(?=\p{N}|\z)" + _SPACES,
    {
        "type": "Sequence",
        "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level(splits=True)],
    },
)

SPLITTINGS = {
    "gpt-2": _PLAIN,
    "smollm": _DIGITS_APART,
    "starcoder": _DIGITS_APART,
    "llama-bpe": _split_by(_LLAMA3, whole_words=True),
    "qwen2": _split_by(_QWEN2, composes=True),
    "deepseek-r1-qwen": _split_by(_QWEN2),
    "tekken": _split_by(_TEKKEN, whole_words=True),
}
"""By `tokenizer.ggml.pre`."""


def splitting_name(pre_tokenizer: object, normalizer: object) -> str | None:
    """Return the name of the way in which a tokenizer.json splits, None for one not known."""
    composes = isinstance(normalizer, dict) and normalizer.get("type") == "NFC"
    if normalizer is not None and not composes:
        return None
    wanted = _essence(pre_tokenizer)
    for name, splitting in SPLITTINGS.items():
        if splitting.composes == composes and _essence(splitting.pre_tokenizer) == wanted:
            return name
    return None


def _essence(part: object) -> object:
    """Leave out of a pre-tokenizer what has no part in splitting: how offsets are counted."""
    if isinstance(part, list):
        return [_essence(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {key: value for key, value in part.items() if key != "trim_offsets"}
    if kept.get("type") == "ByteLevel":
        kept.setdefault("use_regex", True)
    return {key: _essence(value) for key, value in kept.items()}
