"""Tiny random models of many kinds, in folders as transformers writes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, trainers
from tokenizers import pre_tokenizers as cutting

from tests.engine.tiny_model import CHAT_TEMPLATE

WIDTH, LAYERS, VOCABULARY = 32, 2, 400
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEXT = [
    "the system and the user sat in the rain, reading 3 or 4 news of the day",
    "what is the answer? it is that the assistant said: the pleasure is mine",
]
_USUAL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 48,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "initializer_range": 0.2,
}
_WINDOWS = {"sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"]}
KINDS: dict[str, Callable[[], Any]] = {
    "llama": lambda: transformers.LlamaConfig(**_USUAL),
    "qwen2": lambda: transformers.Qwen2Config(**_USUAL, tie_word_embeddings=True),
    "qwen3": lambda: transformers.Qwen3Config(**_USUAL),
    "mistral": lambda: transformers.MistralConfig(**_USUAL, sliding_window=6),
    "phi3": lambda: transformers.Phi3Config(
        **{k: v for k, v in _USUAL.items() if k != "head_dim"}, resid_pdrop=0.3
    ),
    "gemma2": lambda: transformers.Gemma2Config(
        **_USUAL,
        **_WINDOWS,
        query_pre_attn_scalar=8,
        attn_logit_softcapping=2.0,
        final_logit_softcapping=3.0,
    ),
    "gemma3": lambda: transformers.Gemma3TextConfig(**_USUAL, **_WINDOWS, query_pre_attn_scalar=8),
    "smollm3": lambda: transformers.SmolLM3Config(**_USUAL, no_rope_layers=[1, 0]),
    "gpt_neox": lambda: transformers.GPTNeoXConfig(
        **{k: v for k, v in _USUAL.items() if k != "num_key_value_heads"}
    ),
    "gpt_oss": lambda: transformers.GptOssConfig(
        **_USUAL, **_WINDOWS, num_local_experts=2, num_experts_per_tok=1
    ),
    "granite": lambda: transformers.GraniteConfig(**_USUAL, logits_scaling=4.0),
}


def write_folder(folder: Path, kind: str, tokenizer: Tokenizer | None = None) -> Path:
    """Write a model of this kind with a tokenizer and a chat template."""
    torch.manual_seed(7)
    network = transformers.AutoModelForCausalLM.from_config(KINDS[kind]())
    network.save_pretrained(folder)
    (tokenizer or byte_level()).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "bos_token": "<|im_start|>",
                "eos_token": {"content": "<|im_end|>", "special": True},
                "chat_template": CHAT_TEMPLATE,
            }
        )
    )
    return folder


def byte_level() -> Tokenizer:
    """Return a byte-level BPE, as GPT-2 and its heirs have it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = cutting.Sequence(
        [cutting.Digits(individual_digits=True), cutting.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 1,
        special_tokens=SPECIALS,
        initial_alphabet=cutting.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXT * 20, trainer)
    made.add_tokens([AddedToken("<tool_call>", special=False, normalized=False)])
    return made


def sentence_pieces() -> Tokenizer:
    """Return a BPE as SentencePiece's: spaces as ▁, one before each text, bytes where needed."""
    made = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(Regex(" "), "▁")]
    )
    made.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<unk>", *SPECIALS, *pieces], show_progress=False
    )
    made.train_from_iterator([text.replace(" ", "▁") for text in TEXT] * 20, trainer)
    described = json.loads(made.to_str())
    # The byte tokens are ordinary ones, as in real files.
    described["added_tokens"] = [
        token for token in described["added_tokens"] if token["content"] not in pieces
    ]
    return Tokenizer.from_str(json.dumps(described))
