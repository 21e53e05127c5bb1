"""A model's config.json under the names that GGUF files have for its measures.

Sources: transformers 5.23, the `*Config` classes and their defaults, older forms of them too;
ggml, docs/gguf.md ("LLM"). What has no name there is left out, and what NumPy cannot run is named,
so that whoever wants to run the model is the one to refuse it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.backends.model_files.rotary_scaling import Llama3Scaling

Config = Mapping[str, Any]

ARCHITECTURES = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "smollm3": "smollm3",
}
"""GGUF files' names for kinds of models, by `model_type`; others keep their own."""

_DEFAULT_HEAD_WIDTHS = {"qwen3": 128}
_DEFAULT_BASES = {"smollm3": 2_000_000.0}
_SIZES = {
    "num_hidden_layers": "block_count",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "max_position_embeddings": "context_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "num_experts": "expert_count",
    "num_local_experts": "expert_count",
    "vocab_size": "vocab_size",
}


def kind_of(config: Config) -> str:
    """Return the kind of model, as GGUF files call it. Raises ModelFileError."""
    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise ModelFileError("The model's config.json does not say what kind of model it is.")
    return ARCHITECTURES.get(kind, kind[:64])


def settings_of(config: Config) -> dict[str, Value]:
    """Return the measures. Raises ModelFileError where the file contradicts itself."""
    kind = kind_of(config)
    settings: dict[str, Value] = {"general.architecture": kind}
    settings |= {f"{kind}.{key}": value for key, value in _measures(config)}
    return settings


def _measures(config: Config) -> Iterator[tuple[str, Value]]:
    for name, key in _SIZES.items():
        if config.get(name) is not None:
            yield key, _whole(config, name)
    kind = kind_of(config)
    yield "attention.layer_norm_rms_epsilon", _number(config, "rms_norm_eps", 1e-6)
    width = config.get("head_dim") or _DEFAULT_HEAD_WIDTHS.get(kind)
    if width:
        width = _whole({"head_dim": width}, "head_dim")
        yield "attention.key_length", width
        yield "attention.value_length", width
    window = config.get("sliding_window")
    if window is not None and config.get("use_sliding_window", kind == "llama"):
        yield "attention.sliding_window", _whole(config, "sliding_window")
    yield from _rotation(config)
    yield from _oddities(config)


def _rotation(config: Config) -> Iterator[tuple[str, Value]]:
    rope = rotary_settings(config)
    yield "rope.freq_base", _number(rope, "rope_theta", _DEFAULT_BASES.get(kind_of(config), 1e4))
    kind = rope.get("rope_type", rope.get("type", "default"))
    if not isinstance(kind, str) or kind not in {"default", "llama3"}:
        yield "rope.scaling.type", _word(kind)
    if rope.get("partial_rotary_factor", 1) != 1:
        yield "rope.dimension_count", 1
    if kind_of(config) == "smollm3" and not _leaves_out_every_fourth(config):
        yield "rope.scaling.type", "left out in layers of their own"


def _oddities(config: Config) -> Iterator[tuple[str, Value]]:
    """Name what no plain model has; what cannot run it knows none of these names."""
    if config.get("hidden_act", "silu") != "silu":
        yield "feed_forward_activation", _word(config["hidden_act"])
    if config.get("quantization_config") is not None:
        yield "quantized_by", _word(config["quantization_config"])


def rotary_settings(config: Config) -> Config:
    """Return what is said of rotary positions: newer files have it all in one place."""
    scaling = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(scaling, dict):
        raise ModelFileError("The model's config.json is damaged: its rotary settings are none.")
    tops = ("rope_theta", "partial_rotary_factor")
    return {key: config[key] for key in tops if config.get(key) is not None} | scaling


def llama3_scaling(config: Config) -> Llama3Scaling | None:
    """Return how rotary positions are stretched, None where they are not in this way."""
    rope = rotary_settings(config)
    if rope.get("rope_type", rope.get("type")) != "llama3":
        return None
    scaling = Llama3Scaling(
        _number(rope, "factor"),
        _number(rope, "low_freq_factor"),
        _number(rope, "high_freq_factor"),
        _whole(rope, "original_max_position_embeddings"),
    )
    if scaling.high_freq_factor <= scaling.low_freq_factor:
        raise ModelFileError("The model's config.json is damaged: its rotary factors are none.")
    return scaling


def _leaves_out_every_fourth(config: Config) -> bool:
    """Whether the layers without rotary positions are those that GGUF files take for granted."""
    rotated = config.get("no_rope_layers")
    if not isinstance(rotated, list):
        return rotated is None and config.get("no_rope_layer_interval", 4) == 4
    return all(bool(each) == ((layer + 1) % 4 != 0) for layer, each in enumerate(rotated))


def _word(value: object) -> str:
    """Return a text as it is told, of anything else its type: it may be nested without an end."""
    return value[:40] if isinstance(value, str) else type(value).__name__


def _whole(config: Config, name: str) -> int:
    value = config.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise ModelFileError(f"The model's config.json is damaged: {name} makes no sense.")
    return value


def _number(config: Config, name: str, default: float | None = None) -> float:
    value = config.get(name, default)
    value = default if value is None else value
    if not isinstance(value, int | float) or not 0 < value < 1e12:
        raise ModelFileError(f"The model's config.json is damaged: {name} makes no sense.")
    return float(value)
