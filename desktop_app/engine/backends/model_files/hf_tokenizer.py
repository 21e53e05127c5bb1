"""A folder's tokenizer.json and what belongs to it, under the names that GGUF files have for it.

Sources: tokenizers 0.23, `Tokenizer.to_str`; transformers 5.23, tokenizer_config.json; ggml,
docs/gguf.md ("Tokenizer"). A kind that the engine does not know is named, so that whoever needs the
tokenizer is the one to refuse it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.json_file import (
    read_json,
    read_json_if_there,
    read_whole,
)
from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.backends.model_files.word_splitting import splitting_name

TOKENIZER, TOKENIZER_CONFIG = "tokenizer.json", "tokenizer_config.json"
GENERATION_CONFIG, TEMPLATE = "generation_config.json", "chat_template.jinja"
ENDINGS = "exemplar.ending_token_ids"
"""All tokens that end a reply: GGUF files have names for two of them only."""

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
_MOST_TOKENS = 1 << 20
_MOST_TEMPLATE_BYTES = 1 << 20
_STRANGE = ("continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
_STRANGE_TOKENS = ("single_word", "lstrip", "rstrip")
_DAMAGED = "The model's tokenizer.json is damaged: "

Settings = dict[str, Value]
Words = tuple[list[str], list[int]]
"""Tokens and their types, by number."""


def tokenizer_settings(folder: Path, config: Mapping[str, Any]) -> Settings:
    """Return the settings whose names begin with "tokenizer.". Raises ModelFileError."""
    named = read_json_if_there(folder / TOKENIZER_CONFIG)
    settings = _template(folder, named)
    if not (folder / TOKENIZER).is_file():
        return settings | {"tokenizer.ggml.model": "of another file than tokenizer.json"}
    file = read_json(folder / TOKENIZER)
    words = _words(file, config)
    if words is None:
        return settings | {"tokenizer.ggml.model": _kind(file)}
    tokens, kinds = words
    pre = splitting_name(file.get("pre_tokenizer"), file.get("normalizer"))
    settings |= {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre or "in this tokenizer.json",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": _merges(file),
        "tokenizer.ggml.add_bos_token": _begins_texts(file.get("post_processor")),
    }
    endings = read_json_if_there(folder / GENERATION_CONFIG).get("eos_token_id")
    return settings | _named_tokens(tokens, named, config, endings)


def _kind(file: Mapping[str, Any]) -> str:
    model = file.get("model")
    kind = model.get("type") if isinstance(model, dict) else None
    return f"{str(kind)[:20]} of another kind than bytes"


def _words(
    file: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[list[str], list[int]] | None:
    """Return tokens and their types by number; None for what is no byte-level vocabulary."""
    model, added = file.get("model"), file.get("added_tokens", [])
    if not isinstance(model, dict) or not isinstance(added, list):
        raise ModelFileError(_DAMAGED + "it has no vocabulary.")
    if model.get("type", "BPE") != "BPE" or any(model.get(key) for key in _STRANGE):
        return None
    if any(not isinstance(each, dict) for each in added):
        raise ModelFileError(_DAMAGED + "its added tokens are none.")
    if any(each.get(key) for each in added for key in _STRANGE_TOKENS):
        return None
    by_number = _numbered(model.get("vocab"))
    special: dict[int, int] = {}
    for each in added:
        number, word = each.get("id"), each.get("content")
        if not _is_number(number) or not isinstance(word, str) or not word:
            raise ModelFileError(_DAMAGED + "its added tokens are none.")
        by_number[number] = word
        special[number] = CONTROL if each.get("special") else USER_DEFINED
    return _in_order(by_number, special, config.get("vocab_size"))


def _numbered(vocabulary: object) -> dict[int, str]:
    if not isinstance(vocabulary, dict) or not vocabulary:
        raise ModelFileError(_DAMAGED + "it has no vocabulary.")
    if not all(_is_number(number) for number in vocabulary.values()):
        raise ModelFileError(_DAMAGED + "its tokens have no numbers.")
    by_number = {number: word for word, number in vocabulary.items()}
    if len(by_number) != len(vocabulary):
        raise ModelFileError(_DAMAGED + "two tokens have one number.")
    return by_number


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS


def _in_order(by_number: Mapping[int, str], special: Mapping[int, int], size: object) -> Words:
    """Fill numbers that stand for nothing, up to the rows of the model's table of tokens."""
    rows = size if isinstance(size, int) and _is_number(size) else 0
    count = max(rows, max(by_number) + 1)
    words = [by_number.get(number, f"[PAD{number}]") for number in range(count)]
    kinds = [
        special.get(number, NORMAL if number in by_number else UNUSED) for number in range(count)
    ]
    return words, kinds


def _merges(file: Mapping[str, Any]) -> list[str]:
    """Return the merges as "left right": newer files have pairs."""
    merges = file["model"].get("merges", [])
    if not isinstance(merges, list):
        raise ModelFileError(_DAMAGED + "its merges are none.")
    texts = [each if isinstance(each, str) else _joined(each) for each in merges]
    if not all(text.count(" ") == 1 for text in texts):
        raise ModelFileError(_DAMAGED + "its merges are none.")
    return texts


def _joined(pair: object) -> str:
    return " ".join(str(part) for part in pair) if isinstance(pair, list) else ""


def _begins_texts(processor: object) -> bool:
    """Whether a token is put in front of every text."""
    if not isinstance(processor, dict):
        return False
    if processor.get("type") == "Sequence":
        parts = processor.get("processors")
        return isinstance(parts, list) and any(_begins_texts(part) for part in parts)
    single = processor.get("single")
    first = single[0] if isinstance(single, list) and single else None
    return isinstance(first, dict) and "SpecialToken" in first


def _named_tokens(
    tokens: list[str], named: Mapping[str, Any], config: Mapping[str, Any], endings: object
) -> Settings:
    """Return the numbers of the tokens that begin and end texts, by their names if there are."""
    numbers = {word: number for number, word in enumerate(tokens)}
    found: Settings = {}
    for key, name in (("bos", "bos"), ("eos", "eos"), ("padding", "pad"), ("unknown", "unk")):
        word = named.get(f"{name}_token")
        word = word.get("content") if isinstance(word, dict) else word
        number = numbers.get(word) if isinstance(word, str) else None
        if number is None and f"{name}_token" not in named:
            number = _first(config.get(f"{name}_token_id"))
        if number is not None and 0 <= number < len(tokens):
            found[f"tokenizer.ggml.{key}_token_id"] = number
    every = [
        number
        for number in [*_all(endings), *_all(config.get("eos_token_id"))]
        if 0 <= number < len(tokens)
    ]
    return found | ({ENDINGS: sorted({*every})} if every else {})


def _first(value: object) -> int | None:
    return next(iter(_all(value)), None)


def _all(value: object) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, int) and not isinstance(each, bool)]


def _template(folder: Path, named: Mapping[str, Any]) -> Settings:
    """Return the chat template, out of a file of its own or the tokenizer's settings."""
    source = named.get("chat_template")
    if isinstance(source, list):
        by_name = {each.get("name"): each for each in source if isinstance(each, dict)}
        source = by_name.get("default", {}).get("template")
    path = folder / TEMPLATE
    if path.is_file():
        try:
            source = read_whole(path, _MOST_TEMPLATE_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise ModelFileError(f"The model's {TEMPLATE} cannot be read.") from error
    return {"tokenizer.chat_template": source} if isinstance(source, str) else {}
