"""Against a real Secret Service: gnome-keyring on a D-Bus session of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

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

needs_daemons = pytest.mark.skipif(
    shutil.which("gnome-keyring-daemon") is None or shutil.which("dbus-daemon") is None,
    reason="gnome-keyring or dbus is not installed",
)


def environment(home: Path) -> dict[str, str]:
    folders = {f"XDG_{name}_HOME": str(home / name) for name in ("CONFIG", "DATA", "CACHE")}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **folders}


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
    """The environment of a private D-Bus session in which nothing runs yet."""
    env = environment(home)
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        yield {**env, "DBUS_SESSION_BUS_ADDRESS": daemon.stdout.readline().strip()}
        daemon.terminate()


@pytest.fixture
def unlocked(bus: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same with a keyring, unlocked."""
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    with subprocess.Popen(
        command,
        env=bus,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as daemon:
        assert daemon.stdin is not None
        daemon.stdin.write(b"password")  # A newline would be part of it.
        daemon.stdin.close()
        control = Path(bus["XDG_RUNTIME_DIR"]) / "keyring" / "control"
        deadline = time.monotonic() + 10
        while not control.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield bus
        daemon.terminate()


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
    env = environment(home) | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    assert client(env, "get", OPENAI) == "no_keyring"
    assert client(env, "set", OPENAI, key=KEY) == f"no_keyring {KEY}"
    assert not [path for path in home.rglob("*") if path.is_file()]


@needs_daemons
def test_a_bus_without_a_keyring_is_no_keyring(bus: dict[str, str], home: Path) -> None:
    (home / "empty").mkdir()
    assert client(bus, "get", OPENAI) in ("no_keyring", "locked")
