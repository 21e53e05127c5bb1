"""A real service, shared by the tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.service.engine_child import Engine, running_engine, write_token
from tests.engine.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model that trains in milliseconds."""
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="session")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that holds the token."""
    return write_token(tmp_path_factory.mktemp("token"))


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, token_file: Path
) -> Iterator[Engine]:
    """A running service."""
    with running_engine(tmp_path_factory.mktemp("store") / "s", token_file, tiny_model) as engine:
        yield engine
