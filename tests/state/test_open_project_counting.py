"""Of a large project the conversations are counted by a worker."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import Trait
from desktop_app.state import open_project
from desktop_app.state.open_project import NOTHING, OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Counts, Split
from tests.state.edits import delete, set_split

TALK = Conversation((Message("user", "hello"), Message("assistant", "good day")))
EMPTY_REPLY = Conversation((Message("user", "hello"), Message("assistant", "")))
TWICE = Conversation((Message("user", "hello"), *TALK.messages))

Count = Callable[[Project, int], Counts]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "one.exemplar"
    project = Project.create(path)
    project.add([TALK, TALK, EMPTY_REPLY, TWICE])
    project.close()
    return path


@pytest.fixture
def opened(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenProject]:
    monkeypatch.setattr(open_project, "COUNTED_AT_ONCE", 2)
    runner = TaskRunner()
    opened = OpenProject(runner=runner)
    yield opened
    opened.close()
    assert runner.shut_down()


class SlowCount:
    """In place of `Project.counts`: the first count waits to be let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._count: Count = Project.counts
        self._calls = 0
        self.may_go = Event()

        def counts(project: Project, refused_traits: int = 0) -> Counts:
            self._calls += 1
            is_first = self._calls == 1
            found = self._count(project, refused_traits)
            if is_first:
                assert self.may_go.wait(10)
            return found

        monkeypatch.setattr(Project, "counts", counts)


def test_a_few_are_counted_at_once(tmp_path: Path, opened: OpenProject) -> None:
    opened.create(tmp_path / "few.exemplar")
    opened.add([TALK, EMPTY_REPLY])
    assert (opened.counts.conversations, opened.counts.with_problems) == (2, 1)


def test_counts_of_many_arrive(qtbot: QtBot, path: Path, opened: OpenProject) -> None:
    with qtbot.waitSignal(opened.opened):
        opened.open(path)
    # Until then the list knows at least that it is not empty.
    assert opened.counts == Counts(4, 0, 0, 0)
    with qtbot.waitSignal(opened.counts_changed) as told:
        pass
    assert told.args == [opened.counts]
    assert opened.counts == Counts(4, 4, 0, 1)
    set_split(opened, list(opened.project.ids())[:1], Split.TEST)
    qtbot.waitUntil(lambda: opened.counts.test == 1)


def test_counts_of_before_an_edit_are_dropped(
    qtbot: QtBot, path: Path, opened: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowCount(monkeypatch)
    opened.open(path)
    told: list[Counts] = []
    opened.counts_changed.connect(told.append)
    delete(opened, [opened.project.ids()[2]])
    qtbot.waitUntil(lambda: opened.counts.binned == 1)
    slow.may_go.set()
    # The one that was slow has been heard and thrown away.
    assert opened._runner is not None
    runner = opened._runner
    qtbot.waitUntil(lambda: runner.running == 0)
    assert [(counts.conversations, counts.with_problems) for counts in told] == [(3, 0)]


def test_closing_while_it_is_counted(
    qtbot: QtBot, path: Path, opened: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowCount(monkeypatch)
    opened.open(path)
    opened.close()
    told: list[Counts] = []
    opened.counts_changed.connect(told.append)
    slow.may_go.set()
    assert opened._runner is not None
    runner = opened._runner
    qtbot.waitUntil(lambda: runner.running == 0)
    assert (told, opened.counts) == ([], NOTHING)


def test_what_the_service_refuses_is_counted_too(
    qtbot: QtBot, path: Path, opened: OpenProject
) -> None:
    opened.open(path)
    qtbot.waitUntil(lambda: opened.counts.with_problems == 1)
    opened.set_refused_traits(int(Trait.SAME_ROLE_TWICE))
    qtbot.waitUntil(lambda: opened.counts.with_problems == 2)


def test_typing_counts_only_what_is_typed(qtbot: QtBot, path: Path, opened: OpenProject) -> None:
    opened.open(path)
    qtbot.waitUntil(lambda: opened.counts.with_problems == 1)
    opened.replace(opened.project.ids()[2], TALK)
    # At once: no worker was asked.
    assert opened.counts.with_problems == 0
    opened.replace(opened.project.ids()[0], EMPTY_REPLY)
    assert opened.counts.with_problems == 1
