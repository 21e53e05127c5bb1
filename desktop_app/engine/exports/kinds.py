"""The forms in which a model can be taken out, and how large each becomes."""

from collections.abc import Iterable
from enum import StrEnum

from desktop_app.engine.exports.merging import Part

_BLOCK, _BLOCK_BYTES = 32, 34


class ExportKind(StrEnum):
    """An adapter for PEFT, a folder as transformers has it, and GGUF files for llama.cpp.

    There is none in 4 bits: rounding the merged weights to such a grid again lost what had been
    learned (0 of 10 replies in the trained form, where F16 and Q8_0 had 10 of 10).
    """

    ADAPTER = "adapter"
    MERGED = "merged"
    GGUF_F16 = "gguf-f16"
    GGUF_Q8_0 = "gguf-q8_0"

    @property
    def is_gguf(self) -> bool:
        """Whether it is a single file with all in it."""
        return self in {ExportKind.GGUF_F16, ExportKind.GGUF_Q8_0}


class FloatType(StrEnum):
    """How the numbers of a merged folder are stored.

    float16 is eight times as exact as bfloat16 and as small, but holds nothing above 65,504.
    """

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return 4 if self is FloatType.FLOAT32 else 2


def is_block_quantized(part: Part) -> bool:
    """Whether Q8_0 applies: matrices whose rows are whole blocks; gains stay as they are."""
    return len(part.shape) > 1 and part.shape[-1] % _BLOCK == 0


def stored_bytes(part: Part, kind: ExportKind) -> int:
    """Return how long a tensor is in a GGUF file of this kind."""
    if len(part.shape) == 1:
        return part.elements * 4
    if kind is ExportKind.GGUF_Q8_0 and is_block_quantized(part):
        return part.elements // _BLOCK * _BLOCK_BYTES
    return part.elements * 2


def total_bytes(parts: Iterable[Part], kind: ExportKind, floats: FloatType) -> int:
    """Return how many bytes the weights take in a merged folder or a GGUF file."""
    if kind is ExportKind.MERGED:
        return sum(part.elements * floats.size for part in parts if part.name)
    return sum(stored_bytes(part, kind) for part in parts)
