from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Split


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project.create(tmp_path / "p.exemplar")
    yield opened
    opened.close()


@pytest.fixture
def worker(project: Project) -> Iterator[Project]:
    opened = Project.open(project.path, shared=True)
    yield opened
    opened.close()


def talks(n: int) -> Iterator[Conversation]:
    for number in range(n):
        yield Conversation((Message("user", f"q{number}"), Message("assistant", "a")))


def bring_in(project: Project, found: Iterator[Conversation], test_share: float = 0.0) -> int:
    return project.import_conversations(
        found,
        source="talks.jsonl",
        test_share=test_share,
        progress=lambda n: None,
        stop=lambda: False,
    )


def test_an_import_is_one_step(project: Project, worker: Project) -> None:
    project.add(talks(2))
    reported: list[int] = []
    n = worker.import_conversations(
        talks(2500), source="x", test_share=0.2, progress=reported.append, stop=lambda: False
    )
    assert n == 2500
    assert reported == [1000, 2000, 2500]
    counts = project.counts()
    assert counts.conversations == 2502
    assert 400 < counts.test < 600
    entry = project.undo_entry()
    assert entry is not None
    assert (entry.label, entry.count) == ("import", 2500)
    assert [row.title for row in project.rows(project.ids()[:4], "")] == ["q0", "q1", "q0", "q1"]
    project.undo()
    assert len(project.ids()) == 2
    project.redo()
    assert project.counts() == counts


def test_the_window_writes_while_a_worker_imports(project: Project, worker: Project) -> None:
    def with_edits() -> Iterator[Conversation]:
        for number, conversation in enumerate(talks(3000)):
            if number % 500 == 250:
                assert len(project.ids()) == number // 500, "nothing of the import shows yet"
                project.add(talks(1))
            yield conversation

    assert bring_in(worker, with_edits()) == 3000
    assert project.counts().conversations == 3006
    project.undo()
    assert project.counts().conversations == 6
    project.redo()
    assert project.counts().conversations == 3006


def test_nothing_remains_of_an_import_that_is_stopped(project: Project, worker: Project) -> None:
    reported: list[int] = []
    n = worker.import_conversations(
        talks(10_000),
        source="x",
        test_share=0.5,
        progress=reported.append,
        stop=lambda: len(reported) == 2,
    )
    assert n == 0
    assert reported == [1000, 2000]
    assert_untouched(project)


def test_nothing_remains_of_an_import_that_fails(project: Project, worker: Project) -> None:
    def failing() -> Iterator[Conversation]:
        yield from talks(1500)
        raise OSError("the stick was pulled")

    with pytest.raises(OSError, match="pulled"):
        bring_in(worker, failing())
    assert_untouched(project)


def assert_untouched(project: Project) -> None:
    assert len(project.ids()) == 0
    assert project.undo_entry() is None
    rows = project._database.rows(
        "SELECT count(*) FROM conversation UNION ALL SELECT count(*) FROM body"
    )
    assert rows == [(0,), (0,)]


def test_what_a_dead_import_left_is_swept_up(project: Project, worker: Project) -> None:
    def dying() -> Iterator[Conversation]:
        yield from talks(1500)
        worker._database.connection.close()

    with pytest.raises(Exception, match="closed"):
        bring_in(worker, dying())
    project.close()
    again = Project.open(project.path)
    assert len(again.ids()) == 0
    for _ in range(10):
        again.add(talks(1))
    assert again._database.rows("SELECT count(*) FROM body") == [(10,)]
    again.close()


def test_ten_and_more_examples_have_a_test(project: Project) -> None:
    bring_in(project, talks(9), test_share=1e-9)
    assert project.counts().test == 0
    bring_in(project, talks(10), test_share=1e-9)
    assert project.counts().test == 1
    bring_in(project, talks(10), test_share=0.0)
    assert project.counts().test == 1


def test_equal_conversations_are_on_the_same_side(project: Project) -> None:
    bring_in(project, (c for c in [*talks(50), *talks(50)]), test_share=0.5)
    ids = project.ids()
    rows = project.rows(ids, "")
    assert [row.split for row in rows[:50]] == [row.split for row in rows[50:]]
    assert 0 < len(project.ids(Filter(split=Split.TEST))) < 100


def test_an_empty_import_is_no_step(project: Project) -> None:
    assert bring_in(project, talks(0)) == 0
    assert project.undo_entry() is None
