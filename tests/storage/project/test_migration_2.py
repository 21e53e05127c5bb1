"""A project of version 1, as the program of that version wrote it, opened by this one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import traits_of
from desktop_app.storage.project import migration_2
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Counts, Filter, Sort, Split

WRITTEN = Path(__file__).parent / "version_1.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.exemplar"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(WRITTEN.read_text())
    return path


@pytest.fixture
def project(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(migration_2, "BATCH", 2)
    opened = Project.open(path)
    yield opened
    opened.close()


def talk(question: str, reply: str = "It is on its way.") -> Conversation:
    return Conversation((Message("user", question), Message("assistant", reply)))


def test_a_copy_is_kept_and_nothing_is_lost(project: Project) -> None:
    copy = project.path.with_name("shop (version 1).exemplar")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        lines = connection.execute("SELECT * FROM body").fetchall()
    assert project._database.rows("SELECT * FROM body") == lines
    assert list(project.ids()) == [1, 2, 4, 5, 6, 7, 8]
    assert list(project.ids(Filter(in_bin=True))) == [3]
    assert project.counts() == Counts(7, 6, 1, 0, 0, 1)
    assert list(project.token_counts("o200k_base", None)) == [7] * 7
    assert project.setting("model") == "gpt-4.1-mini"
    assert [each.title for each in project.documents("chat")] == ["A chat"]
    assert project._database.rows("PRAGMA foreign_key_check") == []
    assert project._database.rows("PRAGMA integrity_check") == [("ok",)]
    assert project._database.rows("PRAGMA foreign_keys") == [(1,)]


def test_what_is_new_is_found_out(project: Project) -> None:
    rows = {row.id: row for row in project.rows(range(1, 9), "o200k_base")}
    assert rows[1].n_characters == len("Where is my second parcel?It is on its way.")
    for id_, row in rows.items():
        assert row.traits == traits_of(project.conversation(id_)) > 0
    assert [rows[id_].source for id_ in (1, 3, 4, 8)] == ["pasted"] * 2 + ["shop.jsonl"] * 2
    assert (rows[2].split, rows[3].n_blocking, rows[2].tokens) == (Split.TEST, 1, 7)
    assert list(project.ids(Filter(sort=Sort.EDITED)))[:3] == [4, 1, 5]
    for text, found in (("発送", [2]), ("PARCEL", [1, 4]), ("berlin", [4]), ("grösse", [])):
        assert list(project.ids(Filter(text=text))) == found
    assert list(project.ids(Filter(text="GRÖSSE", in_bin=True))) == [3]


def test_its_history_goes_on(project: Project) -> None:
    assert project.redo() is not None
    assert project.conversation(9) == talk("Gone")
    labels = []
    while entry := project.undo_entry():
        labels.append(entry.label)
        project.undo()
    assert labels == ["add", "edit", "delete", "split", "edit", "import", "add"]
    assert len(project.ids()) == 0
    while project.redo():
        pass
    assert project.counts() == Counts(8, 7, 1, 0, 0, 1)
    assert [past.conversation for past in project.history_of(1)] == [
        talk("Where is my second parcel?"),
        talk("Where is my parcel?"),
    ]
    (new,) = project.add([talk("New")])
    assert new == 10, "an id must not come back as another conversation"


def test_a_line_that_is_damaged_is_kept_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE body SET line = 'no line' WHERE id = 5")
        connection.commit()
    with closing(Project.open(path)) as project:
        assert project._database.rows("SELECT line FROM body WHERE id = 5") == [("no line",)]
        assert list(project.ids(Filter(text="question 2"))) == [6]
