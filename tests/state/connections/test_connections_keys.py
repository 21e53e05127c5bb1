import threading
from collections.abc import Iterator

import keyring
import pytest
from keyring.errors import KeyringLocked
from pytestqt.qtbot import QtBot
from typing_extensions import override

from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.connections.keys import KeyPlace, Keys
from desktop_app.storage.secrets import Secrets, SecretsReason, SecretsUnavailable
from tests.conftest import MemoryKeyring

URL = "https://api.example.com/v1"
KEY = "sk-test-0123456789abcdefghijklmnop"


class LockedKeyring(MemoryKeyring):
    """A keyring whose password nobody has typed."""

    @override
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Prompt dismissed")

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("Prompt dismissed")


class WaitingKeyring(MemoryKeyring):
    """A keyring that asks for a password, and waits."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    @override
    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait(10)
        return super().get_password(service, username)


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    assert runner.shut_down()


@pytest.fixture
def keys(runner: TaskRunner) -> Keys:
    return Keys(Secrets(), runner, runner)


def test_nothing_is_known_until_it_was_looked_for(
    keys: Keys, qtbot: QtBot, memory_keyring: MemoryKeyring
) -> None:
    assert keys.state(URL).place is KeyPlace.UNKNOWN
    with qtbot.waitSignal(keys.changed) as where:
        keys.look(URL)
    assert where.args == ["https://api.example.com:443"]
    assert keys.state(URL).place is KeyPlace.NONE
    memory_keyring.set_password("Exemplar", "https://api.example.com:443", KEY)
    with qtbot.waitSignal(keys.changed):
        keys.look(URL)
    assert keys.state(f"{URL}/other/path").is_there
    assert not keys.state("https://api.example.org/v1").is_there


def test_looking_is_no_new_key(keys: Keys, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(keys.stored), qtbot.waitSignal(keys.changed):
        keys.look(URL)
    with qtbot.waitSignal(keys.stored):
        keys.keep(URL, KEY)


def test_a_locked_keyring_may_well_hold_one(keys: Keys, qtbot: QtBot) -> None:
    keyring.set_keyring(LockedKeyring())
    with qtbot.waitSignal(keys.changed):
        keys.look(URL)
    state = keys.state(URL)
    assert (state.place, state.problem) == (KeyPlace.UNKNOWN, SecretsReason.LOCKED)
    with qtbot.waitSignal(keys.changed):
        keys.keep(URL, KEY)
    state = keys.state(URL)
    assert (state.place, state.problem) == (KeyPlace.SESSION, SecretsReason.LOCKED)


def test_a_key_is_revealed_only_when_asked(keys: Keys, qtbot: QtBot) -> None:
    with qtbot.waitSignal(keys.changed):
        keys.keep(URL, KEY)
    assert KEY not in repr(vars(keys))
    task = keys.reveal(URL)
    with qtbot.waitSignal(task.succeeded) as found:
        pass
    assert found.args == [KEY]
    keyring.set_keyring(LockedKeyring())
    task = keys.reveal(URL)
    with qtbot.waitSignal(task.failed) as failed:
        pass
    assert failed.args is not None
    assert isinstance(failed.args[0], SecretsUnavailable)


def test_a_keyring_that_waits_holds_nobody_up(keys: Keys, qtbot: QtBot) -> None:
    waiting = WaitingKeyring()
    keyring.set_keyring(waiting)
    keys.look(URL)
    qtbot.wait(30)
    assert keys.state(URL).place is KeyPlace.UNKNOWN
    waiting.answered.set()
    qtbot.waitUntil(lambda: keys.state(URL).place is KeyPlace.NONE)
