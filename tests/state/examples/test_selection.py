from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.state.examples import selection
from desktop_app.state.examples.conversation_list import ENCODING
from desktop_app.state.examples.marking import Marks
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from tests.state.examples.finding_bench import FindingBench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[FindingBench]:
    with FindingBench(tmp_path) as bench:
        yield bench


def test_nothing_selected_has_no_summary(bench: FindingBench) -> None:
    assert bench.selection.summary is None


def test_one_conversation_is_itself(bench: FindingBench) -> None:
    [id] = bench.add("a")
    bench.marking.change([id], Marks(add=("shop",), rating=3))
    bench.project.project.store_counts(ENCODING, [(id, 1, 7)])
    bench.selection.set_ids([id])
    summary = bench.selection.summary
    assert summary is not None
    assert (summary.conversations, summary.rating, summary.tokens) == (1, 3, 7)
    assert summary.tags == (("shop", 1),)
    assert summary.split == Split.TRAINING
    assert summary.uncounted == 0


def test_what_differs_is_mixed(bench: FindingBench) -> None:
    ids = bench.add("a", "b", "c")
    bench.marking.change(ids[:1], Marks(add=("shop", "parcel"), rating=3, split=Split.TEST))
    bench.marking.change(ids[1:2], Marks(add=("parcel",)))
    bench.selection.set_ids(ids)
    summary = bench.selection.summary
    assert summary is not None
    assert summary.rating is None
    assert summary.split is None
    assert summary.source == ""
    assert summary.tags == (("parcel", 2), ("shop", 1))
    assert summary.uncounted == 3


def test_it_follows_edits_of_what_is_selected_only(bench: FindingBench) -> None:
    ids = bench.add("a", "b")
    bench.selection.set_ids(ids[:1])
    told: list[None] = []
    bench.selection.summary_changed.connect(lambda: told.append(None))
    bench.marking.change(ids[1:], Marks(rating=1))
    assert told == []
    bench.marking.change(ids[:1], Marks(rating=2))
    assert bench.selection.summary is not None
    assert bench.selection.summary.rating == 2


def test_many_are_read_on_a_worker(
    qtbot: QtBot, bench: FindingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "AT_ONCE", 2)
    monkeypatch.setattr(selection, "PAGE", 2)
    ids = bench.add(*"abcde")
    bench.selection.set_ids(ids[:1])
    bench.selection.set_ids(ids)
    assert bench.selection.summary is None
    assert bench.selection.is_reading
    qtbot.waitUntil(lambda: not bench.selection.is_reading)
    summary = bench.selection.summary
    assert summary is not None
    assert summary.conversations == 5
    bench.selection.set_ids(ids[:4])
    bench.selection.set_ids(ids[:1])
    assert bench.selection.summary is not None
    assert bench.selection.summary.conversations == 1


def test_what_cannot_be_read_is_waited_for_no_longer(
    qtbot: QtBot, bench: FindingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "AT_ONCE", 1)
    error = ProjectError(ProjectErrorKind.DAMAGED, bench.project.path)

    def refuse(*_arguments: object, **_options: object) -> None:
        raise error

    ids = bench.add("a", "b")
    with monkeypatch.context() as damaged, qtbot.captureExceptions() as raised:
        damaged.setattr(Project, "open", refuse)
        bench.selection.set_ids(ids)
        qtbot.waitUntil(lambda: not bench.selection.is_reading)
    assert [each[1] for each in raised] == [error]
    assert bench.selection.summary is None


def test_of_very_many_nothing_is_read(bench: FindingBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "AT_ONCE", 1)
    monkeypatch.setattr(selection, "MOST_READ", 2)
    bench.selection.set_ids(bench.add(*"abc"))
    assert bench.selection.summary is None
    assert not bench.selection.is_reading


def test_it_is_empty_without_a_project(bench: FindingBench) -> None:
    bench.selection.set_ids(bench.add("a"))
    bench.project.close()
    assert len(bench.selection.ids) == 0
    assert bench.selection.summary is None
