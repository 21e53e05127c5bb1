import os
import socket
from pathlib import Path

import pytest

from desktop_app.storage.import_file import (
    ImportFileError,
    ImportFileProblem,
    open_import_file,
    size_of,
)


def problem(path: Path) -> ImportFileProblem:
    with pytest.raises(ImportFileError) as caught:
        open_import_file(path)
    return caught.value.problem


def test_a_file_is_opened_and_read(tmp_path: Path) -> None:
    file = tmp_path / "parcels.jsonl"
    file.write_bytes(b"where is it\r\n")
    with open_import_file(file) as opened:
        assert size_of(opened) == 13
        assert opened.read() == b"where is it\r\n"


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    with open_import_file(tmp_path / "link") as opened:
        assert opened.read() == b"x"


def test_a_folder_is_none(tmp_path: Path) -> None:
    assert problem(tmp_path) == ImportFileProblem.FOLDER


def test_a_pipe_that_nobody_writes_to_does_not_hold_the_program_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert problem(tmp_path / "pipe") == ImportFileProblem.NOT_A_FILE


def test_devices_and_sockets_are_no_files(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert problem(tmp_path / "socket") == ImportFileProblem.NOT_A_FILE
    assert problem(Path("/dev/zero")) == ImportFileProblem.NOT_A_FILE


def test_an_empty_file_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "nothing.csv").touch()
    assert problem(tmp_path / "nothing.csv") == ImportFileProblem.EMPTY


def test_a_name_that_becomes_a_pipe_after_the_first_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "turns"
    file.write_bytes(b"x")
    real = os.open

    def swapped(path: str | Path, flags: int, mode: int = 0o777) -> int:
        file.unlink()
        os.mkfifo(file)
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", swapped)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert problem(file) == ImportFileProblem.NOT_A_FILE
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_import_file(tmp_path / "gone")
