"""What GGUF files and transformers call the same tensors of Llama-like models.

Sources: llama.cpp, gguf-py, `constants.py` and `tensor_mapping.py`; transformers 5.23,
`modeling_llama.py`, `modeling_qwen2.py`, `modeling_qwen3.py`.
"""

import re

KINDS_IN_PAIRS = frozenset({"llama", "smollm3"})
"""Of these, GGUF files keep query and key rows that are rotated together as neighbours
(llama.cpp, convert_hf_to_gguf.py, `LlamaModel.undo_permute`)."""

_OUTER = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_OUTER_BACK = {theirs: ours for ours, theirs in _OUTER.items()}
_PARTS_BACK = {theirs: ours for ours, theirs in _PARTS.items()}
_IN_GGUF = re.compile(r"blk\.(\d+)\.(\w+)\.(weight|bias)")
_IN_TRANSFORMERS = re.compile(r"model\.layers\.(\d+)\.([\w.]+)\.(weight|bias)")


def transformers_name(name: str) -> str:
    """Return transformers' name of a tensor in a GGUF file, '' where it has none."""
    found = _IN_GGUF.fullmatch(name)
    if found and found[2] in _PARTS:
        return f"model.layers.{found[1]}.{_PARTS[found[2]]}.{found[3]}"
    return _OUTER.get(name, "")


def gguf_name(name: str) -> str:
    """Return GGUF files' name of a tensor of transformers', the same where they have none."""
    found = _IN_TRANSFORMERS.fullmatch(name)
    if found and found[2] in _PARTS_BACK:
        return f"blk.{found[1]}.{_PARTS_BACK[found[2]]}.{found[3]}"
    return _OUTER_BACK.get(name, name)
