import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from typing_extensions import override

from desktop_app.background.asyncio_thread import AsyncioThread
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.factory import profile_of
from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError
from desktop_app.state.connections.provider_pool import ProviderPool, in_thread
from desktop_app.storage.secrets import Secrets
from tests.conftest import MemoryKeyring
from tests.state.connections.test_connections_keys import KEY, LockedKeyring

HERE = profile_of("other", "here", "Here", "http://127.0.0.1:9/v1")
THERE = profile_of("other", "there", "There", "https://api.example.com/v1")


@pytest.fixture
def thread() -> Iterator[AsyncioThread]:
    thread = AsyncioThread()
    thread.start()
    yield thread
    assert thread.shut_down()


@pytest.fixture
def pool(tmp_path: Path) -> ProviderPool:
    pool = ProviderPool(Secrets(), EngineProcess(tmp_path, command=("/bin/false",)))
    pool.profiles = {HERE.id: HERE, THERE.id: THERE}
    return pool


def opened(thread: AsyncioThread, pool: ProviderPool, connection_id: str) -> Provider:
    return thread.submit(pool.provider(connection_id)).result(10)


def test_two_who_ask_at_once_share_one(thread: AsyncioThread, pool: ProviderPool) -> None:
    async def both() -> tuple[Provider, Provider]:
        return await asyncio.gather(pool.provider("here"), pool.provider("here"))

    one, other = thread.submit(both()).result(10)
    assert one is other


def test_a_new_address_is_a_new_provider(thread: AsyncioThread, pool: ProviderPool) -> None:
    before = opened(thread, pool, "here")
    moved = profile_of("other", "here", "Here", "http://127.0.0.1:10/v1")
    pool.profiles = {"here": moved}
    assert opened(thread, pool, "here") is not before


def test_without_a_key_there_is_none(thread: AsyncioThread, pool: ProviderPool) -> None:
    with pytest.raises(ProviderError) as failure:
        opened(thread, pool, "there")
    assert (failure.value.kind, failure.value.detail) == (ErrorKind.NO_KEY, "")


def test_why_the_keyring_gave_none_is_told(thread: AsyncioThread, pool: ProviderPool) -> None:
    keyring.set_keyring(LockedKeyring())
    with pytest.raises(ProviderError) as failure:
        opened(thread, pool, "there")
    assert (failure.value.kind, failure.value.detail) == (ErrorKind.NO_KEY, "Prompt dismissed")


def test_a_key_of_another_host_is_not_used(
    thread: AsyncioThread, pool: ProviderPool, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.set_password("Exemplar", "https://api.example.org:443", KEY)
    with pytest.raises(ProviderError):
        opened(thread, pool, "there")
    memory_keyring.set_password("Exemplar", "https://api.example.com:443", KEY)
    opened(thread, pool, "there")


def test_a_key_that_changes_while_a_connection_opens_is_not_the_old_one(
    thread: AsyncioThread, pool: ProviderPool, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.set_password("Exemplar", "https://api.example.com:443", KEY)
    entered, release = threading.Event(), threading.Event()
    secrets = pool._secrets
    kept = secrets.get("https://api.example.com")

    class SlowSecrets(Secrets):
        @override
        def get(self, base_url: str) -> str | None:
            entered.set()
            release.wait(10)
            return kept

    pool._secrets = SlowSecrets()
    opening = thread.submit(pool.provider("there"))
    assert entered.wait(10)
    forgetting = thread.submit(pool.forget("there"))
    thread.submit(asyncio.sleep(0.01)).result(5)
    release.set()
    opening.result(10)
    forgetting.result(10)
    assert pool._open == {}


def test_at_the_end_of_the_loop_all_are_closed(pool: ProviderPool) -> None:
    thread = AsyncioThread()
    thread.close_at_the_end(pool.close)
    thread.start()
    provider = opened(thread, pool, "here")
    assert isinstance(provider, OpenAIProvider)
    assert thread.shut_down()
    assert pool._open == {}
    assert provider.client.is_closed()


ABRUPT_END = """
import gc, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.factory import profile_of
from desktop_app.state.connections.provider_pool import ProviderPool
from desktop_app.storage.secrets import Secrets

def main():
    application = QCoreApplication([])
    runner = TaskRunner()
    pool = ProviderPool(Secrets(), EngineProcess(Path(sys.argv[1])))
    runner.close_at_the_end(pool.close)
    pool.profiles = {"here": profile_of("other", "here", "Here", "http://127.0.0.1:9/v1")}

    async def work(report):
        return await pool.provider("here")

    task = runner.run(work)
    task.succeeded.connect(application.quit)
    application.exec()
    assert list(pool._open) == ["here"]
    if sys.argv[2] == "in order":
        assert runner.shut_down()
        assert not pool._open

main()
gc.collect()
"""


@pytest.mark.parametrize("how", ["in order", "abruptly"])
def test_a_program_that_ends_has_nothing_to_say_about_open_connections(
    tmp_path: Path, how: str
) -> None:
    command = [sys.executable, "-c", ABRUPT_END, str(tmp_path), how]
    ended = subprocess.run(
        command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_a_thread_returns_or_raises_arrives(thread: AsyncioThread) -> None:
    assert thread.submit(in_thread(lambda: 7)).result(5) == 7

    def fail() -> None:
        raise LookupError("there is none")

    with pytest.raises(LookupError, match="there is none"):
        thread.submit(in_thread(fail)).result(5)
