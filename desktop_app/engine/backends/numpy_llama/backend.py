"""The entry to this back end: loads models, and says beforehand what memory they take."""

from pathlib import Path

from typing_extensions import override

from desktop_app.engine.backends.backend import PROCESSOR, Backend, LoraSettings, Model
from desktop_app.engine.backends.model_files.model_file import UnsupportedModelError, open_model
from desktop_app.engine.backends.numpy_llama.lora import lora_size
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape
from desktop_app.engine.backends.numpy_llama.weights import refuse_unknown_tensors
from desktop_app.engine.backends.packing import PACK_TOKENS
from desktop_app.engine.backends.text.byte_pair import refuse_other_tokenizers

_NUMBER = 4
"""Bytes of a float32."""
_PROGRAM = 120 << 20
"""Bytes that Python, NumPy and a tokenizer take before any model: measured with the starter."""


class NumpyLlamaBackend(Backend):
    """Runs Llama-like models on the processor."""

    name = "numpy_llama"
    device = PROCESSOR

    @override
    def load(self, path: Path) -> Model:
        return NumpyLlamaModel(path)

    @override
    def memory_needed(self, path: Path, *, training: bool) -> int:
        with open_model(path) as file:
            shape = read_shape(file)
            weights = sum(tensor.elements for tensor in file.tensors.values()) * _NUMBER
        return _PROGRAM + weights + (_for_training(shape) if training else _for_answering(shape))

    def refusal(self, path: Path) -> UnsupportedModelError | None:
        """Say why a model cannot be run here, None if it can. Raises ModelFileError for damage."""
        try:
            with open_model(path) as file:
                refuse_unknown_tensors(file, read_shape(file))
                refuse_other_tokenizers(file.settings)
        except UnsupportedModelError as error:
            return error
        return None


def _for_answering(shape: ModelShape) -> int:
    """Keys and values of 1,024 tokens, and what one layer holds of a prompt's part."""
    kept = 1024 * shape.layers * 2 * shape.keys_width
    return (kept + PACK_TOKENS * (4 * shape.width + 3 * shape.inner)) * _NUMBER


def _for_training(shape: ModelShape) -> int:
    """Adapters with gradients and two moments, and the tape of a full pack."""
    adapters = 4 * lora_size(shape, LoraSettings())
    projected = 2 * (shape.queries_width + shape.keys_width) + shape.queries_width
    if shape.norms_heads:
        projected += shape.queries_width + shape.keys_width
    per_token = shape.layers * (2 * shape.width + projected + shape.keys_width + 2 * shape.inner)
    logits = 2 * 128 * shape.vocabulary
    return (adapters + PACK_TOKENS * per_token + logits) * _NUMBER
