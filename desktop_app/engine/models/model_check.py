"""Whether a base model's files can be run here at all: what was fetched or taken need not be.

A back end says at once which kinds it knows. What else would come out only as the model is loaded
is looked for here, as far as the small files and the heads of the large ones tell.
"""

from pathlib import Path

from desktop_app.engine.backends.backend import Backend, ModelFileError
from desktop_app.engine.backends.choose import CHOICE_VARIABLE, Backends
from desktop_app.engine.backends.model_files.json_file import read_json, read_whole
from desktop_app.engine.backends.model_files.model_file import (
    ModelFile,
    UnsupportedModelError,
    open_model,
)
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape
from desktop_app.engine.backends.numpy_llama.weights import group_shapes, layer_parts
from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.models.hub_files import CONFIG, INDEX, NO_TOKENIZER, TOKENIZER, is_part
from desktop_app.engine.models.torch_kinds import unknown_to_torch

_MOST_TOKENIZER_BYTES = 1 << 26
_CONTRADICTION = (
    "The model's measures contradict its weights: the tensor {name} is {found}; it must be {shape}."
)


def check_model(backend: Backend, path: Path) -> None:
    """Refuse files that no back end here can run. Raises ModelFileError, OSError."""
    if path.is_dir():
        _check_folder(path)
    backend.check(path)
    _check_tensors(path)
    if path.is_dir() and _uses_torch(backend):
        _check_for_torch(path)


def _uses_torch(backend: Backend) -> bool:
    """Whether PyTorch may get a model; what it finds on this computer is not waited for."""
    if not isinstance(backend, Backends) or lacking() is not None:
        return False
    return backend.variables()[CHOICE_VARIABLE] != "numpy"


def _check_folder(folder: Path) -> None:
    """Refuse a folder whose files do not make one model, whatever runs it."""
    names = {path.name for path in folder.iterdir()}
    if TOKENIZER not in names:
        raise ModelFileError(NO_TOKENIZER)
    parts = {name for name in names if is_part(name)}
    if INDEX not in names or not parts:
        return
    places = read_json(folder / INDEX).get("weight_map")
    named = {str(name) for name in places.values()} if isinstance(places, dict) else set()
    if left_out := sorted(parts - named):
        raise ModelFileError(f"The model's {INDEX} is damaged: it leaves out {left_out[0]}.")


def _check_tensors(path: Path) -> None:
    """Refuse a model of a kind that NumPy knows with tensors that are missing or do not fit."""
    with open_model(path) as file:
        try:
            shape = read_shape(file)
        except UnsupportedModelError:
            return
        _check_tensor(file, "token_embd.weight", (shape.vocabulary, shape.width))
        _check_tensor(file, "output_norm.weight", (shape.width,))
        for layer in range(shape.layers):
            _check_layer(file, shape, f"blk.{layer}")


def _check_layer(file: ModelFile, shape: ModelShape, layer: str) -> None:
    for part in sorted(layer_parts(shape)):
        _check_tensor(file, f"{layer}.{part}", None)
    for group in group_shapes(shape):
        for name, out in zip(group.stored, group.outs, strict=True):
            _check_tensor(file, f"{layer}.{name}.weight", (out, group.into))


def _check_tensor(file: ModelFile, name: str, shape: tuple[int, ...] | None) -> None:
    tensor = file.tensors.get(name)
    if tensor is None:
        raise ModelFileError(f"The model is not whole: it lacks the tensor {name}.")
    if shape is not None and tensor.shape != shape:
        raise ModelFileError(_CONTRADICTION.format(name=name, found=tensor.shape, shape=shape))


def _check_for_torch(folder: Path) -> None:
    """Refuse what PyTorch would refuse as it loads a folder, without loading it."""
    kind = read_json(folder / CONFIG).get("model_type")
    if why := unknown_to_torch(kind if isinstance(kind, str) else ""):
        raise ModelFileError(why)
    from tokenizers import Tokenizer  # noqa: PLC0415  # comes with PyTorch's add-on alone

    content = read_whole(folder / TOKENIZER, _MOST_TOKENIZER_BYTES)
    try:
        Tokenizer.from_buffer(content)
    except MemoryError:
        raise
    except Exception as error:  # tokenizers raises this very class for anything it dislikes
        raise ModelFileError(f"The model's {TOKENIZER} is damaged.") from error
