"""The measures of a Llama-like model, as a file's settings give them.

Llama, Mistral, Qwen2 and Qwen3 differ in little: Qwen2 adds biases to queries, keys and values,
Qwen3 normalises each head of queries and keys, SmolLM3 leaves every fourth layer unrotated.

Source of the names: ggml, docs/gguf.md ("LLM"); llama.cpp, src/llama-arch.cpp.
"""

from collections.abc import Mapping

from typing_extensions import override

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.measures import Measures
from desktop_app.engine.backends.model_files.model_file import (
    Described,
    UnsupportedModelError,
    Value,
)

KINDS = ("llama", "qwen2", "qwen3", "smollm3")
_MOST = 1 << 24
_SMOLLM3_INTERVAL = 4
"""Every such layer is not rotated. llama.cpp, src/llama-model.cpp, `n_no_rope_layer_step`: files do
not say it."""


class ModelShape(Measures, frozen=True):
    """Sizes of one model, and of what kind it is."""

    context: int
    rotary_base: float
    norm_epsilon: float
    kind: str

    @property
    def has_biases(self) -> bool:
        """Whether queries, keys and values have them."""
        return self.kind == "qwen2"

    @property
    @override
    def norms_heads(self) -> bool:
        return self.kind == "qwen3"

    def is_rotated(self, layer: int) -> bool:
        """Whether a layer knows of positions."""
        return self.kind != "smollm3" or (layer + 1) % _SMOLLM3_INTERVAL != 0


def read_shape(file: Described) -> ModelShape:
    """Read and check the measures. Raises ModelFileError for what NumPy cannot run."""
    settings = file.settings
    kind = settings.get("general.architecture")
    if kind not in KINDS or not isinstance(kind, str):
        raise UnsupportedModelError(
            f"This model is of the kind {str(kind)[:40]!r};"
            " NumPy runs Llama, Mistral, Qwen2, Qwen3 and SmolLM3."
        )
    stated = _Settings(settings, kind)
    embedding = file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise ModelFileError("The model lacks the tensor token_embd.weight.")
    heads, width = stated.size("attention.head_count"), stated.size("embedding_length")
    shape = ModelShape(
        layers=stated.size("block_count"),
        width=width,
        heads=heads,
        key_heads=stated.size("attention.head_count_kv", heads),
        head_width=stated.size("attention.key_length", max(1, width // heads)),
        inner=stated.size("feed_forward_length"),
        vocabulary=embedding.shape[0],
        context=stated.size("context_length"),
        rotary_base=stated.positive("rope.freq_base", 10000.0),
        norm_epsilon=stated.positive("attention.layer_norm_rms_epsilon"),
        kind=kind,
    )
    if shape.heads % shape.key_heads or shape.head_width % 2 or not shape.vocabulary:
        raise ModelFileError("The model file is damaged: its measures contradict each other.")
    _refuse_variants(stated, shape)
    return shape


class _Settings:
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


def _refuse_variants(stated: _Settings, shape: ModelShape) -> None:
    """Refuse what would load but compute something else than the model's makers meant."""
    if stated.get("rope.scaling.type", "none") != "none":
        raise UnsupportedModelError("Rotary positions scaled as in this model are not supported.")
    if stated.get("rope.dimension_count", shape.head_width) != shape.head_width:
        raise UnsupportedModelError(
            "Models that rotate only a part of each head are not supported."
        )
    if stated.get("attention.value_length", shape.head_width) != shape.head_width:
        raise UnsupportedModelError(
            "Models with values of another width than keys are not supported."
        )
    if stated.get("expert_count", 0) != 0:
        raise UnsupportedModelError("Models of several experts are not supported.")
    window = stated.get("attention.sliding_window", shape.context)
    if not isinstance(window, int) or 0 < window < shape.context:
        raise UnsupportedModelError("Models that look back only some way are not supported.")
    if stated.get("feed_forward_activation") is not None:
        raise UnsupportedModelError("This model's kind of activation is not supported.")
    if stated.get("quantized_by") is not None:
        raise UnsupportedModelError("Quantized weights in a folder are not supported.")
