"""Several replies from one model at once: they take turns on its thread."""

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from desktop_app.engine.backends.backend import GeneratedPiece, ModelFileError, Sampling
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.machine import Machine
from desktop_app.engine.models import loaded_models
from desktop_app.engine.models.loaded_models import LoadedModel, LoadedModels
from desktop_app.engine.models.model_list import ModelFiles

PIECES = 6


class Model:
    """Says one piece after another, as many as `max_tokens`, and notes who is at it."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.closed_by: list[str] = []
        self.begin = threading.Event()

    def use_adapter(self, folder: Path | None) -> None:
        if folder is not None:
            raise ModelFileError("no adapter")

    def generate(self, prompt: Any, sampling: Sampling) -> Iterator[GeneratedPiece]:  # noqa: ANN401
        try:
            for place in range(1, sampling.max_tokens + 1):
                self.order.append(int(prompt[0]))
                yield GeneratedPiece(f"{place} ", place, None)
        finally:
            self.closed_by.append(threading.current_thread().name)


class Backend(NumpyLlamaBackend):
    """Loads one model, and counts."""

    def __init__(self) -> None:
        self.model = Model()
        self.loads = 0

    def memory_needed(self, path: Path, *, training: bool) -> int:
        return 0

    def load(self, path: Path) -> Any:  # noqa: ANN401  # a model
        self.loads += 1
        return self.model


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def models(backend: Backend) -> Iterator[LoadedModels]:
    models = LoadedModels(Machine(backend, 1, lambda: 2**40))
    yield models
    models.close()


def asked(
    model: LoadedModel, who: int, pieces: int = PIECES, adapter: Path | None = None
) -> AsyncGenerator[GeneratedPiece]:
    return model.generate(adapter, np.array([who]), Sampling(max_tokens=pieces))


async def whole(pieces: AsyncGenerator[GeneratedPiece]) -> str:
    return "".join([piece.text async for piece in pieces])


EXPECTED = "".join(f"{place} " for place in range(1, PIECES + 1))


def test_two_readers_are_answered_in_turns(
    models: LoadedModels, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded_models, "TURN_SECONDS", 0.0)
    model = models.of(ModelFiles(Path("model.gguf"), None))

    async def both() -> list[str]:
        waiting = asyncio.create_task(model.run(None, lambda _: backend.model.begin.wait(30)))
        replies = [asyncio.create_task(whole(asked(model, who))) for who in (1, 2)]
        await asyncio.sleep(0)
        backend.model.begin.set()
        await waiting
        return await asyncio.gather(*replies)

    assert asyncio.run(both()) == [EXPECTED, EXPECTED]
    assert backend.model.order == [1, 2] * PIECES


def test_a_short_question_does_not_wait_for_the_end_of_a_long_reply(
    models: LoadedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded_models, "TURN_SECONDS", 0.0)
    model = models.of(ModelFiles(Path("model.gguf"), None))

    async def during() -> str:
        endless = asked(model, 1, 10**9)
        await anext(endless)
        text = await whole(asked(model, 2))
        await endless.aclose()
        return text

    assert asyncio.run(during()) == EXPECTED


def test_a_reply_that_nobody_reads_is_closed_on_the_models_thread(
    models: LoadedModels, backend: Backend
) -> None:
    model = models.of(ModelFiles(Path("model.gguf"), None))

    async def left() -> None:
        endless = asked(model, 1, 10**9)
        await anext(endless)
        await endless.aclose()
        await model.run(None, lambda _: None)

    asyncio.run(left())
    assert backend.model.closed_by == ["model-model_0"]


def test_weights_are_released_behind_the_replies_that_are_being_made(
    models: LoadedModels, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded_models, "TURN_SECONDS", 0.0)
    model = models.of(ModelFiles(Path("model.gguf"), None))

    async def during() -> str:
        reply = asked(model, 1, 300)
        first = (await anext(reply)).text
        released = model.release_if_idle(0)
        text = first + await whole(reply)
        await asyncio.wrap_future(released)
        assert await whole(asked(model, 2)) == EXPECTED
        return text

    assert asyncio.run(during()) == "".join(f"{place} " for place in range(1, 301))
    assert backend.loads == 2


def test_what_goes_wrong_is_told_to_whoever_asked(models: LoadedModels) -> None:
    model = models.of(ModelFiles(Path("model.gguf"), None))

    async def both() -> str:
        with pytest.raises(ModelFileError, match="no adapter"):
            await whole(asked(model, 1, adapter=Path("missing")))
        return await whole(asked(model, 2))

    assert asyncio.run(both()) == EXPECTED


def test_readers_are_told_when_the_service_ends(models: LoadedModels) -> None:
    model = models.of(ModelFiles(Path("model.gguf"), None))

    async def ended() -> None:
        endless = asked(model, 1, 10**9)
        await anext(endless)
        models.close()
        with pytest.raises(asyncio.CancelledError):
            await whole(endless)
        with pytest.raises(asyncio.CancelledError):
            await whole(asked(model, 2))
        model.release_if_idle(0).result(timeout=30)

    asyncio.run(ended())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system sees to it")
def test_the_memory_of_released_weights_is_given_back(
    models: LoadedModels, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many arrays as a model has, each too small to be given back by itself."""
    process = psutil.Process()
    last = []  # what lies behind them stays: otherwise the end of the heap is given back anyway

    class Heavy(Model):
        def __init__(self) -> None:
            super().__init__()
            self.weights = [np.ones(4_000) for _ in range(4_000)]
            last.append(np.ones(4_000))

    monkeypatch.setattr(backend, "load", lambda path: Heavy())
    model = models.of(ModelFiles(Path("model.gguf"), None))
    asyncio.run(whole(asked(model, 1)))
    before = process.memory_info().rss
    model.release_if_idle(0).result(timeout=30)
    assert before - process.memory_info().rss > 100_000_000
