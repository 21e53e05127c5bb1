"""The real service on this computer, driven as the program drives it."""

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from desktop_app.core.examples.conversation import Message
from desktop_app.core.jobs.job import Hyperparameters, Job, JobRequest
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.this_computer import ThisComputerProvider
from desktop_app.provider.provider import ChatRequest, ErrorKind, ProviderError
from tests.engine.tiny_model import write_tiny_model
from tests.provider.conftest import Ask

QUESTION = [Message("user", "the cat")]
REPLY = Message("assistant", "sat on the mat")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("engine")
    (store / "models").mkdir()
    write_tiny_model(store / "models" / "tiny.gguf")
    return store


@pytest.fixture(scope="module")
def engine(store: Path) -> Iterator[EngineProcess]:
    engine = EngineProcess(store)
    yield engine
    if engine.is_alive:
        asyncio.run(engine.stop())
    assert not engine.is_alive


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "examples.jsonl"
    messages = [{"role": "user", "content": "the cat"}, {"role": "assistant", "content": "sat"}]
    path.write_text((json.dumps({"messages": messages}) + "\n") * 12)
    return path


@asynccontextmanager
async def opened(engine: EngineProcess) -> AsyncIterator[ThisComputerProvider]:
    provider = ThisComputerProvider(engine)
    try:
        yield provider
    finally:
        await provider.close()


async def submit(provider: ThisComputerProvider, examples: Path) -> Job:
    chosen = Hyperparameters(n_epochs=2, batch_size=4)
    file = await provider.upload(examples)
    request = JobRequest("tiny", file, str(uuid.uuid4()), suffix="tone", hyperparameters=chosen)
    return await provider.create_job(request)


async def followed(provider: ThisComputerProvider, job: Job) -> Job:
    while not job.is_finished:
        await asyncio.sleep(0.1)
        job = await provider.job(job.id)
    return job


def test_a_model_is_trained_watched_and_used(
    engine: EngineProcess, examples: Path, ask: Ask[None]
) -> None:
    async def whole_way() -> None:
        async with opened(engine) as provider:
            assert "tiny" in [model.id for model in await provider.models()]
            job = await submit(provider, examples)
            found = await provider.find_job(next(iter(job.metadata.values())))
            assert found is not None
            assert found.id == job.id
            job = await followed(provider, job)
            assert job.status == "succeeded", job.error
            assert job.hyperparameters.n_epochs == 2
            assert job.trained_tokens
            events = await provider.events(job.id, frozenset())
            assert sum(event.metrics is not None for event in events) == 6
            assert await provider.events(job.id, frozenset(e.id for e in events)) == []
            checkpoints = await provider.checkpoints(job.id)
            assert checkpoints[-1].model == job.fine_tuned_model
            table = await provider.file_content(job.result_files[0])
            assert table.startswith(b"step,")
            assert job.fine_tuned_model is not None
            await use(provider, job.fine_tuned_model)

    ask(whole_way())


async def use(provider: ThisComputerProvider, tuned: str) -> None:
    request = ChatRequest(tuned, QUESTION, temperature=0.0, max_tokens=5, seed=1)
    deltas = [delta async for delta in provider.chat(request)]
    assert deltas[-1].finish_reason in ("stop", "length")
    assert deltas[-1].prompt_tokens
    base, after = [await provider.score(each, QUESTION, REPLY) for each in ("tiny", tuned)]
    assert len(base.logprobs) == len(after.logprobs) > 3
    assert all(value < 0 for value in base.logprobs)
    assert base != after


def test_stop_leaves_the_service_ready(engine: EngineProcess, ask: Ask[None]) -> None:
    async def stop_and_ask_again() -> None:
        async with opened(engine) as provider:
            long = ChatRequest("tiny", QUESTION, max_tokens=100_000)
            async with aclosing(provider.chat(long)) as deltas:
                async for _ in deltas:
                    break
            short = ChatRequest("tiny", QUESTION, max_tokens=2)
            replies = [delta async for delta in provider.chat(short)]
            assert replies[-1].finish_reason is not None

    ask(stop_and_ask_again())


def test_refusals_are_told_as_elsewhere(engine: EngineProcess, ask: Ask[Any]) -> None:
    async def refused() -> list[ErrorKind]:
        kinds = []
        async with opened(engine) as provider:
            nothing = JobRequest("nothing", "file-x", "u")
            for call in (provider.job("ftjob-x"), provider.create_job(nothing)):
                with pytest.raises(ProviderError) as caught:
                    await call
                kinds.append(caught.value.kind)
        return kinds

    assert ask(refused()) == [ErrorKind.NOT_FOUND, ErrorKind.REFUSED]


def test_its_state_is_told(engine: EngineProcess, ask: Ask[Any]) -> None:
    status = ask(engine.status())
    assert status.backend
    assert status.memory_bytes > 0
    assert "tiny" in status.models


def test_a_second_window_finds_it(engine: EngineProcess, store: Path, ask: Ask[Any]) -> None:
    first = ask(engine.ensure_running())
    assert ask(EngineProcess(store).ensure_running()) == first


def test_killed_it_is_started_again(engine: EngineProcess, ask: Ask[Any]) -> None:
    async def killed() -> int:
        address = await engine.ensure_running()
        os.kill(address.pid, signal.SIGKILL)
        while engine.is_alive:  # noqa: ASYNC110  # a process has no event to wait for
            await asyncio.sleep(0.01)
        async with opened(engine) as provider:
            await provider.models()
        return (await engine.ensure_running()).pid - address.pid

    assert ask(killed()) != 0


def test_a_damaged_model_file_is_refused(
    engine: EngineProcess, tmp_path: Path, ask: Ask[Any]
) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\x00" * 100)
    with pytest.raises(ProviderError) as caught:
        ask(engine.add_model(tmp_path / "broken.gguf"))
    assert caught.value.kind is ErrorKind.REFUSED


def test_a_token_that_is_too_open_is_replaced(tmp_path: Path, ask: Ask[Any]) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "token").write_text("known to all")
    (store / "token").chmod(0o644)
    engine = EngineProcess(store, command=(sys.executable, "-m", "desktop_app.engine"))
    assert ask(engine.ensure_running()).token != "known to all"
    ask(engine.stop())
    assert not engine.is_alive
