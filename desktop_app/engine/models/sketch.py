"""Asks the NumPy back end about a model of which nothing but its config.json is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.model_files.hf_config import settings_of
from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.backends.numpy_llama.shape import read_shape


@dataclass(frozen=True)
class _Announced:
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return self.shape[0] * self.shape[1]


class _Sketch:
    """A `ModelFile` with settings, and of its tensors only the embedding's shape."""

    rows_in_pairs = False

    def __init__(self, settings: Mapping[str, Value], vocabulary: int, width: int) -> None:
        self.settings = settings
        self.tensors = {"token_embd.weight": _Announced((vocabulary, width))}

    def tensor(self, name: str, shape: tuple[int, ...]) -> Floats:
        raise ModelFileError(f"Of {name} {shape} nothing is here yet.")

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        pass


def numpy_runs(config: Mapping[str, Any], vocabulary: int, width: int) -> bool:
    """Whether the NumPy back end runs a model with this config.json."""
    try:
        read_shape(_Sketch(settings_of(config), vocabulary, width))
    except ModelFileError:
        return False
    return True
