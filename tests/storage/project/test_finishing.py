"""The last step of an import: part after part, and finished in any case."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project import finishing, importing, snapshot, versions
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.turns import Turn, turn_of

N = 30


@pytest.fixture(autouse=True)
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "AT_ONCE", 10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.exemplar"
    with closing(Project.create(path)) as project:
        project.add([talk(-1)])
        project.add([talk(-2)])
        project.undo()
    return path


def talk(n: int) -> Conversation:
    return Conversation((Message("user", f"parcel {n}"), Message("assistant", "Yes.")))


def bring_in(project: Project, n: int = N) -> int:
    return project.import_conversations(
        map(talk, range(n)),
        source="talks.jsonl",
        test_share=0.1,
        progress=lambda _: None,
        stop=lambda: False,
    )


def between_parts(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Do something before each part that becomes visible; it is told how many are."""
    show = finishing.show
    shown: list[tuple[int, int]] = []

    def acting(connection: sqlite3.Connection, run: tuple[int, int]) -> None:
        show(connection, run)
        shown.append(run)

    monkeypatch.setattr(finishing, "show", acting)
    refuse = importing._refuse_if_nearly_full

    def before(where: Path) -> None:
        refuse(where)
        act(len(shown))

    monkeypatch.setattr(importing, "_refuse_if_nearly_full", before)


def test_the_window_edits_between_the_parts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Project.open(path)) as project, closing(Project.open(path, shared=True)) as worker:
        seen: list[tuple[int, str]] = []

        def act(part: int) -> None:
            if part:
                entry = project.undo_entry()
                assert entry is not None
                seen.append((project.counts().conversations, entry.label))
                project.add([talk(-part)])

        between_parts(monkeypatch, act)
        assert bring_in(worker) == N
        assert seen == [(11, "add"), (22, "add")]
        labels = []
        while project.undo():
            labels.append(project.counts().conversations)
        assert labels == [32, 31, 1, 0]
        while project.redo():
            pass
        assert project.counts().conversations == 33


def test_a_step_that_is_undone_meanwhile_stays_undone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Project.open(path)) as project, closing(Project.open(path, shared=True)) as worker:

        def act(part: int) -> None:
            if part == 2:
                project.undo()

        between_parts(monkeypatch, act)
        bring_in(worker)
        assert project.redo_entry() is None
        entry = project.undo_entry()
        assert entry is not None
        assert (entry.label, entry.count) == ("import", N)
        assert project.counts().conversations == N


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_without_room_for_the_rest_nothing_remains(
    path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    with closing(Project.open(path)) as project, closing(Project.open(path, shared=True)) as worker:
        before = list(project.conversations()), project.undo_entry(), project.redo_entry()
        n_asked = 0

        def act(part: int) -> None:
            nonlocal n_asked
            n_asked += 1
            # The first time is that of the batch itself.
            if n_asked > 1 and part == failing:
                raise ProjectError(ProjectErrorKind.NO_SPACE, path)

        between_parts(monkeypatch, act)
        with pytest.raises(ProjectError):
            bring_in(worker)
        assert (list(project.conversations()), project.undo_entry()) == before[:2]
        assert project._database.rows("SELECT count(*) FROM body") == [(2,)]
        assert project._database.rows("SELECT count(*) FROM change") == [(2,)]


def test_what_was_edited_between_the_parts_outlives_a_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Project.open(path)) as project, closing(Project.open(path, shared=True)) as worker:

        def act(part: int) -> None:
            if part == 1:
                project.replace(project.ids()[3], talk(99))
            if part == 2:
                raise ProjectError(ProjectErrorKind.NO_SPACE, path)

        between_parts(monkeypatch, act)
        with pytest.raises(ProjectError):
            bring_in(worker)
        assert [c.messages[0].text for _, c in project.conversations()] == [
            "parcel -1",
            "parcel 99",
        ]
        project.undo()
        assert project.counts().conversations == 2


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", str(folder)]
    may_mount = sys.platform == "linux" and shutil.which("mount") is not None
    if not may_mount or subprocess.run(mount, check=False, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("needs a small disk, and this user may not mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def die_with_staged_rows(path: Path) -> None:
    with closing(Project.open(path, shared=True)) as project:

        def dying() -> Iterator[Conversation]:
            yield from map(talk, range(3000))
            project._database.connection.close()

        with pytest.raises(Exception, match="closed"):
            project.import_conversations(
                dying(), source="", test_share=0, progress=lambda _: None, stop=lambda: False
            )


def test_a_full_disk_can_be_opened_with_a_dead_import(small_disk: Path) -> None:
    path = small_disk / "p.exemplar"
    with closing(Project.create(path)) as project:
        project.add([talk(0)])
    die_with_staged_rows(path)
    # What SQLite needs to open a file at all, and no room for a page of the log.
    room = 40 << 10
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - room))
    staged = "SELECT count(*) FROM conversation WHERE state = 3"
    with closing(Project.open(path)) as project:
        assert project.counts().conversations == 1
        assert project._database.rows(staged) > [(0,)], "there was no room to sweep them up"
    filler.unlink()
    with closing(Project.open(path)) as project:
        assert project._database.rows(staged) == [(0,)]


def test_whoever_waits_is_next(path: Path) -> None:
    turn = Turn()
    assert turn.take(1)
    served = threading.Event()

    def wait() -> None:
        assert turn.take(30)
        served.set()
        turn.give_up()

    other = threading.Thread(target=wait)
    other.start()
    while not turn._next.locked():
        pass
    turn.give_up()
    # However fast it comes back, the other was first.
    assert turn.take(30)
    assert served.is_set()
    turn.give_up()
    other.join()


def test_nobody_waits_for_ever(path: Path) -> None:
    turn = Turn()
    assert turn.take(0.01)
    assert not turn.take(0.01)
    turn.give_up()
    assert turn.take(0.01)
    turn.give_up()


def test_all_connections_to_a_file_take_turns(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    (tmp_path / "link").hardlink_to(path)
    assert turn_of(path.stat()) is not turn_of((tmp_path / "other").stat())
    with closing(Project.open(path)) as one, closing(Project.open(path, shared=True)) as two:
        assert one._database._turn is two._database._turn is turn_of((tmp_path / "link").stat())


def test_others_write_while_it_is_read_for_a_version(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Project.open(path)) as project, closing(Project.open(path, shared=True)) as other:
        read, n_read = snapshot.taken, 0

        def reading(connection: sqlite3.Connection) -> snapshot.Snapshot:
            nonlocal n_read
            n_read += 1
            found = read(connection)
            if n_read == 1:
                other.add([talk(7)])
            return found

        monkeypatch.setattr(versions, "taken", reading)
        version = project.save_version("first")
        assert (version.conversations, n_read) == (2, 2), "what was written meanwhile is in it"
        other.delete(project.ids())
        n_read = 0
        project.restore_version(version.id)
        assert n_read == 2
        assert project.counts().binned == 1, "what was written meanwhile went into the bin"
        monkeypatch.setattr(versions, "taken", read)
        assert project.compare(version.id, None) == []


def fail() -> int:
    raise KeyError


def test_a_transaction_that_fails_gives_up_its_turn(path: Path) -> None:
    with closing(Project.open(path)) as project:
        database: Database = project._database
        with pytest.raises(KeyError), database.transaction():
            raise KeyError
        with pytest.raises(KeyError), database.transaction_after(fail):
            raise AssertionError
        project.add([talk(1)])
