"""Adapters of this back end's models, to disk and back."""

from pathlib import Path

from desktop_app.engine.backends.adapter_files import (
    read_adapter_into,
    read_adapter_settings,
    write_adapter_files,
)
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.shape import ModelShape


def write_adapter(folder: Path, parameters: LoraParameters, base_model: str) -> None:
    """Write an adapter as PEFT reads it."""
    write_adapter_files(folder, parameters.settings, list(parameters.pairs()), base_model)


def read_adapter(folder: Path, shape: ModelShape) -> LoraParameters:
    """Read an adapter for a model of this shape; layers that it leaves out stay as they are.

    Raises ModelFileError.
    """
    parameters = LoraParameters(shape, read_adapter_settings(folder))
    read_adapter_into(folder, parameters.pairs())
    return parameters
