"""Writes a tiny random model as a folder of transformers, for tests.

The same models as tiny_model.py writes: a folder and a GGUF file of one seed and kind answer alike,
but for the rounding of the file's numbers.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from desktop_app.engine.backends.model_files.tensor_names import transformers_name
from desktop_app.engine.backends.model_files.word_splitting import SPLITTINGS
from desktop_app.engine.backends.numpy_llama.weights import halves_from_pairs
from tests.engine.tiny_model import (
    CHAT_TEMPLATE,
    CONTEXT,
    HEADS,
    INNER,
    KEY_HEADS,
    LAYER_COUNTS,
    LAYERS,
    MERGES,
    SPECIALS,
    WIDTH,
    Array,
    head_width,
    tiny_weights,
    vocabulary,
)

CLASSES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "smollm3": "SmolLM3ForCausalLM",
}


def write_tiny_folder(
    folder: Path,
    *,
    kind: str = "llama",
    seed: int = 0,
    numbers: str = "F32",
    files: int = 1,
    config: Mapping[str, object] = {},
) -> Path:
    """Write the model and return its folder, with some of config.json changed, out where None.

    `kind` is a `model_type`, `numbers` F32, F16 or BF16; with `files` above 1 there is an index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", {**tiny_config(kind), **config})
    write_tokenizer(folder, "qwen2" if kind.startswith("qwen") else "smollm")
    weights = folder_weights(seed, "llama" if kind == "mistral" else kind)
    if files == 1:
        write_tensors(folder / "model.safetensors", weights, numbers)
        return folder
    places: dict[str, str] = {}
    for place in range(files):
        name = f"model-{place + 1:05}-of-{files:05}.safetensors"
        part = dict(list(weights.items())[place::files])
        write_tensors(folder / name, part, numbers)
        places |= dict.fromkeys(part, name)
    write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": places})
    return folder


def folder_weights(seed: int, kind: str) -> dict[str, Array]:
    """The weights of the tiny model under transformers' names, rows in its own order."""
    found = {}
    for name, weight in tiny_weights(seed, kind).items():
        heads = {"attn_q": HEADS, "attn_k": KEY_HEADS}.get(name.split(".")[-2], 0)
        is_paired = heads and kind in {"llama", "smollm3"}
        found[transformers_name(name)] = halves_from_pairs(weight, heads) if is_paired else weight
    return found


def tiny_config(kind: str) -> dict[str, object]:
    """config.json as transformers writes it."""
    config: dict[str, object] = {
        "architectures": [CLASSES[kind]],
        "model_type": kind,
        "bos_token_id": 1,
        "dtype": "float32",
        "eos_token_id": 2,
        "head_dim": head_width(kind),
        "hidden_act": "silu",
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "max_position_embeddings": CONTEXT,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYER_COUNTS.get(kind, LAYERS),
        "num_key_value_heads": KEY_HEADS,
        "pad_token_id": 2,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"},
        "tie_word_embeddings": True,
        "vocab_size": len(vocabulary()),
    }
    if kind == "mistral":
        config["sliding_window"] = None
    return config


def write_tokenizer(folder: Path, pre: str, merges: list[str] = MERGES) -> None:
    """Write tokenizer.json, tokenizer_config.json and generation_config.json."""
    words = {word: number for number, word in enumerate(vocabulary())}
    splitting = SPLITTINGS[pre]
    added = [{"id": words[word], "content": word, **_PLAIN_TOKEN} for word in SPECIALS]
    model = {
        "type": "BPE",
        "vocab": {word: number for word, number in words.items() if word not in SPECIALS},
        "merges": [merge.split(" ") for merge in merges],
        "ignore_merges": splitting.whole_words,
    }
    file = {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {"type": "NFC"} if splitting.composes else None,
        "pre_tokenizer": splitting.pre_tokenizer,
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
        "model": model,
    }
    write_json(folder / "tokenizer.json", file)
    named = {"bos_token": SPECIALS[1], "eos_token": SPECIALS[2]}
    named |= {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": CHAT_TEMPLATE}
    write_json(folder / "tokenizer_config.json", named)
    write_json(folder / "generation_config.json", {"eos_token_id": [2, 0]})


_PLAIN_TOKEN = {
    "single_word": False,
    "lstrip": False,
    "rstrip": False,
    "normalized": False,
    "special": True,
}


def write_tensors(path: Path, tensors: Mapping[str, Array], numbers: str = "F32") -> Path:
    """Write a safetensors file by hand: BF16 too, which NumPy has no type for."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    parts: list[bytes] = []
    start = 0
    for name, values in tensors.items():
        parts.append(_encoded(values, numbers))
        end = start + len(parts[-1])
        shape = list(values.shape)
        header[name] = {"dtype": numbers, "shape": shape, "data_offsets": [start, end]}
        start = end
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    return path


def _encoded(values: Array, numbers: str) -> bytes:
    if numbers == "BF16":
        return (np.ascontiguousarray(values).view(np.uint32) >> 16).astype("<u2").tobytes()
    return values.astype({"F32": "<f4", "F16": "<f2"}[numbers]).tobytes()


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file; what is None at the top is left out."""
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
