"""The measures of a causal language model, from which its size and its needs are computed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from typing_extensions import override

from desktop_app.engine.backends.measures import Measures
from desktop_app.engine.models.sketch import numpy_runs

_MOST_CONFIG_BYTES = 4 << 20
_MOST = 1 << 24


class Shape(Measures, frozen=True):
    """Sizes of a model. `tied`: the embedding is the output matrix too.

    `architecture` is what transformers calls "model_type"; `plain`: the NumPy back end runs it.
    """

    architecture: str
    tied: bool
    plain: bool

    @property
    def multiplied_parameters(self) -> int:
        """The weights by which every token is multiplied: linear layers and output matrix."""
        return self.linear_parameters + self.vocabulary * self.width

    @property
    def parameters(self) -> int:
        """All numbers of the model.

        Beside the matrices: gains of two norms a layer and one at the end; biases of queries, keys
        and values in Qwen2; norms of queries and keys in Qwen3 and Gemma 3, which has two more
        norms a layer. Source: transformers, models/*/modeling_*.py.
        """
        small = 2 * self.width
        if self.architecture == "qwen2":
            small += self.queries_width + 2 * self.keys_width
        elif self.architecture == "qwen3":
            small += 2 * self.head_width
        elif self.architecture == "gemma3_text":
            small += 2 * self.width + 2 * self.head_width
        embeddings = self.vocabulary * self.width * (1 if self.tied else 2)
        return self.linear_parameters + self.layers * small + self.width + embeddings

    @property
    @override
    def norms_heads(self) -> bool:
        return self.architecture in {"qwen3", "gemma3_text"}


def shape_of(config: Mapping[str, Any]) -> Shape | None:
    """Return the measures that a config.json states; None where it states them in another way.

    Source of the names: transformers, models/llama/configuration_llama.py.
    """
    found = (config.get(name) for name in _NEEDED)
    whole = [value for value in found if _is_size(value)]
    if len(whole) != len(_NEEDED):
        return None
    layers, width, heads, inner, vocabulary = whole
    key_heads = config.get("num_key_value_heads") or heads
    head_width = config.get("head_dim") or max(1, width // heads)
    if not (_is_size(key_heads) and _is_size(head_width)):
        return None
    kind = config.get("model_type")
    # Half a surrogate pair is a text to JSON's reader, and none to its writer.
    architecture = kind[:60] if isinstance(kind, str) and kind.isascii() else ""
    tied = config.get("tie_word_embeddings", architecture.startswith("gemma"))
    return Shape(
        architecture=architecture,
        layers=layers,
        width=width,
        heads=heads,
        key_heads=key_heads,
        head_width=head_width,
        inner=inner,
        vocabulary=vocabulary,
        tied=tied is True,
        plain=numpy_runs(config, vocabulary, width),
    )


def context_of(config: Mapping[str, Any]) -> int | None:
    """Return how many tokens a model reads, as its config.json states it."""
    value = config.get("max_position_embeddings")
    return value if _is_size(value) else None


def _is_size(value: object) -> TypeGuard[int]:
    """Whether it is a size; true and false are none, though Python counts with them."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST


_NEEDED = (
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
)


def read_config(path: Path) -> dict[str, Any]:
    """Return what a config.json holds, nothing where it cannot be read."""
    try:
        if path.stat().st_size > _MOST_CONFIG_BYTES:
            return {}
        return config_in(path.read_bytes())
    except OSError:
        return {}


def config_in(data: bytes) -> dict[str, Any]:
    """Return what the bytes of a config.json hold, nothing where they are damaged."""
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
