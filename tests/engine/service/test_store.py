"""The store: records, pages, transactions, whole files."""

import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from msgspec import Struct

from desktop_app.engine.memory import give_memory_back
from desktop_app.engine.store.database import Database, StoreError
from desktop_app.engine.store.durable import copy_durably, write_durably
from desktop_app.engine.store.facts import fact, set_fact
from desktop_app.engine.store.file_lock import LockedError, file_lock
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import (
    CHECKPOINTS,
    FILES,
    JOBS,
    PARTS,
    UPLOADS,
    CheckpointRecord,
    FileRecord,
    JobRecord,
    JobStatus,
    PartRecord,
    UploadRecord,
    UploadStatus,
)
from desktop_app.engine.store.table import Table, UnknownIdError
from desktop_app.engine.store.tidying import tidy


class Thing(Struct, frozen=True):
    """A record."""

    id: str
    metadata: dict[str, str] = {}


THINGS = Table("Thing", Thing)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "test.sqlite")


def test_pages(database: Database) -> None:
    with database.transaction() as connection:
        for number in range(5):
            THINGS.add(connection, Thing(f"t{number}"), owner="me")
        THINGS.add(connection, Thing("other"), owner="you")
    with database.reading() as connection:
        first = THINGS.page(connection, limit=2, owner="me")
        assert ([thing.id for thing in first.items], first.has_more) == (["t4", "t3"], True)
        rest = THINGS.page(connection, limit=9, owner="me", after="t3")
        assert ([thing.id for thing in rest.items], rest.has_more) == (["t2", "t1", "t0"], False)
        oldest = THINGS.page(connection, limit=2, owner="me", after="t1", newest_first=False)
        assert [thing.id for thing in oldest.items] == ["t2", "t3"]
        assert len(THINGS.all(connection)) == 6
        with pytest.raises(UnknownIdError):
            THINGS.page(connection, limit=2, after="t9")


def test_metadata_with_any_key(database: Database) -> None:
    odd = {"a.b": "1", 'q"]': "2", "'": "3", "": "4"}
    with database.transaction() as connection:
        THINGS.add(connection, Thing("odd", odd))
        THINGS.add(connection, Thing("plain", {"a": "1"}))
        for key, value in odd.items():
            page = THINGS.page(connection, limit=5, where={key: value})
            assert [thing.id for thing in page.items] == ["odd"]
        assert not THINGS.page(connection, limit=5, where={"a.b": "2"}).items
        THINGS.add(connection, Thing("bare"))
        assert [thing.id for thing in THINGS.page(connection, limit=5, where={}).items] == ["bare"]
        assert len(THINGS.page(connection, limit=5).items) == 3


def test_records_are_added_once(database: Database) -> None:
    with database.transaction() as connection:
        assert THINGS.add(connection, Thing("one"))
        assert not THINGS.add(connection, Thing("one", {"changed": "yes"}))
        assert THINGS.get(connection, "one").metadata == {}
        THINGS.delete(connection, "one")
        for missing in (THINGS.get, THINGS.delete):
            with pytest.raises(UnknownIdError):
                missing(connection, "one")


def test_a_failed_transaction_changes_nothing(database: Database) -> None:
    def add_and_fail() -> None:
        with database.transaction() as outer, database.transaction() as connection:
            THINGS.add(connection, Thing("one"))
            assert THINGS.get(outer, "one").id == "one"
            raise KeyError

    with pytest.raises(KeyError):
        add_and_fail()
    with database.reading() as connection:
        assert THINGS.all(connection) == []


def test_facts_outlive_the_connection(tmp_path: Path) -> None:
    first = Database(tmp_path / "a.sqlite")
    set_fact(first, "speed", "1")
    set_fact(first, "speed", "2")
    first.close()
    second = Database(tmp_path / "a.sqlite")
    assert (fact(second, "speed"), fact(second, "other")) == ("2", None)
    second.close()


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    Database(tmp_path / "a.sqlite").close()
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        Database(tmp_path / "a.sqlite")


