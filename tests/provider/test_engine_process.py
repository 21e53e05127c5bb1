import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.this_computer import ThisComputerProvider
from desktop_app.provider.provider import ErrorKind, ProviderError
from tests.provider.conftest import Ask

FAKE = Path(__file__).with_name("fake_engine.py")

MakeEngine = Callable[..., EngineProcess]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "engine"


@pytest.fixture
def make_engine(store: Path) -> Iterator[MakeEngine]:
    def make(behave: str = "well") -> EngineProcess:
        command = (sys.executable, str(FAKE), "--behave", behave)
        return EngineProcess(store, command=command)

    yield make
    with suppress(OSError, ValueError):
        os.kill(json.loads((store / "service.json").read_text())["pid"], signal.SIGKILL)


def starts(store: Path) -> int:
    return len((store / "starts").read_text())


async def until_dead(engine: EngineProcess) -> None:
    for _ in range(500):
        if not engine.is_alive:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it lives")


def test_it_starts_when_needed_and_stops_when_told(
    store: Path, make_engine: MakeEngine, ask: Ask[Any]
) -> None:
    engine = make_engine()
    assert not engine.is_alive
    address = ask(engine.ensure_running())
    assert engine.is_alive
    assert address.base_url.startswith("http://127.0.0.1:")
    token = store / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert len(token.read_text()) >= 32
    assert token.read_text() not in repr(address)
    assert ask(engine.ensure_running()) == address
    ask(engine.stop())
    assert not address.is_alive
    ask(engine.stop())
    assert ask(engine.ensure_running()) != address
    assert starts(store) == 2
    ask(engine.stop())


def test_it_is_in_a_session_of_its_own(make_engine: MakeEngine, ask: Ask[Any]) -> None:
    address = ask(make_engine().ensure_running())
    assert os.getsid(address.pid) == address.pid != os.getsid(0)


def test_many_callers_at_once_start_one(
    store: Path, make_engine: MakeEngine, ask: Ask[Any]
) -> None:
    engine = make_engine()

    async def all_at_once() -> set[int]:
        impatient = asyncio.create_task(engine.ensure_running())
        others = [asyncio.create_task(engine.ensure_running()) for _ in range(10)]
        await asyncio.sleep(0.01)
        impatient.cancel()
        return {address.pid for address in await asyncio.gather(*others)}

    assert len(ask(all_at_once())) == 1
    assert starts(store) == 1


def test_a_window_opened_later_finds_the_one_that_runs(
    store: Path, make_engine: MakeEngine, ask: Ask[Any]
) -> None:
    first = ask(make_engine().ensure_running())
    assert ask(make_engine().ensure_running()) == first
    assert starts(store) == 1


def test_two_windows_opened_at_once_share_one(
    store: Path, make_engine: MakeEngine, ask: Ask[Any]
) -> None:
    first = ask(make_engine().ensure_running())
    late = make_engine("second")

    async def start_another() -> int:
        # As if the other window's service had not yet been there to be found.
        from desktop_app.provider.connections.engine_start import start_engine

        return (await start_engine(store, late._command)).pid

    assert ask(start_another()) == first.pid


def test_what_is_left_of_a_dead_one_does_not_stop_the_next(
    store: Path, make_engine: MakeEngine, ask: Ask[Any]
) -> None:
    engine = make_engine()
    address = ask(engine.ensure_running())
    os.kill(address.pid, signal.SIGKILL)
    ask(until_dead(engine))
    assert (store / "service.json").exists()
    assert ask(engine.ensure_running()).pid != address.pid


@pytest.mark.parametrize(
    "left",
    [
        "",
        "{}",
        "[1]",
        json.dumps({"base_url": "http://evil.example/v1", "pid": os.getpid()}),
        json.dumps({"base_url": "http://[", "pid": os.getpid()}),
        json.dumps({"base_url": "http://127.0.0.1:1/v1", "pid": os.getpid()}),
        json.dumps({"base_url": "http://127.0.0.1:1/v1", "pid": -5}),
    ],
)
def test_an_announcement_that_is_not_true_is_not_believed(
    store: Path, make_engine: MakeEngine, ask: Ask[Any], left: str
) -> None:
    store.mkdir()
    (store / "service.json").write_text(left)
    (store / "token").write_text("t")
    (store / "token").chmod(0o644)
    assert ask(make_engine().ensure_running()).pid != os.getpid()
    assert (store / "token").read_text() != "t"


