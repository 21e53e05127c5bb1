"""A base model with its adapter merged into it, a tensor at a time.

W' = W + (alpha / r) B A (Hu et al. 2021, section 4.1). The base is read from its mapped file, so
that no more than one tensor and what is made of it lie in memory.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Floats
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape
from desktop_app.engine.backends.numpy_llama.weights import group_shapes, halves_from_pairs

ROTARY_FACTORS = "rope_freqs.weight"
_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_OUTER = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}


@dataclass(frozen=True)
class Part:
    """A tensor. `stored` is its name in a GGUF file, `name` that in transformers, '' for none.

    `heads` is set for query and key weights, whose rows GGUF files keep in another order.
    """

    stored: str
    name: str
    shape: tuple[int, ...]
    heads: int = 0

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def module(self) -> str:
        """The layer that it belongs to, as adapters name it."""
        return self.name.removesuffix(".weight")


class MergedModel:
    """The parts of a model in the file's order. Raises ModelFileError for anything but a Llama."""

    def __init__(self, file: GgufFile, adapter: Path | None) -> None:
        self.file = file
        self.shape = read_shape(file)
        self.parts = _parts(file, self.shape)
        self.rank, self.alpha, self._scale = 0, 0.0, 0.0
        self._updates: dict[str, tuple[Array, Array]] = {}
        if adapter is not None:
            lora = read_adapter(adapter, self.shape)
            self.rank, self.alpha = lora.settings.rank, lora.settings.alpha
            self._scale = self.alpha / self.rank
            self._updates = {module: (a, b) for module, a, b in lora.pairs()}

    def weights(self, part: Part) -> Floats:
        """Return a tensor with its adapter merged, in the model's own order of rows."""
        weights = self.file.tensor(part.stored, part.shape)
        if part.heads:
            weights = halves_from_pairs(weights, part.heads)
        update = self._updates.get(part.module)
        if update is not None:
            a, b = update
            weights += (self._scale * b) @ a
        return weights

    def stored_weights(self, part: Part) -> Floats:
        """Return the same in the order of GGUF files."""
        weights = self.weights(part)
        return pairs_from_halves(weights, part.heads) if part.heads else weights


def pairs_from_halves(weights: Floats, heads: int) -> Floats:
    """Put rows that are rotated together next to each other: `halves_from_pairs` the other way."""
    out, into = weights.shape
    halves = weights.reshape(heads, 2, out // heads // 2, into)
    return halves.swapaxes(1, 2).reshape(out, into)


def _parts(file: GgufFile, shape: ModelShape) -> list[Part]:
    heads = {"attn_q": shape.heads, "attn_k": shape.key_heads}
    names = {
        stored: module
        for group in group_shapes(shape)
        for stored, module in zip(group.stored, group.modules, strict=True)
    }
    names |= _NORMS
    parts = []
    for stored, info in file.tensors.items():
        name, kind = _OUTER.get(stored, ""), ""
        if stored.startswith("blk."):
            _, layer, kind, _ = stored.split(".")
            name = f"model.layers.{layer}.{names[kind]}.weight"
        parts.append(Part(stored, name, info.shape, heads.get(kind, 0)))
    return parts
