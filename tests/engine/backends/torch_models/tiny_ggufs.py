"""Models of transformers as GGUF files, with tensors as llama.cpp's converter writes them."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer

from tests.engine.backends.torch_models.tiny_folders import SPECIALS, sentence_pieces
from tests.engine.tiny_model import CHAT_TEMPLATE

_MOVED_NORMS = {"gemma2", "gemma3"}
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6


def write_gguf(
    path: Path,
    network: Any,  # noqa: ANN401  # untyped
    kind: str,
    changes: dict[str, Any] | None = None,
    more: dict[str, np.ndarray[Any, Any]] | None = None,
    without: str = "",
) -> Path:
    """Write a model in float32; `changes` are of its settings, `more` and `without` of tensors."""
    writer = gguf.GGUFWriter(path, kind)
    settings = {**_measures(network.config, kind), **_vocabulary(), **(changes or {})}
    for name, value in settings.items():
        _add(writer, name, value)
    for name, tensor in {**_tensors(network, kind), **(more or {})}.items():
        if name != without:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: gguf.GGUFWriter, name: str, value: Any) -> None:  # noqa: ANN401  # of any kind
    if isinstance(value, bool):
        writer.add_bool(name, value)
    elif isinstance(value, int):
        writer.add_uint32(name, value)
    elif isinstance(value, float):
        writer.add_float32(name, value)
    elif isinstance(value, str):
        writer.add_string(name, value)
    else:
        writer.add_array(name, value)


def _measures(config: Any, kind: str) -> dict[str, Any]:  # noqa: ANN401  # untyped
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    found: dict[str, Any] = {
        "context_length": config.max_position_embeddings,
        "block_count": config.num_hidden_layers,
        "embedding_length": config.hidden_size,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.layer_norm_rms_epsilon": config.rms_norm_eps,
    }
    if kind == "phi3":
        found["rope.dimension_count"] = width
    else:
        found |= {"attention.key_length": width, "attention.value_length": width}
    if getattr(config, "sliding_window", None):
        found["attention.sliding_window"] = config.sliding_window
    for name in ("attn_logit_softcapping", "final_logit_softcapping"):
        if getattr(config, name, None):
            found[name] = getattr(config, name)
    return {f"{kind}.{name}": value for name, value in found.items()}


def _tensors(network: Any, kind: str) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401  # untyped
    arch = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == kind)
    names = gguf.get_tensor_name_map(arch, network.config.num_hidden_layers)
    found = {}
    for name, tensor in network.state_dict().items():
        if name == "lm_head.weight" and network.config.tie_word_embeddings:
            continue
        theirs = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert theirs is not None, name
        is_moved = kind in _MOVED_NORMS and theirs.endswith("norm.weight")
        numbers = tensor.float().numpy() + (1 if is_moved else 0)
        if kind == "llama" and ("attn_q." in theirs or "attn_k." in theirs):
            numbers = _in_pairs(numbers, network.config, "attn_q." in theirs)
        found[theirs] = np.ascontiguousarray(numbers, np.float32)
    return found


def _in_pairs(rows: np.ndarray[Any, Any], config: Any, is_query: bool) -> np.ndarray[Any, Any]:  # noqa: ANN401  # untyped
    heads = config.num_attention_heads if is_query else config.num_key_value_heads
    halves = rows.reshape(heads, 2, len(rows) // heads // 2, -1)
    return halves.swapaxes(1, 2).reshape(rows.shape)


def _vocabulary() -> dict[str, Any]:
    made: Tokenizer = sentence_pieces()
    words = [word for word, _ in sorted(made.get_vocab().items(), key=lambda pair: pair[1])]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.scores": [-float(place) for place in range(len(words))],
        "tokenizer.ggml.token_type": [_type(word) for word in words],
        "tokenizer.ggml.bos_token_id": words.index("<|im_start|>"),
        "tokenizer.ggml.eos_token_id": words.index("<|im_end|>"),
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }


def _type(word: str) -> int:
    if word in SPECIALS:
        return _CONTROL
    if word == "<unk>":
        return _UNKNOWN
    return _BYTE if word.startswith("<0x") else _NORMAL


def network_of(config: Any) -> Any:  # noqa: ANN401  # untyped
    """Return a random model; its norms are random too, so that one left out would be seen."""
    torch.manual_seed(7)
    network = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for name, numbers in network.named_parameters():
            if "norm" in name:
                numbers.add_(torch.randn_like(numbers) * 0.2)
    return network