def test_files_are_whole_or_absent(tmp_path: Path) -> None:
    write_durably(tmp_path / "a", b"one")
    write_durably(tmp_path / "a", b"two")
    copy_durably(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileNotFoundError):
        copy_durably(tmp_path / "missing", tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert (tmp_path / "b").read_bytes() == b"two"


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with file_lock(path), pytest.raises(LockedError), file_lock(path, wait=0.1):
        pass
    with file_lock(path):
        pass


def test_what_a_kill_left_behind_is_removed(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "store")
    folders.create()
    database = Database(folders.database)
    with database.transaction() as connection:
        FILES.add(connection, FileRecord("file-kept", "a.jsonl", "fine-tune", 1, 0))
        for upload, status in (
            ("upload_kept", UploadStatus.PENDING),
            ("upload_cancelled", UploadStatus.CANCELLED),
        ):
            record = UploadRecord(upload, "a", "fine-tune", 1, "", 0, 2**40, status)
            UPLOADS.add(connection, record)
        PARTS.add(connection, PartRecord("part_kept", "upload_kept", 1, 0), owner="upload_kept")
    for upload in ("upload_kept", "upload_cancelled", "upload_orphan"):
        (folders.uploads / upload).mkdir()
    for path in (
        folders.uploads / "upload_kept" / "part_kept",
        folders.uploads / "upload_kept" / "part_orphan",
        folders.uploads / "upload_cancelled" / "part_orphan",
        folders.files / "file-kept",
        folders.files / "file-orphan",
        folders.temporary / "upload",
        folders.models / "half.gguf.part",
        folders.models / "whole.gguf",
    ):
        path.write_bytes(b"x")
    (folders.jobs / "ftjob-orphan").mkdir()
    (folders.temporary / "folder").mkdir()
    tidy(database, folders)
    left = sorted(
        path.name
        for folder in (folders.files, folders.uploads, folders.temporary, folders.models)
        for path in (*folder.rglob("*"), *folders.jobs.iterdir())
    )
    assert left == ["file-kept", "part_kept", "upload_kept", "whole.gguf"]
    database.close()


def test_a_commit_that_fails_leaves_no_transaction_open(database: Database) -> None:
    with database.reading() as connection:
        connection.executescript(
            "PRAGMA foreign_keys=ON; CREATE TABLE parent (id INTEGER PRIMARY KEY);"
            "CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
        )
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute("INSERT INTO child VALUES (1)")
    with database.transaction() as connection:
        THINGS.add(connection, Thing("kept"))
    with database.reading() as connection:
        assert not connection.in_transaction
        assert connection.execute("SELECT count(*) FROM child").fetchone() == (0,)
        assert [thing.id for thing in THINGS.all(connection)] == ["kept"]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):  # noqa: PT011  # which one depends on the system
        write_durably(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_what_follows_a_commit_waits_for_it(database: Database) -> None:
    done: list[str] = []

    def fail() -> None:
        with database.transaction():
            database.after_commit(lambda: done.append("undone"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.transaction():
        with database.transaction():
            database.after_commit(lambda: done.append("inner"))
        assert done == []
    assert done == ["inner"]
    database.after_commit(lambda: done.append("outside"))
    assert done == ["inner", "outside"]


def test_a_model_that_was_deleted_leaves_no_folder(tmp_path: Path) -> None:
    """A kill between the row and the folder; what a job that goes on has made stays."""
    folders = Folders(tmp_path / "store")
    folders.create()
    database = Database(folders.database)
    with database.transaction() as connection:
        for name, status in (("over", JobStatus.SUCCEEDED), ("running", JobStatus.RUNNING)):
            JOBS.add(connection, JobRecord(name, 0, "base", "file-1", 0, status))
            kept = CheckpointRecord(f"c-{name}", 0, f"m-{name}", "base", name, 2, "adapter-2")
            CHECKPOINTS.add(connection, kept, owner=name)
            for step in (1, 2):
                (folders.jobs / name / f"adapter-{step}").mkdir(parents=True)
    tidy(database, folders)
    left = sorted(str(path.relative_to(folders.jobs)) for path in folders.jobs.glob("*/*"))
    assert left == ["over/adapter-2", "running/adapter-1", "running/adapter-2"]
    database.close()


def test_a_store_without_room_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.engine.store.database.LEAST_FREE_BYTES", 2**62)
    with pytest.raises(StoreError, match="the disk is full"):
        Database(tmp_path / "a.sqlite")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone keeps what was freed")
def test_memory_that_nobody_needs_goes_back() -> None:
    """Blocks too small to be given back one by one, freed between others that stay."""
    process = psutil.Process()
    blocks = [bytes(60_000) for _ in range(5_000)]
    kept = blocks[::100]
    before = process.memory_info().rss
    del blocks
    give_memory_back()
    assert process.memory_info().rss < before - 150_000_000
    assert len(kept) == 50


def test_a_gpus_memory_is_given_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    emptied = []
    for has_gpu in (False, True):
        cuda = SimpleNamespace(
            is_available=lambda has_gpu=has_gpu: has_gpu,
            empty_cache=lambda has_gpu=has_gpu: emptied.append(has_gpu),
        )
        monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
        give_memory_back()
    assert emptied == [True]
