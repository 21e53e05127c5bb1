"""Merged weights as one safetensors file, written a tensor at a time.

Source of the format: safetensors, README ("Format"): the length of the header (8 bytes), the header
as JSON with each tensor's type, shape and place, then the numbers.
"""

import json
import struct

from desktop_app.engine.exports.floats import encode, pieces
from desktop_app.engine.exports.kinds import FloatType
from desktop_app.engine.exports.merging import Merged
from desktop_app.engine.exports.output import Output

_NAMES = {FloatType.FLOAT32: "F32", FloatType.FLOAT16: "F16", FloatType.BFLOAT16: "BF16"}


def write_safetensors(output: Output, file_name: str, model: Merged, floats: FloatType) -> None:
    """Write the file. Raises ExportCancelledError, OSError, and ModelFileError for the base."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    parts = [part for part in model.parts if part.name]
    start = 0
    for part in parts:
        end = start + part.elements * floats.size
        header[part.name] = {
            "dtype": _NAMES[floats],
            "shape": part.shape,
            "data_offsets": (start, end),
        }
        start = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with output.file(file_name) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            for piece in pieces(model.weights(part)):
                output.write(file, encode(piece, floats))
