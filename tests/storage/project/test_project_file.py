"""Files that are no project, or not as they should be: each refused in its own way, and kept."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.migrations import VERSION
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter

TALK = Conversation((Message("user", "A secret question"), Message("assistant", "Yes")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project with a few conversations, closed."""
    path = tmp_path / "my shop #1.exemplar"
    project = Project.create(path)
    project.add([TALK] * 50)
    project.close()
    return path


def refusal(path: Path) -> ProjectErrorKind:
    """Try to open a file; return how it is refused, having checked that it is left as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert caught.value.path == path
    assert "secret" not in str(caught.value)
    if before is not None:
        assert path.read_bytes() == before
        # SQLite may leave an empty log beside a damaged file.
        left = {p.name.removeprefix(path.name) for p in path.parent.iterdir()}
        assert left <= {"", "-wal", "-shm"}
    return caught.value.kind


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA journal_mode = DELETE; {script}")


def test_a_project_is_one_file_when_closed(path: Path) -> None:
    assert list(path.parent.iterdir()) == [path]
    project = Project.open(path)
    assert project.path == path
    assert project.counts().conversations == 50
    project.close()
    project.close()
    assert list(path.parent.iterdir()) == [path]
    header = path.read_bytes()[:100]
    assert header[68:72] == b"Exem"
    assert int.from_bytes(header[60:64], "big") == VERSION


def test_it_is_written_as_safely_as_sqlite_can(path: Path) -> None:
    project = Project.open(path)
    pragmas = {
        name: project._database.rows(f"PRAGMA {name}")[0][0]
        for name in ("journal_mode", "synchronous", "trusted_schema", "foreign_keys")
    }
    project.close()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "trusted_schema": 0,
        "foreign_keys": 1,
    }


def test_creating_keeps_off_what_is_there(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ProjectError) as caught:
        Project.create(path)
    assert caught.value.kind is ProjectErrorKind.EXISTS
    assert path.read_bytes() == before
    for attempt in (Project.create, Project.open):
        with pytest.raises(ProjectError) as caught:
            attempt(path.parent / "no such folder" / "x.exemplar")
        assert caught.value.kind is ProjectErrorKind.MISSING
    assert list(path.parent.iterdir()) == [path]


def test_no_file_at_all(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.exemplar") is ProjectErrorKind.MISSING
    assert refusal(tmp_path) is ProjectErrorKind.NOT_A_PROJECT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data", [b"", b"x", b'{"messages": []}\n' * 500, b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_a_file_of_another_kind(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.exemplar"
    path.write_bytes(data)
    assert refusal(path) is ProjectErrorKind.NOT_A_PROJECT


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "x.exemplar"
    change(path, "CREATE TABLE conversation (id INTEGER); PRAGMA user_version = 1")
    assert refusal(path) is ProjectErrorKind.NOT_A_PROJECT


def test_a_newer_version(path: Path) -> None:
    change(path, f"PRAGMA user_version = {VERSION + 1}")
    assert refusal(path) is ProjectErrorKind.NEWER


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_truncated_file(path: Path, share: float) -> None:
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))
    kind = refusal(path)
    assert kind in (ProjectErrorKind.DAMAGED, ProjectErrorKind.NOT_A_PROJECT)


def test_damage_within_is_met_when_it_is_read(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(b'{"messages"')
    page = place - place % 4096
    data[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    project = Project.open(path)
    with pytest.raises(ProjectError) as caught:
        list(project.conversations())
    assert caught.value.kind is ProjectErrorKind.DAMAGED
    project.close()


def test_a_line_that_is_none(path: Path) -> None:
    change(path, "UPDATE body SET line = 'my secret' WHERE id = 7")
    project = Project.open(path)
    for read in (lambda: project.conversation(7), lambda: list(project.conversations())):
        with pytest.raises(ProjectError, match=r"damaged: .*conversation 7: not_json") as caught:
            read()
        assert "secret" not in str(caught.value)
    assert list(project.search(Filter("secret"), limit=1, stop=lambda: False)) == [1]
    project.close()


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TRIGGER t AFTER UPDATE ON conversation BEGIN DELETE FROM body; END",
        "CREATE VIEW v AS SELECT load_extension('evil')",
        "CREATE VIRTUAL TABLE v USING fts5(x)",
    ],
)
def test_what_could_act_on_its_own_is_refused(path: Path, script: str) -> None:
    change(path, script)
    assert refusal(path) is ProjectErrorKind.NOT_A_PROJECT


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE more (x)",
        "DROP TABLE history",
        "DROP INDEX conversation_order",
        "CREATE INDEX more ON body (length(line))",
        "ALTER TABLE setting ADD COLUMN x TEXT DEFAULT (random())",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' ' WHERE name = 'job'",
    ],
)
def test_tables_other_than_ours_are_refused(path: Path, script: str) -> None:
    change(path, script)
    assert refusal(path) is ProjectErrorKind.DAMAGED


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE change SET field = 'title = ''x'' --'",
        "UPDATE change SET before = 'not a number'",
        "UPDATE change SET field = 'body', before = 'not a line'",
    ],
)
def test_a_history_that_is_not_ours_changes_nothing(path: Path, script: str) -> None:
    change(path, script)
    project = Project.open(path)
    rows = project.rows(project.ids(), "")
    with pytest.raises(ProjectError) as caught:
        project.undo()
    assert caught.value.kind is ProjectErrorKind.DAMAGED
    assert project.rows(project.ids(), "") == rows
    project.close()


def test_a_file_marked_read_only(path: Path) -> None:
    path.chmod(stat.S_IRUSR)
    assert refusal(path) is ProjectErrorKind.READ_ONLY


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_is_read_only(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        assert refusal(path) is ProjectErrorKind.READ_ONLY
        with pytest.raises(ProjectError) as caught:
            Project.create(path.parent / "new.exemplar")
        assert caught.value.kind is ProjectErrorKind.READ_ONLY
    finally:
        path.parent.chmod(0o700)


def test_it_is_opened_once_only(path: Path) -> None:
    project = Project.open(path)
    folder, file = path.parent / "folder", path.parent / "other.exemplar"
    folder.symlink_to(path.parent, target_is_directory=True)
    file.symlink_to(path)
    for other in (path, folder / path.name, file):
        with pytest.raises(ProjectError) as caught:
            Project.open(other)
        assert caught.value.kind is ProjectErrorKind.IN_USE
    reader = Project.open(path, shared=True)
    assert reader.counts().conversations == 50
    reader.close()
    project.close()
    Project.open(path).close()


HOLDER = """
import sys
from pathlib import Path
from desktop_app.storage.project.migrations import VERSION
from desktop_app.storage.project.project import Project
project = Project.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_the_lock_of_a_killed_program_is_gone(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(ProjectError) as caught:
            Project.open(path)
        assert caught.value.kind is ProjectErrorKind.IN_USE
        holder.kill()
    project = Project.open(path)
    assert project.counts().conversations == 50
    project.close()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "edit",
    [
        lambda project: project.add([big()]),
        lambda project: project.replace(1, big()),
        lambda project: project.save_document("chat", "1", "x", "y" * 4_000_000),
        lambda project: project.import_conversations(
            iter([TALK] * 1500 + [big()]),
            source="x",
            test_share=0,
            progress=lambda n: None,
            stop=lambda: False,
        ),
    ],
)
def test_a_full_disk_loses_nothing(path: Path, edit: Callable[[Project], object]) -> None:
    project = Project.open(path)
    before = list(project.conversations()), project.undo_entry()
    pages = project._database.rows("PRAGMA page_count")[0][0]
    project._database.rows(f"PRAGMA max_page_count = {pages + 200}")
    with pytest.raises(ProjectError) as caught:
        edit(project)
    assert caught.value.kind is ProjectErrorKind.NO_SPACE
    assert (list(project.conversations()), project.undo_entry()) == before
    project._database.rows("PRAGMA max_page_count = 1000000")
    edit(project)
    project.close()


