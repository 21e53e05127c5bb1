import sqlite3
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.migrations import MIGRATIONS, VERSION, bring_up_to_date
from desktop_app.storage.project.project import Project


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.exemplar"
    project = Project.create(path)
    project.add([Conversation((Message("user", "Hi"), Message("assistant", "Hello")))])
    project.close()
    return path


def add_notes(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")


def fill_notes(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO note (text) SELECT title FROM conversation")


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM conversation")
    raise RuntimeError("no further")


def upgrade(path: Path, *migrations: object) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        bring_up_to_date(connection, path, migrations)  # type: ignore[arg-type]  # any callables
    finally:
        connection.close()


def notes(path: Path) -> list[tuple[str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT text FROM note").fetchall()
    finally:
        connection.close()


def test_an_older_project_is_copied_first_and_then_migrated(path: Path) -> None:
    upgrade(path, add_notes, fill_notes)
    assert notes(path) == [("Hi",)]
    copy = path.with_name("shop (version 1).exemplar")
    assert sorted(path.parent.iterdir()) == [copy, path]
    old = Project.open(copy)
    assert old.counts().conversations == 1
    old.close()
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert caught.value.kind is ProjectErrorKind.NEWER
    upgrade(path, add_notes, fill_notes)
    assert sorted(path.parent.iterdir()) == [copy, path]


def test_a_migration_that_fails_leaves_the_old_project(path: Path) -> None:
    with pytest.raises(RuntimeError):
        upgrade(path, add_notes, fail)
    project = Project.open(path)
    assert project.counts().conversations == 1
    project.close()
    upgrade(path, add_notes, fill_notes)
    names = [p.name for p in path.parent.iterdir() if p != path]
    assert sorted(names) == ["shop (version 1).exemplar", "shop (version 1, 2).exemplar"]


def test_no_version_at_all_is_damage(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert caught.value.kind is ProjectErrorKind.DAMAGED


def test_the_version_counts_the_migrations() -> None:
    assert 1 + len(MIGRATIONS) == VERSION
