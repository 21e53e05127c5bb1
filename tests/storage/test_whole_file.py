import errno
import os
from pathlib import Path

import pytest

from desktop_app.storage.whole_file import whole_file


class StoppedError(Exception):
    pass


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(target: Path) -> None:
    with whole_file(target) as file:
        file.write(b"half of it")
        raise StoppedError


def write_onto(device: Path, target: Path) -> None:
    """Write to a file whose disk is another one all of a sudden."""
    with whole_file(target) as file, device.open("wb", buffering=0) as other:
        os.dup2(other.fileno(), file.fileno())
        file.write(b"x" * 1_000_000)


def test_a_file_is_there_when_all_of_it_is(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with whole_file(target) as file:
        file.write(b"parcel")
        assert not target.exists()
    assert target.read_bytes() == b"parcel"
    assert left(tmp_path) == ["out.csv"]


def test_the_old_file_stays_when_writing_ends_early(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    with pytest.raises(StoppedError):
        write_half(target)
    assert target.read_bytes() == b"old"
    assert left(tmp_path) == ["out.csv"]


def test_a_link_goes_on_pointing_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    link = tmp_path / "out.csv"
    link.symlink_to("shared/real.csv")
    with whole_file(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "shared" / "real.csv").read_bytes() == b"new"


def test_a_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), whole_file(tmp_path):
        pass
    assert left(tmp_path) == []


def test_a_file_that_may_not_be_written_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"kept")
    # Whoever runs the tests may be allowed everything.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(PermissionError) as caught, whole_file(target):
        pass
    assert caught.value.errno == errno.EACCES
    assert target.read_bytes() == b"kept"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    target = tmp_path / "out.csv"
    with pytest.raises(OSError, match="No space") as caught:
        write_onto(full, target)
    assert caught.value.errno == errno.ENOSPC
    assert left(tmp_path) == []


def test_what_others_may_read_stays_as_the_system_wants_it(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    with whole_file(tmp_path / "out.csv") as file:
        file.write(b"x")
    assert (tmp_path / "out.csv").stat().st_mode == plain.stat().st_mode
