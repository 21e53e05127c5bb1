import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.imported import Imported
from desktop_app.storage.project import bodies, importing
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Split

NORMAL, FULL = 1, 2


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


def bring_in(
    project: Project, found: Iterable[Conversation | Imported], test_share: float = 0.0
) -> int:
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
    assert reported[-1] == 2500
    assert reported == sorted(set(reported))
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
    assert len(reported) == 2
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


def die_in_an_import(path: Path, n: int) -> None:
    """Leave staged rows behind, as a program does that is killed."""
    worker = Project.open(path, shared=True)

    def dying() -> Iterator[Conversation]:
        yield from talks(n)
        worker._database.connection.close()

    with pytest.raises(Exception, match="closed"):
        bring_in(worker, dying())


def test_what_a_dead_import_left_is_not_seen(project: Project) -> None:
    die_in_an_import(project.path, 4500)
    project.close()
    again = Project.open(project.path)
    assert again._database.rows("SELECT count(*) > 1000 FROM body") == [(1,)]
    assert len(again.ids()) == 0
    assert again.undo_entry() is None
    again.close()


def test_the_next_import_sweeps_up_what_a_dead_one_left(project: Project) -> None:
    bring_in(project, talks(3000))
    project.save_version("what is in it is kept, undone or not")
    project.undo()
    die_in_an_import(project.path, 4500)
    project.close()
    again = Project.open(project.path)
    again.add(talks(1))
    again.save_version("the edits that follow sweep up only what came after it")
    assert bring_in(again, talks(10)) == 10
    assert again._database.rows("SELECT count(*) FROM body") == [(3000 + 1 + 10,)]
    again.close()


def test_what_an_undone_import_brought_can_be_redone_after_another_was_stopped(
    project: Project,
) -> None:
    bring_in(project, talks(20))
    project.undo()
    project.import_conversations(
        talks(5), source="", test_share=0, progress=lambda n: None, stop=lambda: True
    )
    project.redo()
    assert project.counts().conversations == 20


def test_a_source_that_is_slow_is_written_as_it_comes(project: Project, worker: Project) -> None:
    reported: list[int] = []

    def slow() -> Iterator[Conversation]:
        for conversation in talks(5):
            yield conversation
            until = time.monotonic() + 2 * importing.GATHERING_S
            while time.monotonic() < until:
                pass

    worker.import_conversations(
        slow(), source="", test_share=0, progress=reported.append, stop=lambda: False
    )
    assert reported == [2, 3, 4, 5]


def test_only_what_is_seen_waits_for_the_disk(project: Project, worker: Project) -> None:
    levels: list[object] = []

    def synchronous() -> object:
        return worker._database.rows("PRAGMA synchronous")[0][0]

    worker.import_conversations(
        talks(10),
        source="",
        test_share=0,
        progress=lambda n: levels.append(synchronous()),
        stop=lambda: False,
    )
    assert levels == [NORMAL]
    assert synchronous() == FULL
    statements: list[str] = []
    worker._database.connection.set_trace_callback(statements.append)
    bring_in(worker, talks(10))
    told = statements.index(
        next(sql for sql in statements if sql.startswith("UPDATE history SET undone = 0"))
    )
    assert statements.index("PRAGMA synchronous = FULL") < told
    assert statements.index("PRAGMA foreign_keys = ON") < told
    worker._database.connection.set_trace_callback(None)


def test_what_a_file_says_of_its_examples_is_kept(project: Project) -> None:
    one, two, three = talks(3)
    found: list[Conversation | Imported] = [
        Imported(one, 1, ("returns", "billing", "returns"), 4, "Good.", "test", accepted=("long",)),
        Imported(two, 7, rating=9, split="training", source="older.jsonl", source_row=3),
        three,
    ]
    bring_in(project, found, test_share=1.0)
    before = project.rows(project.ids(), "")
    assert [(row.tags, row.rating, row.split, row.source, row.source_row) for row in before] == [
        (("billing", "returns"), 4, Split.TEST, "talks.jsonl", 1),
        ((), 5, Split.TRAINING, "older.jsonl", 3),
        ((), 0, Split.TEST, "talks.jsonl", 0),
    ]
    first = before[0].id
    assert project.note(first) == "Good."
    assert project.accepted(first) == {"long"}
    project.undo()
    assert project.counts().conversations == 0
    assert project.facets().tags == ()
    project.redo()
    assert project.rows(project.ids(), "") == before
    assert project.note(first) == "Good."


def test_a_file_that_wants_no_test_gets_none(project: Project) -> None:
    bring_in(project, (Imported(talk, 1, split="training") for talk in talks(20)), test_share=0.5)
    assert project.counts().test == 0


def test_an_import_goes_behind_what_is_there_in_whatever_state(project: Project) -> None:
    ids = project.add(talks(4))
    project.delete(ids[2:])
    bring_in(project, talks(2))
    project.restore(ids[2:])
    assert [row.title for row in project.rows(project.ids(), "")] == [
        *("q0", "q1", "q2", "q3"),
        *("q0", "q1"),
    ]


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


def test_many_at_once_are_written_as_one_by_one_is(project: Project) -> None:
    mixed = [
        Conversation((Message("user", f"{words} {n}"), Message("assistant", "x" * n)))
        for n in range(2 * bodies.ROWS_AT_ONCE + 7)
        for words in ("parcel", "Päckchen", "荷物")
    ]
    for talk in mixed:
        project.add([talk])
    singly = project.ids()
    bring_in(project, mixed)
    together = project.ids()[len(mixed) :]
    assert [talk for _, talk in project.conversations()] == mixed * 2
    for column in ("title", "n_messages", "n_characters", "n_blocking", "traits", "tokens"):
        rows = (project.rows(ids, "") for ids in (singly, together))
        one, other = ([getattr(row, column) for row in found] for found in rows)
        assert one == other
    for words in ("PARCEL 1", "päck", "荷"):
        found = project.ids(Filter(text=words))
        assert len(found) == 2 * len([id_ for id_ in found if id_ in singly]) > 0


def test_an_empty_import_is_no_step(project: Project) -> None:
    assert bring_in(project, talks(0)) == 0
    assert project.undo_entry() is None


def test_near_duplicates_are_on_one_side_of_the_split(tmp_path: Path) -> None:
    text = "The parcel that was ordered in the first week of the month did not come until now. "
    alike = [
        Conversation((Message("user", f"{text * 3}Number {n}."), Message("assistant", text)))
        for n in range(30)
    ]
    project = Project.create(tmp_path / "one.exemplar")
    project.import_conversations(
        alike, source="", test_share=0.5, progress=lambda _: None, stop=lambda: False
    )
    assert project.counts().test in (0, 1, 30)
    project.close()


def test_what_a_file_places_itself_stays_there(tmp_path: Path) -> None:
    talk = Conversation((Message("user", "Is it oak? " * 9), Message("assistant", "Yes. " * 9)))
    items = [Imported(talk, n, split="test" if n < 12 else "training") for n in range(20)]
    project = Project.create(tmp_path / "one.exemplar")
    project.import_conversations(
        items, source="", test_share=0.2, progress=lambda _: None, stop=lambda: False
    )
    assert project.counts().test == 12
    project.close()
