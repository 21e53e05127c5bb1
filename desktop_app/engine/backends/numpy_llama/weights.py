"""A Llama-like model's frozen weights in memory, read from its file.

Linear layers that read the same vector lie in one array (queries, keys and values; gate and up),
so that one matrix product serves them all. A linear layer is W of shape (out, in): y = W x.
"""

from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.model_files.model_file import ModelFile, UnsupportedModelError
from desktop_app.engine.backends.model_files.rotary_scaling import ROTARY_FACTORS
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape


@dataclass(frozen=True)
class GroupShape:
    """Linear layers that read the same vector: PEFT names, GGUF names, and widths put out."""

    modules: tuple[str, ...]
    stored: tuple[str, ...]
    outs: tuple[int, ...]
    into: int

    @property
    def slices(self) -> list[slice]:
        """Where each layer's output lies in the group's."""
        ends = np.cumsum(self.outs).tolist()
        return [slice(end - out, end) for end, out in zip(ends, self.outs, strict=True)]


def group_shapes(shape: ModelShape) -> list[GroupShape]:
    """The four groups of a layer, in the order in which they are computed."""
    queries, keys, width, inner = shape.queries_width, shape.keys_width, shape.width, shape.inner
    attention = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    return [
        GroupShape(attention, ("attn_q", "attn_k", "attn_v"), (queries, keys, keys), width),
        GroupShape(("self_attn.o_proj",), ("attn_output",), (width,), queries),
        GroupShape(("mlp.gate_proj", "mlp.up_proj"), ("ffn_gate", "ffn_up"), (inner, inner), width),
        GroupShape(("mlp.down_proj",), ("ffn_down",), (width,), inner),
    ]


@dataclass(frozen=True)
class LayerWeights:
    """One transformer layer: gains (d,) and the weights of its four groups of linear layers.

    Where the model has them: `qkv_bias` (H h + 2 K h,), and `head_norms` (H + K, h), the gains of
    each head of queries and keys.
    """

    attention_norm: Array
    qkv: Array
    output: Array
    ffn_norm: Array
    gate_up: Array
    down: Array
    qkv_bias: Array | None = None
    head_norms: Array | None = None


@dataclass(frozen=True)
class ModelWeights:
    """All weights: embedding and output (V, d), often the same array, and the layers.

    `rotary_factors` (h/2,) divide the rotary frequencies (Llama 3.1); ones elsewhere.
    """

    shape: ModelShape
    embedding: Array
    layers: list[LayerWeights]
    final_norm: Array
    output: Array
    rotary_factors: Array


def read_weights(file: ModelFile) -> ModelWeights:
    """Read all weights as float32. Raises ModelFileError."""
    shape = read_shape(file)
    refuse_unknown_tensors(file, shape)
    table = (shape.vocabulary, shape.width)
    embedding = file.tensor("token_embd.weight", table)
    tied = "output.weight" not in file.tensors
    half = (shape.head_width // 2,)
    factors = np.ones(half, np.float32)
    if ROTARY_FACTORS in file.tensors:
        factors = file.tensor(ROTARY_FACTORS, half)
        if not (factors > 0).all():
            raise ModelFileError("The model file is damaged: its rotary factors make no sense.")
    return ModelWeights(
        shape=shape,
        embedding=embedding,
        layers=[_read_layer(file, shape, layer) for layer in range(shape.layers)],
        final_norm=file.tensor("output_norm.weight", (shape.width,)),
        output=embedding if tied else file.tensor("output.weight", table),
        rotary_factors=factors,
    )


def _read_layer(file: ModelFile, shape: ModelShape, layer: int) -> LayerWeights:
    qkv, output, gate_up, down = (
        _read_group(file, shape, layer, group) for group in group_shapes(shape)
    )
    gain = (shape.width,)
    return LayerWeights(
        attention_norm=file.tensor(f"blk.{layer}.attn_norm.weight", gain),
        qkv=qkv,
        output=output,
        ffn_norm=file.tensor(f"blk.{layer}.ffn_norm.weight", gain),
        gate_up=gate_up,
        down=down,
        qkv_bias=_read_biases(file, shape, layer) if shape.has_biases else None,
        head_norms=_read_head_norms(file, shape, layer) if shape.norms_heads else None,
    )


def _read_group(file: ModelFile, shape: ModelShape, layer: int, group: GroupShape) -> Floats:
    parts = []
    for name, out in zip(group.stored, group.outs, strict=True):
        stored = file.tensor(f"blk.{layer}.{name}.weight", (out, group.into))
        heads = rotated_heads(shape, name) if file.rows_in_pairs else 0
        parts.append(halves_from_pairs(stored, heads) if heads else stored)
    return np.concatenate(parts)


def _read_biases(file: ModelFile, shape: ModelShape, layer: int) -> Floats:
    """Files of the kinds that have biases keep rows in the model's own order."""
    qkv = group_shapes(shape)[0]
    return np.concatenate(
        [
            file.tensor(f"blk.{layer}.{name}.bias", (out,))
            for name, out in zip(qkv.stored, qkv.outs, strict=True)
        ]
    )


def _read_head_norms(file: ModelFile, shape: ModelShape, layer: int) -> Floats:
    """One gain serves all heads of queries, and one all of keys."""
    gains = [
        file.tensor(f"blk.{layer}.{name}_norm.weight", (shape.head_width,))
        for name in ("attn_q", "attn_k")
    ]
    return np.repeat(gains, [shape.heads, shape.key_heads], axis=0)


def rotated_heads(shape: ModelShape, stored: str) -> int:
    """Return how many heads a weight puts out that are rotated, 0 if none."""
    return {"attn_q": shape.heads, "attn_k": shape.key_heads}.get(stored, 0)


def halves_from_pairs(stored: Floats, heads: int) -> Floats:
    """Undo the order of rows that llama.cpp's converter gives query and key weights.

    It stores each head's rows so that those rotated together are neighbours (0, h/2, 1, h/2+1,
    ...); the model's own order, which PEFT adapters keep too, has them half a head apart.
    """
    out, into = stored.shape
    pairs = stored.reshape(heads, out // heads // 2, 2, into)
    return pairs.swapaxes(1, 2).reshape(out, into)


def layer_parts(shape: ModelShape) -> set[str]:
    """Return the GGUF names of all tensors of a layer."""
    stored = [name for group in group_shapes(shape) for name in group.stored]
    parts = {f"{name}.weight" for name in (*stored, "attn_norm", "ffn_norm")}
    if shape.has_biases:
        parts |= {f"{name}.bias" for name in group_shapes(shape)[0].stored}
    if shape.norms_heads:
        parts |= {"attn_q_norm.weight", "attn_k_norm.weight"}
    return parts


def refuse_unknown_tensors(file: ModelFile, shape: ModelShape) -> None:
    """Refuse biases, experts and the like, without which the model would talk nonsense."""
    known = {"token_embd.weight", "output.weight", "output_norm.weight", ROTARY_FACTORS}
    parts = layer_parts(shape)
    for name in file.tensors:
        prefix, _, rest = name.partition(".")
        part = rest.partition(".")[2] if prefix == "blk" else ""
        if name not in known and part not in parts:
            raise UnsupportedModelError(
                f"This model has the tensor {name[:64]!r}, unknown in a model of the kind"
                f" {shape.kind!r}."
            )
