"""The tokenizer of a GGUF file as Hugging Face's `tokenizers` and transformers read it.

Source of the forms: tokenizers 0.23, `Tokenizer.to_str`.
"""

import json
from collections.abc import Mapping

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.hf_tokenizer import CONTROL, NORMAL, USER_DEFINED
from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.backends.model_files.word_splitting import SPLITTINGS, byte_level
from desktop_app.engine.backends.text.chat_template import CHATML


def tokenizer_json(settings: Mapping[str, Value]) -> str:
    """Return tokenizer.json: vocabulary, merges, special tokens. Raises ModelFileError."""
    pre = settings.get("tokenizer.ggml.pre", "gpt-2")
    splitting = SPLITTINGS.get(pre) if isinstance(pre, str) else None
    if splitting is None:
        raise ModelFileError(f"A tokenizer that splits words as {str(pre)[:40]!r} is not known.")
    words, merges = _texts(settings, "tokens"), _texts(settings, "merges")
    file = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added_tokens(words, _kinds(settings, words)),
        "normalizer": {"type": "NFC"} if splitting.composes else None,
        "pre_tokenizer": splitting.pre_tokenizer,
        "post_processor": _begins_with(settings, words),
        "decoder": byte_level(splits=True),
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": splitting.whole_words,
            "vocab": {word: number for number, word in enumerate(words)},
            "merges": [merge.split(" ", 1) for merge in merges],
        },
    }
    return json.dumps(file, ensure_ascii=False)


def tokenizer_config(settings: Mapping[str, Value]) -> str:
    """Return tokenizer_config.json: the named tokens and the chat template."""
    words = _texts(settings, "tokens")
    template = settings.get("tokenizer.chat_template", CHATML)
    config: dict[str, object] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": settings.get(f"{settings['general.architecture']}.context_length"),
        "chat_template": template if isinstance(template, str) else CHATML,
    }
    for key, name in (("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("padding", "pad")):
        number = token_number(settings, key)
        if number is not None:
            config[f"{name}_token"] = words[number]
    return json.dumps(config, ensure_ascii=False, indent=2)


def token_number(settings: Mapping[str, Value], key: str) -> int | None:
    """Return the number of a named token: bos, eos, unknown or padding."""
    number = settings.get(f"tokenizer.ggml.{key}_token_id")
    words = settings.get("tokenizer.ggml.tokens")
    is_known = isinstance(number, int) and isinstance(words, list) and 0 <= number < len(words)
    return number if is_known and isinstance(number, int) else None


def _begins_with(settings: Mapping[str, Value], words: list[str]) -> object:
    """Put the token that begins a text in front of it, where the model wants that."""
    bos = token_number(settings, "bos")
    if bos is None or settings.get("tokenizer.ggml.add_bos_token") is not True:
        return None
    word = words[bos]
    first = {"SpecialToken": {"id": word, "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    other = {"Sequence": {"id": "B", "type_id": 1}}
    return {
        "type": "TemplateProcessing",
        "single": [first, text],
        "pair": [first, text, {"SpecialToken": {"id": word, "type_id": 1}}, other],
        "special_tokens": {word: {"id": word, "ids": [bos], "tokens": [word]}},
    }


def _added_tokens(words: list[str], kinds: list[int]) -> list[dict[str, object]]:
    return [
        {
            "id": number,
            "content": word,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind == CONTROL,
        }
        for number, (word, kind) in enumerate(zip(words, kinds, strict=True))
        if kind in {CONTROL, USER_DEFINED} and word
    ]


def _texts(settings: Mapping[str, Value], key: str) -> list[str]:
    value = settings.get(f"tokenizer.ggml.{key}")
    texts = [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
    if not texts or settings.get("tokenizer.ggml.model") != "gpt2":
        raise ModelFileError("The tokenizer of this model is not supported; byte-level BPE is.")
    return texts


def _kinds(settings: Mapping[str, Value], words: list[str]) -> list[int]:
    value = settings.get("tokenizer.ggml.token_type")
    kinds = [kind for kind in value if isinstance(kind, int)] if isinstance(value, list) else []
    return kinds if len(kinds) == len(words) else [NORMAL] * len(words)
