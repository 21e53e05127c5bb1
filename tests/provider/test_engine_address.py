"""The token that a window and the service on this computer share."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from desktop_app.provider.connections.engine_address import ensure_token, parse_announcement


def test_a_token_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path, token = ensure_token(tmp_path / "new" / "engine")
    assert ensure_token(tmp_path / "new" / "engine") == (path, token)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"  \n"])
def test_a_token_of_no_use_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    path, token = ensure_token(tmp_path)
    assert len(token) >= 32
    assert path.read_text() == token


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_token_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    path, token = ensure_token(tmp_path)
    path.chmod(0o644)
    assert ensure_token(tmp_path)[1] != token


def test_windows_that_open_at_once_agree_on_the_token(tmp_path: Path) -> None:
    at_once = Barrier(8)

    def ensure(store: Path) -> str:
        at_once.wait()
        return ensure_token(store)[1]

    with ThreadPoolExecutor(8) as windows:
        for round_ in range(50):
            store = tmp_path / str(round_)
            tokens = set(windows.map(ensure, [store] * 8))
            assert tokens == {(store / "token").read_text()}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b'{"base_url": "http://models.example:1/v1", "pid": 5}',
        b'{"base_url": "http://127.0.0.1:1/v1", "pid": 0}',
        b'{"base_url": "http://[::1/v1", "pid": 5}',
    ],
)
def test_what_does_not_lead_to_this_computer_is_no_announcement(said: bytes) -> None:
    assert parse_announcement(said, "secret") is None
