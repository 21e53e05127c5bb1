from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Self

import pytest
from pytestqt.qtbot import QtBot
from typing_extensions import override

from desktop_app.background.helper_process import HelperGoneError, HelperProcesses
from desktop_app.core.examples.advice.review_lines import Stored
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.state.examples import set_advice, set_review
from desktop_app.state.examples.set_advice import TextFacts
from desktop_app.state.examples.texts_seen import TextsSeen
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from desktop_app.storage.project.set_facts import SetFacts
from tests.state.edits import delete, set_split
from tests.state.examples.set_checks_bench import LONG, Bench, different, talk


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts were read for what only all together show, each time."""
    numbers: list[int] = []
    lines = SetFacts.lines

    def watched(self: SetFacts, ids: Sequence[int]) -> list[Stored]:
        numbers.append(len(ids))
        return lines(self, ids)

    monkeypatch.setattr(SetFacts, "lines", watched)
    return numbers


def test_texts_are_read_again_only_where_they_changed(bench: Bench, looked_at: list[int]) -> None:
    bench.create([talk(LONG), talk(LONG.replace("Monday", "Tuesday")), *different(10)])
    bench.until_checked()
    ids = list(bench.open_project.project.ids())
    set_split(bench.open_project, ids[:3], Split.TEST)
    bench.until_checked()
    assert looked_at == [12]
    delete(bench.open_project, ids[:1])
    bench.until_checked()
    assert looked_at == [12]
    assert bench.ids_with("near_duplicate") == []
    bench.open_project.replace(ids[5], talk(LONG))
    bench.until_checked()
    assert looked_at == [12, 1]
    assert bench.ids_with("near_duplicate") == [ids[1], ids[5]]


def test_groups_that_are_named_are_counted_as_texts_change(bench: Bench) -> None:
    def named() -> SetFinding | None:
        return bench.finding("named_genders")

    bench.create([talk(f"She wants {n} mugs and a lamp for the table.") for n in range(12)])
    bench.until_checked()
    assert named() == SetFinding("named_genders", "advice", 12, "women 100 %, men 0 %")
    ids = list(bench.open_project.project.ids())
    bench.open_project.replace(ids[0], talk("He wants a mug and a lamp for the table."))
    bench.until_checked()
    assert named() == SetFinding("named_genders", "advice", 12, "women 92 %, men 8 %")
    path = bench.open_project.path
    bench.open_project.close()
    assert named() is None
    bench.open_project.open(path)
    bench.until_checked()
    assert named() == SetFinding("named_genders", "advice", 12, "women 92 %, men 8 %")
    delete(bench.open_project, ids[3:])
    bench.until_checked()
    assert named() is None


def test_what_needs_no_near_duplicates_is_told_before_they_are_known(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()
    read = set_advice.read_texts

    def held_up(
        project: Project, facts: SetFacts, seen: TextsSeen, stop: Callable[[], bool]
    ) -> TextFacts | None:
        go_on.wait(10)
        return read(project, facts, seen, stop)

    monkeypatch.setattr(set_advice, "read_texts", held_up)
    bench.create([talk(LONG), talk(LONG), talk(LONG.replace("Monday", "Tuesday")), *different(3)])
    bench.qtbot.waitUntil(lambda: bench.finding("duplicate") is not None, timeout=10_000)
    assert bench.finding("near_duplicate") is None
    assert not bench.checks.is_current
    go_on.set()
    bench.until_checked()
    assert bench.finding("near_duplicate") is not None


def found_in(bench: Bench) -> tuple[object, ...]:
    """Everything that looking through the set wrote."""
    project = bench.open_project.project
    return project.facets(), [project.advice(id_) for id_ in project.ids()], bench.checks.findings


def test_helpers_find_what_is_found_without_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        *(
            talk(f"She asked {n} of {n * n} about a mug", f"Mail a{n}@b.example")
            for n in range(400)
        ),
        *(talk(LONG, f"It is lost, number {n} ") for n in range(50)),
    ]
    bench.create(texts)
    bench.until_checked()
    expected = found_in(bench)
    bench.open_project.close()
    for module in (set_review, set_advice):
        monkeypatch.setattr(module, "MANY", 100)
    with monkeypatch.context() as patched:
        # Nothing is done on this side while the helpers do all of it.
        patched.delattr(set_review, "review")
        bench.create(texts, "second")
        bench.until_checked()
        assert found_in(bench) == expected


def test_without_helpers_it_is_done_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_review, "MANY", 3)
    monkeypatch.setattr(set_advice, "MANY", 3)
    for module in (set_review, set_advice):
        monkeypatch.setattr(module, "HelperProcesses", NoHelpers)
    bench.create([talk(LONG), talk(LONG), *different(500)])
    bench.until_checked()
    assert len(bench.ids_with("duplicate")) == 1
    assert bench.checks.error is None
    assert bench.open_project.project.unreviewed(1) == []


class NoHelpers(HelperProcesses[object, list[object]]):
    """Helpers of which the first answer is the last."""

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def answers(
        self, batches: Iterable[object], should_stop: Callable[[], bool]
    ) -> Iterator[tuple[object, list[object]]]:
        assert not should_stop()
        batch = next(iter(batches))
        yield batch, self._work(batch)
        raise HelperGoneError