def big() -> Conversation:
    return Conversation((Message("user", "y" * 4_000_000), Message("assistant", "z")))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small tmpfs")
def test_a_really_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("may not mount")
    try:
        with closing(Project.create(disk / "p.exemplar")) as project:
            (one,) = project.add([TALK])
            fill = [Conversation((Message("user", "x" * 10_000),))]
            with pytest.raises(ProjectError) as caught:
                list(map(project.add, [fill] * 100))
            assert caught.value.kind is ProjectErrorKind.NO_SPACE
            kept = project.counts().conversations
            assert kept > 10
            assert len(list(project.conversations())) == kept
            assert project.conversation(one) == TALK
        with closing(Project.open(disk / "p.exemplar")) as project:
            assert project.counts().conversations == kept
        with pytest.raises(ProjectError) as caught:
            Project.create(disk / "second.exemplar")
        assert caught.value.kind is ProjectErrorKind.NO_SPACE
        assert not (disk / "second.exemplar").exists()
    finally:
        # Lazily: where something failed, a file may still be open.
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_project_belongs_to_its_thread(path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    project = Project.open(path)
    with ThreadPoolExecutor(1) as pool, pytest.raises(sqlite3.ProgrammingError):
        pool.submit(project.counts).result()
    project.close()


def test_a_writer_that_holds_on_too_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.storage.project.database.BUSY_TIMEOUT_S", 0.05)
    project = Project.open(path)
    other = Project.open(path, shared=True)
    with other._database.transaction(), pytest.raises(ProjectError) as caught:
        project.add([TALK])
    assert caught.value.kind is ProjectErrorKind.IN_USE
    project.add([TALK])
    other.close()
    project.close()


def test_a_project_is_replaced_with_all_that_was_beside_it(path: Path) -> None:
    before = Project.open(path)
    before.add([TALK])
    # As after a crash: the log of the old file is still there.
    for suffix in ("-wal", "-shm"):
        shutil.copy(path.with_name(path.name + suffix), path.parent / f"kept{suffix}")
    before.close()
    for suffix in ("-wal", "-shm"):
        (path.parent / f"kept{suffix}").rename(path.with_name(path.name + suffix))
    project = Project.create(path, replace=True)
    assert project.counts().conversations == 0
    project.close()
    assert list(path.parent.iterdir()) == [path]


def test_a_project_that_is_open_is_not_replaced(path: Path) -> None:
    with closing(Project.open(path)) as project:
        with pytest.raises(ProjectError) as caught:
            Project.create(path, replace=True)
        assert caught.value.kind is ProjectErrorKind.IN_USE
        project.add([TALK])
    with closing(Project.open(path)) as project:
        assert project.counts().conversations == 51


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps an open file where it is")
@pytest.mark.parametrize("comes_in_its_place", [False, True])
def test_nothing_is_written_to_a_file_that_is_no_longer_there(
    path: Path, *, comes_in_its_place: bool
) -> None:
    other = path.with_name("other.exemplar")
    shutil.copy(path, other)
    project = Project.open(path)
    path.unlink()
    if comes_in_its_place:
        other.rename(path)
    with pytest.raises(ProjectError) as caught:
        project.add([TALK])
    assert caught.value.kind is ProjectErrorKind.MISSING
    assert project.counts().conversations == 50
    project.close()


def test_a_folder_that_may_not_be_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(ProjectError) as caught:
        Project.open(tmp_path / "x.exemplar", shared=True)
    assert caught.value.kind is ProjectErrorKind.READ_ONLY
