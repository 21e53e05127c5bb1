"""A service on loopback, and a loop to ask it from."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from desktop_app.background.asyncio_thread import AsyncioThread
from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import Capabilities
from tests.provider.scripted_service import ScriptedService

T = TypeVar("T")
Ask = Callable[[Coroutine[Any, Any, T]], T]

KEY = "sk-test-0123456789abcdefghijklmnop"


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[AsyncioThread]:
    thread = AsyncioThread()
    thread.start()
    yield thread
    assert thread.shut_down(5)


@pytest.fixture
def ask(loop_thread: AsyncioThread) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine to its end."""

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        return loop_thread.submit(coroutine).result(30)

    return run


@pytest.fixture
def service(ask: Ask[None]) -> Iterator[ScriptedService]:
    service = ScriptedService()
    ask(service.start())
    yield service
    ask(service.stop())


@pytest.fixture
def provider(service: ScriptedService, ask: Ask[None]) -> Iterator[OpenAIProvider]:
    provider = OpenAIProvider(service.base_url, KEY, Capabilities(scores=True), timeout=5)
    yield provider
    ask(provider.close())


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the SDK's half seconds in between."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
