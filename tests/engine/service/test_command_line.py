"""Starting and ending the service."""

import json
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.engine.service.engine_child import Engine, first_line, new_client, start_engine


def refused(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Return the exit code and the one line on standard error."""
    output, errors = process.communicate(timeout=20)
    assert output == ""
    assert errors.count("\n") == 1
    return process.returncode, errors


def test_a_second_service_on_a_store_refuses(engine: Engine, token_file: Path) -> None:
    code, message = refused(start_engine(engine.store, token_file))
    assert code == 3
    assert "already running" in message
    assert engine.client.models.list().data


def test_a_port_that_is_taken(tmp_path: Path, token_file: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, message = refused(start_engine(tmp_path, token_file, port=port))
    assert code == 4
    assert str(port) in message


@pytest.mark.parametrize("case", ["missing", "open", "empty", "binary"])
def test_a_bad_token_file(tmp_path: Path, case: str) -> None:
    token = tmp_path / "token"
    if case != "missing":
        token.write_bytes({"open": b"secret", "empty": b" \n", "binary": b"\xff\xfe"}[case])
        token.chmod(0o644 if case == "open" else 0o600)
    code, message = refused(start_engine(tmp_path / "store", token))
    assert code == 5
    assert "secret" not in message
    assert not (tmp_path / "store").exists()


def test_a_store_that_is_none(tmp_path: Path, token_file: Path) -> None:
    (tmp_path / "engine.sqlite").write_bytes(b"this is no database, whatever its name" * 100)
    code, message = refused(start_engine(tmp_path, token_file))
    assert code == 6
    assert "engine.sqlite" in message


def test_a_store_below_a_file(tmp_path: Path, token_file: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(start_engine(tmp_path / "file" / "store", token_file))[0] == 6


def test_where_the_service_is(engine: Engine) -> None:
    path = engine.store / "service.json"
    told = json.loads(path.read_text())
    assert told == {"base_url": engine.base_url, "pid": engine.process.pid}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, token_file: Path, number: int) -> None:
    process = start_engine(tmp_path, token_file)
    first_line(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert not (tmp_path / "service.json").exists()


def test_it_ends_when_nobody_needs_it(tmp_path: Path, token_file: Path) -> None:
    process = start_engine(tmp_path, token_file, "--idle-exit", "0.8")
    client = new_client(first_line(process)["base_url"])
    for _ in range(4):
        time.sleep(0.4)
        client.models.list()
    client.close()
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_the_state_of_the_service(engine: Engine) -> None:
    state = engine.get("/engine")
    assert state["starter_model"]["state"] == "ready"
    assert state["models"] == ["smollm2-135m-instruct"]
    assert state["active_jobs"] == 0
    assert state["threads"] >= 1
    assert 0 < state["memory_available_bytes"] < state["memory_bytes"]
    deadline = time.monotonic() + 30
    while engine.get("/engine")["training_tokens_per_second"] is None:
        assert time.monotonic() < deadline, "the speed was not measured"
        time.sleep(0.2)
    assert engine.get("/engine")["training_tokens_per_second"] > 0


def test_the_token_is_on_no_command_line(engine: Engine) -> None:
    shown = psutil.Process(engine.process.pid).cmdline()
    assert not any("a-token-of-the-tests" in word for word in shown)
