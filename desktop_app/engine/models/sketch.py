"""Asks the NumPy back end about a model of which nothing but its config.json is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.hf_config import settings_of
from desktop_app.engine.backends.model_files.model_file import StoredTensor, Value
from desktop_app.engine.backends.numpy_llama.shape import read_shape


@dataclass(frozen=True)
class _Announced:
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return self.shape[0] * self.shape[1]


@dataclass(frozen=True)
class _Sketch:
    settings: Mapping[str, Value]
    tensors: Mapping[str, StoredTensor]


def numpy_runs(config: Mapping[str, Any], vocabulary: int, width: int) -> bool:
    """Whether the NumPy back end runs a model with this config.json."""
    embedding = {"token_embd.weight": _Announced((vocabulary, width))}
    try:
        read_shape(_Sketch(settings_of(config), embedding))
    except ModelFileError:
        return False
    return True
