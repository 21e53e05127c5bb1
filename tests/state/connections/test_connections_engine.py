import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.state.connections.connections import ConnectionStatus
from desktop_app.state.connections.local_engine import EngineState
from tests.provider.scripted_service import Answer, error
from tests.state.connections.connections_bench import Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench


def engine_state(bench: Bench) -> EngineState:
    return bench.connections.engine.state


def test_the_engine_is_started_when_this_computer_is_used(bench: Bench) -> None:
    bench.connections.refresh()
    assert engine_state(bench) is EngineState.STARTING
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    assert engine_state(bench) is EngineState.READY
    assert bench.connections.engine_status is not None
    assert bench.connections.base_model == "smollm2-135m-instruct"
    task = bench.connections.engine.stop()
    with bench.qtbot.waitSignal(task.finished, timeout=10_000):
        pass
    assert engine_state(bench) is EngineState.STOPPED
    assert not bench.engine.is_alive


def test_the_starter_model_is_fetched_with_progress(bench: Bench) -> None:
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    seen: list[object] = []
    bench.connections.engine.changed.connect(lambda: seen.append(bench.connections.engine.fetched))
    bench.connections.fetch_starter_model()
    assert bench.connections.engine.is_fetching
    bench.qtbot.waitUntil(lambda: not bench.connections.engine.is_fetching, timeout=10_000)
    bench.until_idle()
    assert any(isinstance(each, tuple) and each[0] > 0 for each in seen)
    status = bench.connections.engine_status
    assert status is not None
    assert status.starter_model.state == "ready"


def test_a_fetch_can_be_cancelled(qtbot: QtBot, tmp_path: Path) -> None:
    with Bench(qtbot, tmp_path, behave="fetch-slowly") as bench:
        bench.connections.refresh()
        bench.until_status(ConnectionStatus.READY)
        bench.connections.fetch_starter_model()
        engine = bench.connections.engine
        qtbot.waitUntil(lambda: (engine.fetched or (0,))[0] > 0, timeout=10_000)
        bench.connections.cancel_fetch()
        qtbot.waitUntil(lambda: not engine.is_fetching, timeout=10_000)
        bench.until_idle()
        assert engine.model_error is None
        assert engine.status is not None
        assert engine.status.starter_model.state == "missing"


def test_a_fetch_that_fails_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    with Bench(qtbot, tmp_path, behave="fetch-badly") as bench:
        bench.connections.refresh()
        bench.until_status(ConnectionStatus.READY)
        bench.connections.fetch_starter_model()
        engine = bench.connections.engine
        qtbot.waitUntil(lambda: engine.model_error is not None, timeout=10_000)
        assert engine.model_error is not None
        assert engine.model_error.detail == "no network"
        bench.until_idle()


def test_a_model_file_is_handed_to_the_engine(bench: Bench, tmp_path: Path) -> None:
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.READY)
    bench.connections.add_model_file(tmp_path / "mine.gguf")
    assert bench.connections.engine.is_adding
    bench.qtbot.waitUntil(lambda: not bench.connections.engine.is_adding)
    bench.until_idle()
    assert bench.connections.engine.model_error is None


def test_an_engine_that_does_not_start_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    with Bench(qtbot, tmp_path, behave="fail") as bench:
        bench.connections.refresh()
        bench.until_status(ConnectionStatus.FAILED)
        bench.until_idle()
        assert bench.connections.engine.state is EngineState.FAILED
        assert bench.notices[-1].detail == "the model file is damaged"


def test_an_engine_that_was_killed_is_noticed(bench: Bench) -> None:
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    address = bench.engine._address
    assert address is not None
    os.kill(address.pid, signal.SIGKILL)
    bench.qtbot.waitUntil(lambda: not bench.engine.is_alive)
    bench.connections.engine._look()
    assert bench.connections.status is ConnectionStatus.FAILED
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()


def test_without_a_model_this_computer_needs_one(bench: Bench, tmp_path: Path) -> None:
    service = bench.service
    missing = {"state": "missing", "bytes": 98_400_000}
    engine: dict[str, object] = {"backend": "numpy", "starter_model": missing, "models": []}
    service.on("GET /engine", Answer(engine))
    service.on("GET /v1/models", Answer({"data": []}))
    bench.announce_as_engine(service)
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.NEEDS_MODEL)
    bench.until_idle()
    assert bench.connections.engine_status is not None
    assert bench.connections.engine_status.starter_model.bytes == 98_400_000
    service.on("POST /engine/models", Answer({"id": "mine"}, 201))
    service.on("GET /engine", Answer({**engine, "models": ["mine"]}))
    service.on("GET /v1/models", Answer({"data": [{"id": "mine"}]}))
    bench.connections.add_model_file(tmp_path / "mine.gguf")
    bench.until_status(ConnectionStatus.READY)
    assert bench.connections.base_model == "mine"
    bench.until_idle()


def test_until_the_speed_is_measured_the_engine_is_asked_often(bench: Bench) -> None:
    service = bench.service
    engine: dict[str, object] = {"backend": "numpy", "models": ["base-1"]}
    service.on("GET /engine", Answer(engine))
    bench.announce_as_engine(service)
    bench.connections.refresh()
    bench.until_idle()
    heartbeat = bench.connections.engine._heartbeat
    assert (heartbeat.isActive(), heartbeat.interval()) == (True, 3000)
    service.on("GET /engine", Answer({**engine, "training_tokens_per_second": 412.0}))
    heartbeat.timeout.emit()
    bench.until_idle()
    assert heartbeat.interval() == 20_000
    bench.connections.set_active(bench.add())
    assert not heartbeat.isActive()
    bench.until_idle()


def test_a_model_file_that_is_refused_says_why(bench: Bench, tmp_path: Path) -> None:
    service = bench.service
    service.on("GET /engine", Answer({"backend": "numpy"}))
    service.on("POST /engine/models", error(400, "this is no GGUF file"))
    bench.announce_as_engine(service)
    bench.connections.refresh()
    bench.until_idle()
    bench.connections.add_model_file(tmp_path / "song.mp3")
    bench.until_idle()
    failure = bench.connections.engine.model_error
    assert failure is not None
    assert failure.detail == "this is no GGUF file"
