"""The measures of a Llama-shaped model, as a GGUF file's settings give them.

Source of the names: ggml, docs/gguf.md ("LLM"); llama.cpp, src/llama-arch.cpp.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.gguf_file import GgufFile, Value

_MOST = 1 << 24


@dataclass(frozen=True)
class ModelShape:
    """Sizes of one model: d = width, H query heads and K key heads of h numbers each."""

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


def read_shape(file: GgufFile) -> ModelShape:
    """Read and check the measures. Raises ModelFileError for anything but a plain Llama."""
    settings = file.settings
    architecture = settings.get("general.architecture")
    if architecture != "llama":
        raise ModelFileError(
            f"This model is of the kind {str(architecture)[:40]!r}; this engine runs 'llama' ones."
        )
    heads = _size(settings, "llama.attention.head_count")
    width = _size(settings, "llama.embedding_length")
    embedding = file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise ModelFileError("The model file lacks the tensor token_embd.weight.")
    shape = ModelShape(
        layers=_size(settings, "llama.block_count"),
        width=width,
        heads=heads,
        key_heads=_size(settings, "llama.attention.head_count_kv", heads),
        head_width=_size(settings, "llama.attention.key_length", max(1, width // heads)),
        inner=_size(settings, "llama.feed_forward_length"),
        vocabulary=embedding.shape[0],
        context=_size(settings, "llama.context_length"),
        rotary_base=_positive(settings, "llama.rope.freq_base", 10000.0),
        norm_epsilon=_positive(settings, "llama.attention.layer_norm_rms_epsilon"),
    )
    if shape.heads % shape.key_heads or shape.head_width % 2 or not shape.vocabulary:
        raise ModelFileError("The model file is damaged: its measures contradict each other.")
    _refuse_variants(settings, shape.head_width)
    return shape


def _refuse_variants(settings: Mapping[str, Value], head_width: int) -> None:
    """Refuse what would load but compute something else than the model's makers meant."""
    if settings.get("llama.rope.scaling.type", "none") != "none":
        raise ModelFileError("Models with scaled rotary positions are not supported.")
    if settings.get("llama.rope.dimension_count", head_width) != head_width:
        raise ModelFileError("Models that rotate only a part of each head are not supported.")
    if settings.get("llama.attention.value_length", head_width) != head_width:
        raise ModelFileError("Models with values of another width than keys are not supported.")


def _size(settings: Mapping[str, Value], key: str, default: int | None = None) -> int:
    value = settings.get(key, default)
    if not isinstance(value, int) or not 1 <= value <= _MOST:
        raise ModelFileError(f"The model file is damaged: {key} is missing or makes no sense.")
    return value


def _positive(settings: Mapping[str, Value], key: str, default: float | None = None) -> float:
    value = settings.get(key, default)
    if not isinstance(value, int | float) or not 0 < value < 1e12:
        raise ModelFileError(f"The model file is damaged: {key} is missing or makes no sense.")
    return float(value)
