"""An adapter for a model in a folder of any kind: all that is known of it are its tensors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from desktop_app.engine.backends.adapter_files import (
    Pair,
    read_adapter_into,
    read_adapter_settings,
)
from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings, ModelFileError
from desktop_app.engine.backends.model_files.hf_folder import SafetensorsFolder
from desktop_app.engine.backends.model_files.json_file import read_json

_WEIGHT = ".weight"


@dataclass(frozen=True)
class FolderAdapter:
    """Rank and alpha, and A (r, in) and B (out, r) by the name of the layer's weight."""

    settings: LoraSettings
    updates: dict[str, tuple[Array, Array]]


def read_folder_adapter(adapter: Path, file: SafetensorsFolder) -> FolderAdapter:
    """Read an adapter for the matrices of a folder. Raises ModelFileError where it does not fit."""
    settings = read_adapter_settings(adapter)
    if read_json(adapter / "adapter_config.json").get("fan_in_fan_out"):
        raise ModelFileError("Adapters for weights that are kept transposed are not supported.")
    pairs: list[Pair] = [
        (
            name.removesuffix(_WEIGHT),
            np.zeros((settings.rank, tensor.shape[1]), np.float32),
            np.zeros((tensor.shape[0], settings.rank), np.float32),
        )
        for name, tensor in file.files.tensors.items()
        if len(tensor.shape) == 2 and name.endswith(_WEIGHT)
    ]
    read_adapter_into(adapter, pairs)
    return FolderAdapter(
        settings, {f"{module}{_WEIGHT}": (a, b) for module, a, b in pairs if b.any()}
    )
