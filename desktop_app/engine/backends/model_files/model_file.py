"""What the engine needs of a model on disk, whatever the format of its files.

Settings and tensors have the names of GGUF files (ggml, docs/gguf.md; llama.cpp, gguf-py,
`constants.py`): one vocabulary for all formats, and the one in which most models are passed on.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from desktop_app.engine.backends.backend import Floats, ModelFileError


class UnsupportedModelError(ModelFileError):
    """The model's files are sound, but of a kind that is not run with NumPy."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} With PyTorch more kinds of models can be run.")


Value = bool | int | float | str | list[int] | list[float] | list[str]


class StoredTensor(Protocol):
    """A tensor on disk: its shape as NumPy has it (rows first), and how many numbers it holds."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How long each dimension is."""
        ...

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        ...


class Described(Protocol):
    """What is said of a model, without its numbers."""

    @property
    def settings(self) -> Mapping[str, Value]:
        """Return everything but the numbers: measures, tokenizer, chat template, licence."""
        ...

    @property
    def tensors(self) -> Mapping[str, StoredTensor]:
        """Return the tensors by name, in the file's order."""
        ...


class ModelFile(Described, Protocol):
    """An open model; close it, or use it in a `with`."""

    @property
    def rows_in_pairs(self) -> bool:
        """Whether rows of query and key weights that are rotated together are neighbours.

        So llama.cpp's converter has them in models of the kind 'llama'; in a model's own order,
        which PEFT adapters keep too, they lie half a head apart.
        """
        ...

    def tensor(self, name: str, shape: tuple[int, ...]) -> Floats:
        """Return a tensor in float32, of the shape that the caller knows it must have.

        Raises ModelFileError where it is missing, of another shape, or holds what is no number.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...

    def __enter__(self) -> Self:
        """Return the model itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close it."""
        ...


class Closing:
    """Closes itself at the end of a `with`."""

    def close(self) -> None:
        """Let go of what is held."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def open_model(path: Path) -> ModelFile:
    """Open a GGUF file, or a folder as transformers writes it. Raises ModelFileError."""
    # Both say what they are in the words above, so that these must be there first.
    if path.is_dir():
        from desktop_app.engine.backends.model_files import hf_folder  # noqa: PLC0415

        return hf_folder.SafetensorsFolder(path)
    from desktop_app.engine.backends.model_files import gguf_file  # noqa: PLC0415

    return gguf_file.GgufFile(path)
