"""What a damaged or hostile file may hold in its tables: told as damage, or harmless."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Review, Sort

NO_TEXT = "CAST(x'ff' AS TEXT)"
LARGEST = (1 << 63) - 1


def talk(text: str) -> Conversation:
    return Conversation((Message("user", text), Message("assistant", "Yes")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.exemplar"
    with closing(Project.create(path)) as project:
        ids = project.add([talk("one"), talk("zwölf"), talk("three")], source="shop.csv")
        project.set_tag(ids, "delivery", on=True)
        project.set_note(1, "ask")
        project.store_reviews(
            Review(each.id, each.revision, ("short",), "en", 1, 2, 3)
            for each in project.unreviewed(9)
        )
        project.accept([1], "short")
        project.set_instructions(SharedInstructions(by_tag={"delivery": "Be quick."}))
        project.set_rating(ids, 3)
    return path


def damage(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def read_all(project: Project) -> None:
    for sort in Sort:
        ids = project.ids(Filter(sort=sort))
        project.rows(ids, "e")
    for id_ in project.ids():
        project.note(id_)
        project.accepted(id_)
        project.advice(id_)
        project.history_of(id_)
    project.counts()
    project.facets()
    project.uncounted("e", 9)
    project.unreviewed(9)
    list(project.as_trained())
    list(project.ids(Filter(text="e", tag="delivery")))


@pytest.mark.parametrize(
    "script",
    [
        "DROP TABLE tag",
        "DROP INDEX conversation_tag_by_tag",
        "CREATE INDEX more ON folded (text)",
        "ALTER TABLE note ADD COLUMN more TEXT",
        "CREATE TABLE conversation_1 (id INTEGER)",
    ],
)
def test_other_tables_are_refused(path: Path, script: str) -> None:
    damage(path, script)
    with pytest.raises(ProjectError) as caught:
        Project.open(path)
    assert caught.value.kind is ProjectErrorKind.DAMAGED


@pytest.mark.parametrize(
    "script",
    [
        f"UPDATE tag SET name = {NO_TEXT}",
        f"UPDATE note SET text = {NO_TEXT}",
        f"UPDATE source SET name = {NO_TEXT}",
        f"UPDATE review SET language = {NO_TEXT}",
        f"UPDATE advice SET code = {NO_TEXT} WHERE id = 2",
        f"UPDATE accepted SET code = {NO_TEXT}",
        f"UPDATE conversation SET title = {NO_TEXT}",
        f"UPDATE body SET line = {NO_TEXT}",
        f"UPDATE setting SET value = {NO_TEXT}",
        "UPDATE setting SET value = '[]'",
        'UPDATE setting SET value = \'{"by_tag": {"delivery": 5}}\'',
        "UPDATE body SET line = '{\"messages\": 5}'",
        "UPDATE conversation SET id = -5 WHERE id = 3",
    ],
)
def test_what_cannot_be_read_is_told_as_damage(path: Path, script: str) -> None:
    damage(path, f"PRAGMA foreign_keys = OFF; {script}")
    with closing(Project.open(path)) as project:
        with pytest.raises(ProjectError) as caught:
            read_all(project)
        assert caught.value.kind is ProjectErrorKind.DAMAGED
        assert "\ufffd" not in str(caught.value)


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE conversation SET rating = 99, traits = -1, n_advice = -7, n_characters = -1",
        "UPDATE conversation SET split = 7, source = 99, source_row = -1, revision = -1",
        f"UPDATE conversation SET position = {LARGEST}, edited_at = 9e999",
        "UPDATE conversation SET state = 77 WHERE id = 2",
        "DELETE FROM folded",
        "INSERT INTO advice VALUES (1, '', 9), (99, 'x', 0)",
        "DELETE FROM tag",
        "UPDATE review SET question = 0, language = ''",
    ],
)
def test_what_makes_no_sense_does_no_harm(path: Path, script: str) -> None:
    damage(path, f"PRAGMA foreign_keys = OFF; {script}")
    with closing(Project.open(path)) as project:
        read_all(project)
        assert all(0 <= row.rating <= 5 for row in project.rows(project.ids(), ""))
        project.replace(1, talk("eins"))
        project.accept(project.ids(), "short")
        read_all(project)


@pytest.mark.parametrize(
    ("field", "before"),
    [
        ("rating", 6),
        ("rating", -1),
        ("rating", "'3'"),
        ("state", 77),
        ("split", 2),
        ("split", "x'00'"),
        ("tag", 1),
        ("note", 1),
        ("accepted", 1.5),
        ("instructions", "'no instructions'"),
        ("instructions", 0),
        ("body", 0),
        ("title", "'x'"),
    ],
)
def test_a_step_of_values_that_are_not_ours_changes_nothing(
    path: Path, field: str, before: object
) -> None:
    damage(path, f"UPDATE change SET field = '{field}', before = {before}")
    with closing(Project.open(path)) as project:
        rows = project.rows(project.ids(), "")
        with pytest.raises(ProjectError) as caught:
            project.undo()
        assert caught.value.kind is ProjectErrorKind.DAMAGED
        assert project.rows(project.ids(), "") == rows


@pytest.mark.parametrize(
    ("script", "edit"),
    [
        (
            f"UPDATE conversation SET position = {LARGEST}",
            lambda project: project.add([talk("new")]),
        ),
        (
            f"UPDATE sqlite_sequence SET seq = {LARGEST} WHERE name = 'conversation'",
            lambda project: project.add([talk("new")]),
        ),
    ],
)
def test_numbers_without_room_behind_them(
    path: Path, script: str, edit: Callable[[Project], object]
) -> None:
    damage(path, script)
    with closing(Project.open(path)) as project:
        with pytest.raises(ProjectError) as caught:
            edit(project)
        assert caught.value.kind is ProjectErrorKind.DAMAGED
        assert project.counts().conversations == 3


def test_a_step_over_ids_that_are_not_there_is_harmless(path: Path) -> None:
    damage(path, f"UPDATE change SET first_id = -5, last_id = {LARGEST}")
    with closing(Project.open(path)) as project:
        while project.undo():
            read_all(project)
