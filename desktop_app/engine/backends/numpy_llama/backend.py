"""The entry to this back end: loads models, and says beforehand what memory they take."""

from pathlib import Path

from typing_extensions import override

from desktop_app.engine.backends.backend import PROCESSOR, Backend, Model
from desktop_app.engine.backends.model_files.model_file import UnsupportedModelError, open_model
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.needs import memory_needed
from desktop_app.engine.backends.numpy_llama.shape import read_shape
from desktop_app.engine.backends.numpy_llama.weights import refuse_unknown_tensors
from desktop_app.engine.backends.text.byte_pair import refuse_other_tokenizers


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
            numbers = sum(tensor.elements for tensor in file.tensors.values())
        return memory_needed(shape, numbers, training=training)

    def refusal(self, path: Path) -> UnsupportedModelError | None:
        """Say why a model cannot be run here, None if it can. Raises ModelFileError for damage."""
        try:
            with open_model(path) as file:
                refuse_unknown_tensors(file, read_shape(file))
                refuse_other_tokenizers(file.settings)
        except UnsupportedModelError as error:
            return error
        return None
