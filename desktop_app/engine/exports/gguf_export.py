"""A merged model as one GGUF file, for llama.cpp and everything built on it.

Settings, the tokenizer and the chat template among them, are those of the base model's files; only
the name and the number format change. Matrices are F16 or Q8_0, gains F32, as llama.cpp's own
converter has them.
"""

import os
from collections.abc import Iterator, Mapping

import numpy as np

from desktop_app.engine.backends.backend import Floats
from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.exports.floats import half, pieces
from desktop_app.engine.exports.gguf_types import ValueType
from desktop_app.engine.exports.kinds import ExportKind, is_block_quantized, stored_bytes
from desktop_app.engine.exports.merging import MergedModel, Part
from desktop_app.engine.exports.output import Output

_STRING, _UINT32 = 8, 4
_F32, _F16, _Q8_0 = 0, 1, 8
_FILE_TYPES = {ExportKind.GGUF_F16: 1, ExportKind.GGUF_Q8_0: 7}
"""llama.h, `llama_ftype`: mostly F16, mostly Q8_0."""


def write_gguf(
    output: Output,
    file_name: str,
    model: MergedModel,
    kind: ExportKind,
    types: Mapping[str, ValueType],
    name: str,
) -> None:
    """Write the file. Raises ExportCancelledError, OSError, and ModelFileError for the base."""
    import gguf  # noqa: PLC0415  # it takes a third of a second, and not every service exports

    # All files are little-endian: GgufFile reads no others.
    writer = gguf.GGUFWriter(output.folder / file_name, model.shape.kind)
    for key, value, kept in _settings(model, kind, types, name):
        items = None if kept.items is None else gguf.GGUFValueType(kept.items)
        writer.add_key_value(key, value, gguf.GGUFValueType(kept.kind), items)
    for part in model.parts:
        size, form = stored_bytes(part, kind), _format(part, kind)
        dtype = {_F32: np.float32, _F16: np.float16, _Q8_0: np.uint8}[form]
        row = (*part.shape[:-1], size // max(1, part.elements // part.shape[-1]))
        shape = row if form == _Q8_0 else part.shape
        raw = gguf.GGMLQuantizationType(form)
        writer.add_tensor_info(part.stored, shape, np.dtype(dtype), size, raw_dtype=raw)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        # Written here and not by the writer: a full disk is told by its own error, a tensor need
        # not be converted whole, and Cancel need not wait for one.
        assert writer.fout is not None
        (file,) = writer.fout
        for part in model.parts:
            writer.write_padding(file, file.tell())
            for piece in pieces(model.gguf_weights(part)):
                output.write(file, _encode(piece, _format(part, kind)))
            writer.write_padding(file, stored_bytes(part, kind))
        writer.flush()
        os.fsync(file.fileno())
    finally:
        writer.close()


def _settings(
    model: MergedModel, kind: ExportKind, types: Mapping[str, ValueType], name: str
) -> Iterator[tuple[str, Value, ValueType]]:
    """Yield the settings of the new file: those of the base, some replaced."""
    replaced: dict[str, tuple[Value, ValueType]] = {
        "general.name": (name, ValueType(_STRING)),
        "general.file_type": (_FILE_TYPES[kind], ValueType(_UINT32)),
        "general.quantization_version": (2, ValueType(_UINT32)),
    }
    if not isinstance(model.file.settings.get("tokenizer.chat_template"), str):
        replaced["tokenizer.chat_template"] = (CHATML, ValueType(_STRING))
    # The architecture is written by the writer, at the default alignment.
    left_out = {"general.architecture", "general.alignment", *replaced}
    for key, value in model.file.settings.items():
        if key not in left_out:
            yield key, value, types[key]
    for key, (value, value_type) in replaced.items():
        yield key, value, value_type


def _format(part: Part, kind: ExportKind) -> int:
    if len(part.shape) == 1:
        return _F32
    if kind is ExportKind.GGUF_Q8_0 and is_block_quantized(part):
        return _Q8_0
    return _F16


def _encode(numbers: Floats, form: int) -> memoryview:
    """Return rows as bytes in one of ggml's formats."""
    from gguf import GGMLQuantizationType, quants  # noqa: PLC0415  # as above

    is_half = form == _F16
    stored = half(numbers) if is_half else quants.quantize(numbers, GGMLQuantizationType(form))
    return np.ascontiguousarray(stored).reshape(-1).view(np.uint8).data
