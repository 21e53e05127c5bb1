"""An adapter as a GGUF file, as llama.cpp takes it beside a base model.

Source of the form: llama.cpp, convert_lora_to_gguf.py and llama-adapter.cpp: `general.type` is
"adapter", `adapter.type` "lora"; W x + (alpha / rank) B A x with the tensors `<weight>.lora_a`
(rank, in) and `<weight>.lora_b` (out, rank), in the order of rows that the base's weights have.
"""

from pathlib import Path

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.model_files.tensor_names import KINDS_IN_PAIRS, gguf_name
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape
from desktop_app.engine.backends.numpy_llama.weights import rotated_heads
from desktop_app.engine.exports.merging import pairs_from_halves


def write_lora_file(path: Path, adapter: Path, base: Path) -> None:
    """Write an exported adapter of a base model. Raises ModelFileError and OSError."""
    import gguf  # noqa: PLC0415  # it takes a third of a second, and few services need it

    with open_model(base) as file:
        shape = read_shape(file)
    lora = read_adapter(adapter, shape)
    writer = gguf.GGUFWriter(path, shape.kind)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", lora.settings.alpha)
    for module, a, b in lora.pairs():
        name = gguf_name(f"{module}.weight")
        writer.add_tensor(f"{name}.lora_a", np.ascontiguousarray(a, np.float32))
        writer.add_tensor(f"{name}.lora_b", _in_file_order(shape, name, b))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _in_file_order(shape: ModelShape, name: str, b: Array) -> Array:
    """Return B (out, rank) with its rows where the base's file has those of its weight."""
    heads = rotated_heads(shape, name.split(".")[2])
    if heads and shape.kind in KINDS_IN_PAIRS:
        b = pairs_from_halves(b, heads)
    return np.ascontiguousarray(b, np.float32)
