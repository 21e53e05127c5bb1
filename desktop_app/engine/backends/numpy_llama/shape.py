"""The measures of a Llama-like model, as a file's settings give them.

Llama, Mistral, Qwen2 and Qwen3 differ in little: Qwen2 adds biases to queries, keys and values,
Qwen3 normalises each head of queries and keys, SmolLM3 leaves every fourth layer unrotated.

Source of the names: ggml, docs/gguf.md ("LLM"); llama.cpp, src/llama-arch.cpp.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import (
    Described,
    UnsupportedModelError,
    Value,
)

KINDS = ("llama", "qwen2", "qwen3", "smollm3")
_MOST = 1 << 24
_SMOLLM3_INTERVAL = 4
"""llama.cpp, src/llama-model.cpp, `n_no_rope_layer_step`: files do not say it."""


@dataclass(frozen=True)
class ModelShape:
    """Sizes of one model: d = width, H query heads and K key heads of h numbers each.

    `has_biases` is of queries, keys and values; `norms_heads` of queries and keys. Every layer of
    number n `unrotated_every` - 1 is without rotary positions, none if that is 0.
    """

    layers: int
    width: int
    heads: int
    key_heads: int
    head_width: int
    inner: int
    vocabulary: int
    context: int
    rotary_base: float
    norm_epsilon: float
    kind: str = "llama"
    has_biases: bool = False
    norms_heads: bool = False
    unrotated_every: int = 0

    @property
    def queries_width(self) -> int:
        """H h: what the query projection puts out."""
        return self.heads * self.head_width

    @property
    def keys_width(self) -> int:
        """K h: what the key and the value projection each put out."""
        return self.key_heads * self.head_width

    @property
    def linear_parameters(self) -> int:
        """The weights of all linear layers, embedding and output left out."""
        attention = 2 * self.width * (self.queries_width + self.keys_width)
        return self.layers * (attention + 3 * self.width * self.inner)

    def is_rotated(self, layer: int) -> bool:
        """Whether a layer knows of positions."""
        return not self.unrotated_every or (layer + 1) % self.unrotated_every != 0


def read_shape(file: Described) -> ModelShape:
    """Read and check the measures. Raises ModelFileError for what NumPy cannot run."""
    settings = file.settings
    kind = settings.get("general.architecture")
    if kind not in KINDS or not isinstance(kind, str):
        raise UnsupportedModelError(
            f"This model is of the kind {str(kind)[:40]!r};"
            " NumPy runs Llama, Mistral, Qwen2, Qwen3 and SmolLM3."
        )
    measures = _Measures(settings, kind)
    embedding = file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise ModelFileError("The model lacks the tensor token_embd.weight.")
    heads, width = measures.size("attention.head_count"), measures.size("embedding_length")
    shape = ModelShape(
        layers=measures.size("block_count"),
        width=width,
        heads=heads,
        key_heads=measures.size("attention.head_count_kv", heads),
        head_width=measures.size("attention.key_length", max(1, width // heads)),
        inner=measures.size("feed_forward_length"),
        vocabulary=embedding.shape[0],
        context=measures.size("context_length"),
        rotary_base=measures.positive("rope.freq_base", 10000.0),
        norm_epsilon=measures.positive("attention.layer_norm_rms_epsilon"),
        kind=kind,
        has_biases=kind == "qwen2",
        norms_heads=kind == "qwen3",
        unrotated_every=_SMOLLM3_INTERVAL if kind == "smollm3" else 0,
    )
    if shape.heads % shape.key_heads or shape.head_width % 2 or not shape.vocabulary:
        raise ModelFileError("The model file is damaged: its measures contradict each other.")
    _refuse_variants(measures, shape)
    return shape


class _Measures:
    """The settings of a kind of model."""

    def __init__(self, settings: Mapping[str, Value], kind: str) -> None:
        self._settings = settings
        self._kind = kind

    def get(self, name: str, default: Value | None = None) -> Value | None:
        return self._settings.get(f"{self._kind}.{name}", default)

    def size(self, name: str, default: int | None = None) -> int:
        value = self.get(name, default)
        if not isinstance(value, int) or not 1 <= value <= _MOST:
            raise self._damaged(name)
        return value

    def positive(self, name: str, default: float | None = None) -> float:
        value = self.get(name, default)
        if not isinstance(value, int | float) or not 0 < value < 1e12:
            raise self._damaged(name)
        return float(value)

    def _damaged(self, name: str) -> ModelFileError:
        return ModelFileError(
            f"The model file is damaged: {self._kind}.{name} is missing or makes no sense."
        )


def _refuse_variants(measures: _Measures, shape: ModelShape) -> None:
    """Refuse what would load but compute something else than the model's makers meant."""
    if measures.get("rope.scaling.type", "none") != "none":
        raise UnsupportedModelError("Rotary positions scaled as in this model are not supported.")
    if measures.get("rope.dimension_count", shape.head_width) != shape.head_width:
        raise UnsupportedModelError(
            "Models that rotate only a part of each head are not supported."
        )
    if measures.get("attention.value_length", shape.head_width) != shape.head_width:
        raise UnsupportedModelError(
            "Models with values of another width than keys are not supported."
        )
    if measures.get("expert_count", 0) != 0:
        raise UnsupportedModelError("Models of several experts are not supported.")
    window = measures.get("attention.sliding_window", shape.context)
    if not isinstance(window, int) or 0 < window < shape.context:
        raise UnsupportedModelError("Models that look back only some way are not supported.")
    if measures.get("feed_forward_activation") is not None:
        raise UnsupportedModelError("This model's kind of activation is not supported.")
    if measures.get("quantized_by") is not None:
        raise UnsupportedModelError("Quantized weights in a folder are not supported.")
