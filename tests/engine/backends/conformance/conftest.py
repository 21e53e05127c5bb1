"""Every back end that is installed, with the same tiny model in each."""

from pathlib import Path

import pytest

from desktop_app.engine.backends.backend import Backend, Model
from tests.engine.backends.conformance.installed import BACKENDS
from tests.engine.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def models(path: Path) -> dict[str, Model]:
    """The model in every back end, by the back end's name."""
    return {name: make().load(path) for name, make in BACKENDS.items()}


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]()


@pytest.fixture(scope="session")
def model(backend: Backend, models: dict[str, Model]) -> Model:
    return models[backend.name]