@pytest.mark.parametrize(
    ("behave", "words"),
    [("fail", "the model file is damaged"), ("babble", ""), ("hang", ""), ("lure", "")],
)
def test_a_start_that_fails_says_why(
    make_engine: MakeEngine,
    ask: Ask[Any],
    monkeypatch: pytest.MonkeyPatch,
    behave: str,
    words: str,
) -> None:
    seconds = 0.3 if behave == "hang" else 20
    monkeypatch.setattr("desktop_app.provider.connections.engine_start.START_SECONDS", seconds)
    engine = make_engine(behave)
    with pytest.raises(ProviderError) as caught:
        ask(engine.ensure_running())
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert caught.value.detail == words
    assert not engine.is_alive


def test_a_program_that_is_not_there_says_why(store: Path, ask: Ask[Any]) -> None:
    engine = EngineProcess(store, command=("/nonexistent/engine",))
    with pytest.raises(ProviderError) as caught:
        ask(engine.ensure_running())
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert "No such file" in caught.value.detail


def test_a_store_that_cannot_be_made_says_why(tmp_path: Path, ask: Ask[Any]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProviderError) as caught:
        ask(EngineProcess(tmp_path / "file" / "engine").ensure_running())
    assert caught.value.kind is ErrorKind.ENGINE_FAILED


def test_its_state_is_told(make_engine: MakeEngine, ask: Ask[Any]) -> None:
    status = ask(make_engine().status())
    assert (status.backend, status.threads, status.memory_bytes) == ("fake", 2, 2**34)
    assert status.training_tokens_per_second is None
    assert status.starter_model.state == "missing"


def test_the_starter_model_is_fetched_with_progress(
    make_engine: MakeEngine, ask: Ask[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.provider.connections.engine_process.POLL_SECONDS", 0.01)
    engine = make_engine()
    seen: list[tuple[int, int | None]] = []
    ask(engine.fetch_starter_model(lambda done, total: seen.append((done, total))))
    assert seen == [(40, 100), (80, 100)]
    assert ask(engine.status()).starter_model.state == "ready"


def test_a_fetch_that_fails_says_why(make_engine: MakeEngine, ask: Ask[Any]) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(make_engine("fetch-badly").fetch_starter_model(lambda *_: None))
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert caught.value.detail == "no network"


def test_a_fetch_that_is_cancelled_is_cancelled_there_too(
    make_engine: MakeEngine, ask: Ask[Any]
) -> None:
    engine = make_engine("fetch-slowly")

    async def fetch_and_stop() -> str:
        fetching = asyncio.Event()
        task = asyncio.create_task(engine.fetch_starter_model(lambda *_: fetching.set()))
        await fetching.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return (await engine.status()).starter_model.state

    assert ask(fetch_and_stop()) == "missing"


def test_a_model_from_disk_is_handed_over(
    make_engine: MakeEngine, ask: Ask[Any], tmp_path: Path
) -> None:
    engine = make_engine()
    assert ask(engine.add_model(tmp_path / "mine.gguf")) == "mine"
    assert ask(engine.status()).models == (str(tmp_path / "mine.gguf"),)


def test_a_call_starts_it_and_if_it_dies_says_so_and_the_next_starts_it_again(
    make_engine: MakeEngine, ask: Ask[Any], store: Path
) -> None:
    engine = make_engine()
    provider = ThisComputerProvider(engine)
    assert [model.id for model in ask(provider.models())] == ["smollm2-135m-instruct"]
    with pytest.raises(ProviderError) as caught:
        ask(provider.job("die"))
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert caught.value.detail == "Killed: out of memory"
    assert [model.id for model in ask(provider.models())] == ["smollm2-135m-instruct"]
    assert starts(store) == 2
    with pytest.raises(ProviderError) as caught:
        ask(provider.job("unknown"))
    assert caught.value.kind is ErrorKind.NOT_FOUND
    ask(provider.close())
