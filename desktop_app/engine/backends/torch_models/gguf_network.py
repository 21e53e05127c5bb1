"""Models of GGUF files as transformers builds them: Llama, Qwen2, Qwen3, SmolLM3."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)
from transformers.initialization import no_init_weights

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.model_files.model_file import ModelFile, Value
from desktop_app.engine.backends.model_files.tensor_names import transformers_name

_CONFIGS: dict[str, type[PreTrainedConfig]] = {
    "llama": LlamaConfig,
    "qwen2": Qwen2Config,
    "qwen3": Qwen3Config,
    "smollm3": SmolLM3Config,
}

_FACTORS = "rope_freqs.weight"
_MOST = 1 << 24


@dataclass(frozen=True)
class Measures:
    """Settings of one architecture. Raises ModelFileError where one is missing or absurd."""

    settings: Any
    kind: str

    def size(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self._value(name, default)
        if not isinstance(value, int) or not 1 <= value <= _MOST:
            raise self._absurd(name)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number above 0."""
        value = self._value(name, default)
        if not isinstance(value, int | float) or not 0 < value < 1e12:
            raise self._absurd(name)
        return float(value)

    def _value(self, name: str, default: float | None) -> Value | None:
        found: Value | None = self.settings.get(f"{self.kind}.{name}", default)
        return found

    def _absurd(self, name: str) -> ModelFileError:
        told = f"The model file is damaged: {self.kind}.{name} is missing or makes no sense."
        return ModelFileError(told)


def read_gguf(file: ModelFile, dtype: torch.dtype) -> Any:  # noqa: ANN401  # untyped
    """Build the model and fill it, a tensor at a time. Raises ModelFileError."""
    config = _config(file)
    with no_init_weights():
        module = AutoModelForCausalLM.from_config(config, dtype=dtype)
    module.tie_weights()
    state = module.state_dict()
    left = set(state) - ({"lm_head.weight"} if config.tie_word_embeddings else set())
    with torch.no_grad():
        for name, numbers in _tensors(file, config):
            place = state.get(name)
            if place is None or place.shape != numbers.shape:
                raise ModelFileError(f"The tensor {name[:64]!r} does not fit this model.")
            place.copy_(torch.from_numpy(numbers))
            left.discard(name)
    if left:
        raise ModelFileError(f"The model file lacks the tensor {min(left)}.")
    if _FACTORS in file.tensors:
        _divide_frequencies(module, file)
    return module


def _config(file: ModelFile) -> PreTrainedConfig:
    kind = str(file.settings.get("general.architecture"))
    if kind not in _CONFIGS:
        raise ModelFileError(f"This model is of the kind {kind[:40]!r}, which is not known here.")
    measures = Measures(file.settings, kind)
    _refuse_variants(file, kind)
    heads, width = measures.size("attention.head_count"), measures.size("embedding_length")
    embedding = file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise ModelFileError("The model file lacks the tensor token_embd.weight.")
    key_heads = measures.size("attention.head_count_kv", heads)
    head_width = measures.size("attention.key_length", max(1, width // heads))
    if heads % key_heads or head_width % 2 or (kind == "llama" and width % heads):
        raise ModelFileError("The model file is damaged: its measures contradict each other.")
    return _CONFIGS[kind](
        vocab_size=embedding.shape[0],
        hidden_size=width,
        intermediate_size=measures.size("feed_forward_length"),
        num_hidden_layers=measures.size("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        head_dim=head_width,
        max_position_embeddings=measures.size("context_length"),
        rms_norm_eps=measures.number("attention.layer_norm_rms_epsilon"),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": measures.number("rope.freq_base", 10000.0),
        },
        tie_word_embeddings="output.weight" not in file.tensors,
        attention_bias=kind != "qwen2" and "blk.0.attn_q.bias" in file.tensors,
        pad_token_id=None,  # not used, and a kind's usual one need not be in this vocabulary
    )


def _refuse_variants(file: ModelFile, kind: str) -> None:
    """Refuse what would load but compute something else than the model's makers meant."""
    settings = file.settings
    if settings.get(f"{kind}.rope.scaling.type", "none") != "none":
        raise ModelFileError("Models with scaled rotary positions are not supported.")
    head_width = settings.get(f"{kind}.attention.key_length")
    for name in ("rope.dimension_count", "attention.value_length"):
        other = settings.get(f"{kind}.{name}")
        if head_width is not None and other is not None and other != head_width:
            raise ModelFileError(f"Models with another {name} than keys are not supported.")


def _tensors(file: ModelFile, config: PreTrainedConfig) -> Iterator[tuple[str, Floats]]:
    """Yield every tensor by its name in transformers, its rows in the model's own order."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, stored in file.tensors.items():
        if name == _FACTORS:
            continue
        numbers = file.tensor(name, stored.shape)
        known = transformers_name(name)
        if not known:
            raise ModelFileError(f"This model has the tensor {name[:64]!r}, which is not known.")
        part = name.rsplit(".", 2)[-2]
        if part in heads and file.rows_in_pairs:
            numbers = _halves_from_pairs(numbers, heads[part])
        yield known, numbers


def _halves_from_pairs(stored: Floats, heads: int) -> Floats:
    """Put the rows of rotated pairs half a head apart: see numpy_llama/weights.py."""
    rows = stored.shape[0]
    pairs = stored.reshape(heads, rows // heads // 2, 2, -1)
    return pairs.swapaxes(1, 2).reshape(stored.shape)


def _divide_frequencies(module: Any, file: ModelFile) -> None:  # noqa: ANN401  # untyped
    """Take the rotary factors of Llama 3.1, which its file has ready made, into the model."""
    frequencies: Tensor = module.model.rotary_emb.inv_freq
    factors = file.tensor(_FACTORS, tuple(frequencies.shape))
    if not (factors > 0).all():
        raise ModelFileError("The model file is damaged: its rotary factors make no sense.")
    frequencies.div_(torch.from_numpy(factors))
    module.model.rotary_emb.original_inv_freq.copy_(frequencies)
