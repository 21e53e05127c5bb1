"""Against a real Secret Service: gnome-keyring on a D-Bus session of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.secret_service import bare_environment, needs_daemons, session_bus, unlocked_keyring

KEY = "sk-test-a-key-that-must-not-be-readable"
OPENAI = "https://api.openai.com/v1"

CLIENT = """
import sys
from desktop_app.storage.secrets import Secrets, SecretsUnavailable
secrets = Secrets()
try:
    what, address = sys.argv[1:]
    if what == "get":
        print(secrets.get(address))
    elif what == "set":
        secrets.set(address, sys.stdin.read())
    else:
        secrets.delete(address)
except SecretsUnavailable as error:
    print(error.reason, secrets.get(address) if what == "set" else "")
"""


def client(env: dict[str, str], *arguments: str, key: str = "") -> str:
    command = [sys.executable, "-c", CLIENT, *arguments]
    done = subprocess.run(
        command, env=env, input=key, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def bus(home: Path) -> Iterator[dict[str, str]]:
    with session_bus(home) as env:
        yield env


@pytest.fixture
def unlocked(bus: dict[str, str]) -> Iterator[dict[str, str]]:
    with unlocked_keyring(bus) as env:
        yield env


@needs_daemons
def test_a_key_outlives_the_process_and_is_nowhere_in_clear(
    unlocked: dict[str, str], home: Path
) -> None:
    assert client(unlocked, "get", OPENAI) == "None"
    assert client(unlocked, "set", OPENAI, key=KEY) == ""
    assert client(unlocked, "get", OPENAI) == KEY
    assert client(unlocked, "get", "https://other.example/v1") == "None"
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".keyring" for path in files)
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert client(unlocked, "set", OPENAI, key="sk-test-another") == ""
    assert client(unlocked, "get", OPENAI) == "sk-test-another"
    assert client(unlocked, "delete", OPENAI) == ""
    assert client(unlocked, "delete", OPENAI) == ""
    assert client(unlocked, "get", OPENAI) == "None"


def test_without_a_session_bus_the_key_lasts_for_the_session(home: Path) -> None:
    env = bare_environment(home) | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    assert client(env, "get", OPENAI) == "no_keyring"
    assert client(env, "set", OPENAI, key=KEY) == f"no_keyring {KEY}"
    assert not [path for path in home.rglob("*") if path.is_file()]


@needs_daemons
def test_a_bus_without_a_keyring_is_no_keyring(bus: dict[str, str], home: Path) -> None:
    (home / "empty").mkdir()
    assert client(bus, "get", OPENAI) in ("no_keyring", "locked")
