import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from desktop_app.background.asyncio_thread import AsyncioThread


@pytest.fixture
def thread() -> Iterator[AsyncioThread]:
    thread = AsyncioThread()
    thread.start()
    yield thread
    assert thread.shut_down(2)


async def where() -> int:
    return threading.get_ident()


def test_coroutines_run_on_the_one_thread(thread: AsyncioThread) -> None:
    places = {thread.submit(where()).result(2) for _ in range(10)}
    assert len(places) == 1
    assert places != {threading.get_ident()}


def test_shutting_down_cancels_what_runs(thread: AsyncioThread) -> None:
    cleaned = threading.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.set()

    future = thread.submit(wait())
    thread.submit(asyncio.sleep(0.01)).result(2)
    assert thread.shut_down(2)
    assert cleaned.is_set()
    with pytest.raises(CancelledError):
        future.result(0)


def test_a_coroutine_that_will_not_end_is_given_up() -> None:
    thread = AsyncioThread()
    thread.start()
    release = threading.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    thread.submit(stubborn())
    assert not thread.shut_down(0.1)
    release.set()
    thread._thread.join(2)


def test_before_the_start_and_after_the_end_nothing_is_taken() -> None:
    thread = AsyncioThread()
    with pytest.raises(RuntimeError, match="not been started"):
        thread.submit(where())
    assert thread.shut_down()
    thread.start()
    assert thread.shut_down(2)
    assert thread.shut_down(2)
    with pytest.raises(RuntimeError):
        thread.submit(where())
