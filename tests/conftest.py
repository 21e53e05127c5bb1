"""What every test stands on: no screen, no home, no keyring, no network but loopback."""

import gc
import ipaddress
import logging
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import keyring
import pytest
from keyring.backend import KeyringBackend
from PySide6.QtCore import QCoreApplication, QEvent, QStandardPaths
from typing_extensions import override

_HOME = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Point everything that a program may write to at a folder of this run."""
    config.addinivalue_line(
        "markers", "logs(name): the test must log at WARNING or above, to a logger of this prefix"
    )
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Two busy threads on two busy cores wait for each other: a test took 38 s in place of 3.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Made here and not on import: tests import this module under a second name.
    home = config.stash[_HOME] = Path(tempfile.mkdtemp(prefix="exemplar-tests-"))
    os.environ["HOME"] = str(home)
    for name in ("CONFIG", "DATA", "STATE", "CACHE", "RUNTIME"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR" if name == "RUNTIME" else f"XDG_{name}_HOME"] = str(folder)
    for name in [n for n in os.environ if n.startswith("OPENAI_") or n.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    QStandardPaths.setTestModeEnabled(True)
    _wall_off_the_network()
    # Like the program: a collection on a worker thread would destroy widgets there.
    gc.disable()
    hypothesis.settings.register_profile("exemplar", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("exemplar")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder of this run."""
    shutil.rmtree(config.stash[_HOME], ignore_errors=True)


def _wall_off_the_network() -> None:
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _loopback_only(getattr(socket.socket, name)))
    resolve = socket.getaddrinfo

    def guarded(host: bytes | str | None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as socket has it
        _refuse_unless_loopback(host.decode() if isinstance(host, bytes) else host or "localhost")
        return resolve(host, *args, **kwargs)

    socket.getaddrinfo = guarded


def _loopback_only(connect: Callable[[socket.socket, Any], Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:  # noqa: ANN401  # as socket has it
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_unless_loopback(address[0])
        return connect(self, address)

    return guarded


def _refuse_unless_loopback(host: str) -> None:
    if not _is_loopback(host):
        raise AssertionError(f"a test reached for the network: {host}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class MemoryKeyring(KeyringBackend):
    """A keyring that is gone with the test."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has it so
        self.passwords: dict[tuple[str, str], str] = {}

    @override
    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    @override
    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.passwords:
            raise keyring.errors.PasswordDeleteError("no such password")
        del self.passwords[service, username]


@pytest.fixture(autouse=True)
def memory_keyring() -> MemoryKeyring:
    """The keyring that the test sees."""
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    return ring


@pytest.fixture(autouse=True)
def _seed() -> None:
    random.seed(0)


@pytest.fixture(autouse=True, scope="module")
def _collect_all() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _collect_young() -> Iterator[None]:
    yield
    gc.collect(1)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        # Where CI is set, and only there, transformers hands on what it tells its own handler.
        if not record.name.startswith("transformers."):
            self.records.append(record)


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    collector = _Collector()
    logging.getLogger().addHandler(collector)
    yield
    logging.getLogger().removeHandler(collector)
    expected = [str(mark.args[0]) for mark in request.node.iter_markers("logs")]
    names = {record.name for record in collector.records}
    for prefix in expected:
        assert any(name.startswith(prefix) for name in names), f"nothing was logged to {prefix}"
    unexpected = [
        f"{record.name}: {record.getMessage()}"
        for record in collector.records
        if not record.name.startswith(tuple(expected))
    ]
    assert not unexpected, f"logged at WARNING or above: {unexpected}"


def _windows() -> dict[int, str]:
    from PySide6.QtWidgets import QApplication

    top = [widget for widget in QApplication.topLevelWidgets() if widget.parent() is None]
    return {id(widget): type(widget).__name__ for widget in top}


@pytest.fixture(autouse=True)
def _no_leaked_window(request: pytest.FixtureRequest) -> Iterator[None]:
    """A window that outlives its test is a leak in the program, or a missing qtbot.addWidget."""
    if "qapp" not in request.fixturenames:
        yield
        return
    before = _windows()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    if _windows().keys() - before.keys():
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [name for key, name in _windows().items() if key not in before]
    assert not left, f"windows left behind: {left}"
