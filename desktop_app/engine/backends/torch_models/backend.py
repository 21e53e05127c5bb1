"""The entry to this back end: loads models, and says beforehand what memory they take."""

import os
from pathlib import Path
from typing import Any, Literal

import torch
from typing_extensions import override

from desktop_app.engine.backends.backend import Backend, Model, ModelFileError
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.torch_models.devices import (
    FOUR_BITS,
    allow_fast_float32,
    device_of,
    device_words,
    dtype_of,
)
from desktop_app.engine.backends.torch_models.folders import (
    read_folder_network,
    read_folder_text,
)
from desktop_app.engine.backends.torch_models.four_bit import fits_in_4_bits_only, four_bits
from desktop_app.engine.backends.torch_models.gguf_loading import load_gguf
from desktop_app.engine.backends.torch_models.gguf_network import read_gguf
from desktop_app.engine.backends.torch_models.gguf_text import read_gguf_text
from desktop_app.engine.backends.torch_models.kinds import LOADED, refuse_other_kinds
from desktop_app.engine.backends.torch_models.memory import free_bytes, memory_errors
from desktop_app.engine.backends.torch_models.model import ModelText, TorchModel
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.sizes import memory_needed, stored_numbers
from desktop_app.engine.backends.torch_models.team import Team

Precision = Literal["auto", "float32", "bfloat16"]
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class TorchBackend(Backend):
    """Runs causal models on the best device there is, or the one named ("cpu", "cuda:1", ...)."""

    name = "torch"

    def __init__(self, device: str | None = None, precision: Precision = "auto") -> None:
        allow_fast_float32()
        self._device = _of_this_process(device_of(device))
        self._precision = precision
        self.device = device_words(self._device)

    @override
    def load(self, path: Path) -> Model:
        return self._loaded(path, self._dtype)

    @override
    def load_to_train(self, path: Path, precision: str | None = None) -> Model:
        if precision is None:
            return self._loaded(path, self._dtype)
        in_4_bits = precision == FOUR_BITS and self._device.type == "cuda"
        return self._loaded(path, _DTYPES.get(precision, self._dtype), in_4_bits=in_4_bits)

    def _loaded(
        self, path: Path, dtype: torch.dtype, *, in_4_bits: bool | None = None
    ) -> TorchModel:
        with memory_errors():
            if path.is_dir():
                return self._from_folder(path, dtype, in_4_bits)
            with open_model(path) as file:
                loads = refuse_other_kinds(file.settings) in LOADED
                tokenizer, template = read_gguf_text(path, file)
                module = load_gguf(path, file, dtype) if loads else read_gguf(file, dtype)
            text = ModelText(tokenizer, template, module.config.max_position_embeddings)
            return TorchModel(path.stem, self._network(module), text)

    @override
    def memory_needed(self, path: Path, *, training: bool) -> int:
        return memory_needed(path, self._dtype.itemsize, training=training)

    @property
    def _dtype(self) -> torch.dtype:
        return _DTYPES.get(self._precision) or dtype_of(self._device)

    def _from_folder(self, path: Path, dtype: torch.dtype, in_4_bits: bool | None) -> TorchModel:
        text = read_folder_text(path)
        weights = stored_numbers(path) * dtype.itemsize
        if in_4_bits is None:
            fits = not fits_in_4_bits_only(weights, free_bytes(self._device))
            # One process of several may have less room than the others.
            in_4_bits = Team(self._device).least(int(fits)) == [0]
        quantization = four_bits(dtype) if in_4_bits else None
        module = read_folder_network(path, dtype, quantization)
        context = getattr(module.get_decoder().config, "max_position_embeddings", None)
        if not isinstance(context, int):
            raise ModelFileError("The model does not say how much it can read.")
        network = self._network(module, is_placed=quantization is not None)
        return TorchModel(path.name, network, ModelText(text.tokenizer, text.template, context))

    def _network(self, module: Any, *, is_placed: bool = False) -> Network:  # noqa: ANN401  # untyped
        return Network(module if is_placed else module.to(self._device), self._device)


def _of_this_process(device: torch.device) -> torch.device:
    """Return the GPU of this process, where several processes have one each."""
    rank = os.environ.get("LOCAL_RANK")
    if device.type != "cuda" or device.index is not None or rank is None:
        return device
    own = torch.device("cuda", int(rank) % max(1, torch.cuda.device_count()))
    torch.cuda.set_device(own)
    return own
