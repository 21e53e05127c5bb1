"""A service on a thread of the tests, and a hub on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.engine.models import hub_fetch
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.model_hub import Hub, Repository, model_hub, small_model
from tests.engine.service.own_api import Caller


@pytest.fixture
def files() -> dict[str, bytes]:
    return small_model()


@pytest.fixture
def hub(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has one small model."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(hub_fetch, "PAUSES", (0.01, 0.01, 0.01))
    with model_hub(**{"maker__Small-Model": Repository(files)}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def engine(store: Path, tiny_model: Path) -> Iterator[InProcessEngine]:
    with in_process_engine(store, tiny_model) as engine:
        yield engine


@pytest.fixture
def caller(engine: InProcessEngine) -> Iterator[Caller]:
    caller = Caller(str(engine.client.base_url).rstrip("/"))
    yield caller
    caller.close()
