"""A tiny model whose numbers are exact in F16, adapters for it, and the runtime's parts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.llama_cpp.answering import Answering, Choice, Surroundings
from desktop_app.engine.backends.llama_cpp.files import RuntimeFiles
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.adapter import write_adapter
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.shape import read_shape
from tests.engine.tiny_model import SPECIALS, byte_alphabet, tiny_weights, write_model

PLENTY = 2**40
MakeAnswering = Callable[..., Answering]


def write_exact_model(path: Path, kind: str = "llama") -> Path:
    """Write a tiny model that F16 holds without rounding, and that likes to say whole characters.

    llama.cpp keeps bytes back that may become a character, and never tells of some that do not.
    """
    weights = {
        name: weight.astype(np.float16).astype(np.float32)
        for name, weight in tiny_weights(3, kind).items()
    }
    for place, name in enumerate(byte_alphabet()):
        if not name.isascii():
            weights["token_embd.weight"][len(SPECIALS) + place] = 0
    return write_model(path, weights, {}, kind=kind, exact=True)


def write_random_adapter(folder: Path, base: Path, seed: int) -> Path:
    """Write an adapter that changes every layer."""
    with open_model(base) as file:
        parameters = LoraParameters(read_shape(file), LoraSettings(4, 8.0))
    generator = np.random.default_rng(seed)
    parameters.flat[:] = generator.normal(0, 0.1, parameters.flat.shape)
    write_adapter(folder, parameters, "tiny")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_exact_model(tmp_path / "tiny.gguf")


@pytest.fixture
def adapters(base: Path, tmp_path: Path) -> list[Path]:
    return [write_random_adapter(tmp_path / f"adapter-{n}", base, n) for n in range(2)]


@pytest.fixture
def files(tmp_path: Path) -> RuntimeFiles:
    return RuntimeFiles(tmp_path / "answering")


@pytest.fixture
def make_answering(files: RuntimeFiles) -> MakeAnswering:
    """Return what makes a choice; a model is taken however slow the runtime is."""

    def make(
        choice: Choice = "auto",
        *,
        installed: bool = True,
        memory: int = PLENTY,
        on_processor: bool = True,
        worth_it: bool = True,
    ) -> Answering:
        surroundings = Surroundings(1, lambda: memory, lambda _path: on_processor)
        return Answering(choice, files, surroundings, lambda: installed, lambda *_times: worth_it)

    return make
