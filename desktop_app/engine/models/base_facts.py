"""What is known of a base model that is here: its measures, and whether it fits this machine."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.choose import Backends
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.fits import NUMPY, TORCH, Fit, Fits, MeasuredSpeed
from desktop_app.engine.models.hub_files import CONFIG
from desktop_app.engine.models.model_check import check_model
from desktop_app.engine.models.shape import Shape, context_of, read_config, shape_of
from desktop_app.engine.models.usable import UNREADABLE, MayPass, means_of, or_why, stamp


@dataclass(frozen=True)
class BaseFacts:
    """Measures of a model on disk; what its files do not tell is None or empty."""

    shape: Shape | None = None
    parameters: int | None = None
    context_tokens: int | None = None
    licence: str = ""


@dataclass(frozen=True)
class _Needs:
    """The back end of a model, and the bytes it needs there for training and for answering."""

    backend: str
    training: int
    answering: int


class KnownBases:
    """Reads a model's files once, as long as they stay the same."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._fits = Fits(machine)
        self._lock = threading.Lock()
        self._known: dict[tuple[Path, int, int], BaseFacts] = {}
        self._needed: dict[object, _Needs | str] = {}

    def facts(self, path: Path) -> BaseFacts:
        """Return what a model's files say of it; nothing at all where they are damaged."""
        try:
            status = (path / CONFIG if path.is_dir() else path).stat()
        except OSError:
            return BaseFacts()
        key = (path, status.st_size, status.st_mtime_ns)
        with self._lock:
            if key not in self._known:
                self._known[key] = _of_folder(path) if path.is_dir() else _of_gguf(path)
            return self._known[key]

    def fit(self, path: Path) -> Fit:
        """Judge a model that is here: its back end says what it needs."""
        needs = self._needs(path)
        if isinstance(needs, str):
            return self._refused(path, needs)
        return self._fits.judged(needs.backend, needs.training, needs.answering)

    def speed(self, path: Path, tokens_per_second: float | None) -> MeasuredSpeed | None:
        """Return a speed that was measured with a model as one that tells of others."""
        shape = self.facts(path).shape
        if shape is None or tokens_per_second is None:
            return None
        needs = self._needs(path)
        if isinstance(needs, str):
            return None
        return MeasuredSpeed(tokens_per_second, shape.multiplied_parameters, needs.backend)

    def _needs(self, path: Path) -> _Needs | str:
        """Return what a model needs, or why it cannot be used; files are read once."""
        backend = self._machine.backend
        try:
            # What a GPU changes about it is known only after a while.
            key = (path, stamp(path), means_of(backend), tuple(backend.variables().items()))
        except OSError:
            return UNREADABLE
        with self._lock:
            known = self._needed.get(key)
        if known is None:
            known = or_why(lambda: self._find_needs(path))
            if isinstance(known, MayPass):
                return known
            with self._lock:
                self._needed[key] = known
        return known

    def _find_needs(self, path: Path) -> _Needs:
        """Look at a model. Raises ModelFileError for one that cannot be used."""
        backend = self._machine.backend
        check_model(backend, path)
        name = _short(self._name(path))
        training = backend.memory_needed(path, training=True)
        return _Needs(name, training, backend.memory_needed(path, training=False))

    def _name(self, path: Path) -> str:
        backend = self._machine.backend
        if isinstance(backend, Backends):
            return backend.named(path, training=True)[0]
        return backend.name

    def _refused(self, path: Path, why: str) -> Fit:
        shape = self.facts(path).shape
        if shape is None:
            return Fit(NUMPY, 0, 0, False, False, why)
        return replace(self._fits.of(shape), fits_training=False, fits_answering=False, why=why)


def _short(name: str) -> str:
    """Return a back end's name as it is told to others."""
    return TORCH if name == TORCH else NUMPY


def _of_folder(path: Path) -> BaseFacts:
    config = read_config(path / CONFIG)
    shape = shape_of(config)
    parameters = shape.parameters if shape else None
    return BaseFacts(shape, parameters, context_of(config))


def _of_gguf(path: Path) -> BaseFacts:
    try:
        with GgufFile(path) as file:
            settings = file.settings
            parameters = sum(tensor.elements for tensor in file.tensors.values())
            licence = settings.get("general.license")
            embedding = file.tensors.get("token_embd.weight")
            vocabulary = embedding.shape[0] if embedding is not None else 0
            tied = "output.weight" not in file.tensors
    except ModelFileError:
        return BaseFacts()
    config = _as_config(settings) | {"vocab_size": vocabulary, "tie_word_embeddings": tied}
    return BaseFacts(
        shape_of(config),
        parameters,
        context_of(config),
        licence if isinstance(licence, str) else "",
    )


def _as_config(settings: Mapping[str, Value]) -> dict[str, Value | None]:
    """Return a GGUF file's measures under the names that config.json has for them."""
    kind = settings.get("general.architecture")
    found = {name: settings.get(f"{kind}.{key}") for name, key in _SETTINGS.items()}
    return {**found, "model_type": _KINDS.get(str(kind), str(kind))}


_KINDS = {"gemma3": "gemma3_text"}
_SETTINGS = {
    "num_hidden_layers": "block_count",
    "hidden_size": "embedding_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "head_dim": "attention.key_length",
    "intermediate_size": "feed_forward_length",
    "max_position_embeddings": "context_length",
}
"""Names in a config.json, and in a GGUF file behind its kind of model. Source: ggml, gguf.md."""
