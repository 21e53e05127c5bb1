"""A real Secret Service for tests: gnome-keyring on a D-Bus session of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_daemons = pytest.mark.skipif(
    shutil.which("gnome-keyring-daemon") is None or shutil.which("dbus-daemon") is None,
    reason="gnome-keyring or dbus is not installed",
)


def bare_environment(home: Path) -> dict[str, str]:
    """An environment with a home of its own and no session bus."""
    folders = {f"XDG_{name}_HOME": str(home / name) for name in ("CONFIG", "DATA", "CACHE")}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **folders}


@contextmanager
def session_bus(home: Path) -> Iterator[dict[str, str]]:
    """The environment of a private D-Bus session in which nothing runs yet."""
    env = bare_environment(home)
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        yield {**env, "DBUS_SESSION_BUS_ADDRESS": daemon.stdout.readline().strip()}
        daemon.terminate()


@contextmanager
def unlocked_keyring(bus: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same session with a keyring in it, unlocked."""
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
