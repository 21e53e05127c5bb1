"""Writes a tiny random Llama-shaped GGUF, built like the starter model, for tests.

Two layers, 64 wide, 4 query and 2 key heads, 300 tokens; it says nothing sensible, but it
loads, trains (its loss falls), answers and streams in milliseconds.
"""

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, "
    "trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""SmolLM2's own template, word for word."""

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = [
    *("t h", "i n", "e r", "a n", "o n", "r e", "o r", "e n", "a t", "e s", "i s", "o u", "h e"),
    *("a r", "s t", "a l", "l l", "u s", "e d", "i t", "a s", "th e", "Ġ t", "Ġ a", "Ġ s", "Ġ w"),
    *("Ġ o", "Ġ i", "Ġ the", "in g", "an d", "Ġ and", "er s", "s y", "sy st", "syst e"),
    *("syste m", "us er", "as s", "ass is", "assis t"),
]
LAYERS, WIDTH, HEADS, KEY_HEADS, INNER, CONTEXT = 2, 64, 4, 2, 96, 512
HEAD_WIDTHS = {"qwen3": 32}
"""Qwen3 has heads of a width of its own; those of others share out the model's."""
LAYER_COUNTS = {"smollm3": 4}
"""Every fourth layer of SmolLM3 is another one; other kinds have `LAYERS`."""

Array = npt.NDArray[np.float32]


def byte_alphabet() -> list[str]:
    """GPT-2's printable stand-ins for the bytes 0 to 255."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    names = {byte: chr(byte) for byte in printable}
    names |= {byte: chr(256 + place) for place, byte in enumerate(others)}
    return [names[byte] for byte in range(256)]


def vocabulary() -> list[str]:
    """Special tokens, bytes, then the merges in their order."""
    return SPECIALS + byte_alphabet() + [merge.replace(" ", "") for merge in MERGES]


def head_width(kind: str) -> int:
    """Numbers of a head in the tiny model of a kind."""
    return HEAD_WIDTHS.get(kind, WIDTH // HEADS)


def tiny_weights(seed: int, kind: str = "llama") -> dict[str, Array]:
    """Random weights by GGUF name, shapes (out, in), of a scale at which gradients flow."""
    generator = np.random.default_rng(seed)

    def linear(out: int, into: int) -> Array:
        return generator.normal(0, into**-0.5, (out, into)).astype(np.float32)

    weights = {"token_embd.weight": linear(len(vocabulary()), WIDTH)}
    queries, keys = head_width(kind) * HEADS, head_width(kind) * KEY_HEADS
    for layer in range(LAYER_COUNTS.get(kind, LAYERS)):
        weights |= {
            f"blk.{layer}.attn_norm.weight": np.ones(WIDTH, np.float32),
            f"blk.{layer}.attn_q.weight": linear(queries, WIDTH),
            f"blk.{layer}.attn_k.weight": linear(keys, WIDTH),
            f"blk.{layer}.attn_v.weight": linear(keys, WIDTH),
            f"blk.{layer}.attn_output.weight": linear(WIDTH, queries),
            f"blk.{layer}.ffn_norm.weight": np.ones(WIDTH, np.float32),
            f"blk.{layer}.ffn_gate.weight": linear(INNER, WIDTH),
            f"blk.{layer}.ffn_up.weight": linear(INNER, WIDTH),
            f"blk.{layer}.ffn_down.weight": linear(WIDTH, INNER),
        }
        weights |= _parts_of_kind(generator, kind, f"blk.{layer}")
    return weights | {"output_norm.weight": np.ones(WIDTH, np.float32)}


def _parts_of_kind(generator: np.random.Generator, kind: str, layer: str) -> dict[str, Array]:
    """What a layer of this kind has beside a Llama's parts."""
    width = head_width(kind)

    def vector(length: int) -> Array:
        return generator.uniform(0.5, 1.5, length).astype(np.float32)

    if kind == "qwen2":
        keys = width * KEY_HEADS
        outs = {"attn_q": width * HEADS, "attn_k": keys, "attn_v": keys}
        return {f"{layer}.{name}.bias": vector(out) for name, out in outs.items()}
    if kind == "qwen3":
        return {f"{layer}.{name}_norm.weight": vector(width) for name in ("attn_q", "attn_k")}
    return {}


def write_tiny_model(path: Path, *, seed: int = 0, kind: str = "llama") -> Path:
    """Write the model to `path` and return it: Q8_0 embedding, Q4_1 linears, F32 norms.

    Kinds are those of GGUF files: llama, qwen2, qwen3, smollm3.
    """
    return write_model(path, tiny_weights(seed, kind), {}, kind=kind)


def write_model(
    path: Path,
    weights: Mapping[str, Array],
    changes: Mapping[str, object],
    *,
    kind: str = "llama",
    exact: bool = False,
) -> Path:
    """Write a model of these weights, with some settings changed, or left out where None.

    `exact` keeps all numbers in F32.
    """
    writer = gguf.GGUFWriter(path, kind)
    _write_settings(writer, kind)
    for key, value in changes.items():
        writer.kv_data[0].pop(key, None)
        if value is not None:
            writer.add_key_value(key, value, gguf.GGUFValueType.get_type(value))
    for name, weight in weights.items():
        number = gguf.GGMLQuantizationType.F32
        if weight.ndim > 1 and not exact:
            embedding = name == "token_embd.weight"
            number = gguf.GGMLQuantizationType.Q8_0 if embedding else gguf.GGMLQuantizationType.Q4_1
        writer.add_tensor(name, gguf.quants.quantize(weight, number), raw_dtype=number)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_settings(writer: gguf.GGUFWriter, kind: str) -> None:
    tokens = vocabulary()
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_name("Tiny test model")
    writer.add_license("apache-2.0")
    writer.add_block_count(LAYER_COUNTS.get(kind, LAYERS))
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(head_width(kind))
    if kind in HEAD_WIDTHS:
        writer.add_key_length(head_width(kind))
        writer.add_value_length(head_width(kind))
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2" if kind.startswith("qwen") else "smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([control if token in SPECIALS else normal for token in tokens])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
