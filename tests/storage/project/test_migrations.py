import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.migrations import MIGRATIONS, VERSION, Migration, bring_up_to_date
from desktop_app.storage.project.project import Project


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.exemplar"
    project = Project.create(path)
    project.add([Conversation((Message("user", "Hi"), Message("assistant", "Hello")))])
    project.close()
    return path


def add_more(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY, text TEXT)")


def fill_more(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO more (text) SELECT title FROM conversation")


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM conversation")
    raise RuntimeError("no further")


def upgrade(path: Path, *migrations: Migration) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        bring_up_to_date(connection, path, [*MIGRATIONS, *migrations])
    finally:
        connection.close()


def more(path: Path) -> list[tuple[str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT text FROM more").fetchall()
    finally:
        connection.close()


def test_an_older_project_is_copied_first_and_then_migrated(path: Path) -> None:
    upgrade(path, add_more, fill_more)
    assert more(path) == [("Hi",)]
    copy = path.with_name(f"shop (version {VERSION}).exemplar")
    assert sorted(path.parent.iterdir()) == [copy, path]
    old = Project.open(copy)
    assert old.counts().conversations == 1
    old.close()
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert caught.value.kind is ProjectErrorKind.NEWER
    upgrade(path, add_more, fill_more)
    assert sorted(path.parent.iterdir()) == [copy, path]


def test_a_migration_that_fails_leaves_the_old_project(path: Path) -> None:
    with pytest.raises(RuntimeError):
        upgrade(path, add_more, fail)
    project = Project.open(path)
    assert project.counts().conversations == 1
    project.close()
    upgrade(path, add_more, fill_more)
    names = [p.name for p in path.parent.iterdir() if p != path]
    copies = f"shop (version {VERSION}).exemplar", f"shop (version {VERSION}, 2).exemplar"
    assert sorted(names) == sorted(copies)


def test_no_version_at_all_is_damage(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert caught.value.kind is ProjectErrorKind.DAMAGED


def test_the_version_counts_the_migrations() -> None:
    assert 1 + len(MIGRATIONS) == VERSION


class FullDisk(sqlite3.Connection):
    def backup(self, target: sqlite3.Connection, **_options: object) -> None:
        target.execute("CREATE TABLE half (id)")
        raise sqlite3.OperationalError("disk full")


def test_half_a_copy_is_no_copy(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None, factory=FullDisk)
    with closing(connection), pytest.raises(sqlite3.OperationalError, match="full"):
        bring_up_to_date(connection, path, [*MIGRATIONS, add_more])
    assert list(path.parent.iterdir()) == [path]
