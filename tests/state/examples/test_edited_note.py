from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from tests.state.examples.finding_bench import FindingBench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[FindingBench]:
    with FindingBench(tmp_path) as bench:
        yield bench


def test_a_note_is_written_after_a_pause(qtbot: QtBot, bench: FindingBench) -> None:
    [id] = bench.add("a")
    bench.note.show(id)
    bench.note.set_text("ask the shop")
    assert bench.project.project.note(id) == ""
    qtbot.waitUntil(lambda: bench.project.project.note(id) == "ask the shop")


def test_typing_on_is_one_step_of_undo(bench: FindingBench) -> None:
    [id] = bench.add("a")
    bench.note.show(id)
    for text in ("a", "as", "ask"):
        bench.note.set_text(text)
        assert bench.note.write()
    bench.project.undo()
    assert bench.note.text == ""
    bench.project.redo()
    assert bench.note.text == "ask"


def test_going_elsewhere_writes(bench: FindingBench) -> None:
    first, second = bench.add("a", "b")
    bench.note.show(first)
    bench.note.set_text("one")
    bench.note.show(second)
    assert bench.note.text == ""
    bench.note.set_text("two")
    path = bench.project.path
    bench.project.close()
    assert bench.note.id is None
    bench.project.open(path)
    assert [bench.project.project.note(id) for id in (first, second)] == ["one", "two"]


def test_what_cannot_be_written_stays_and_is_tried_again(
    bench: FindingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = bench.add("a", "b")
    failures: list[ProjectError] = []
    bench.note.failed.connect(failures.append)

    def refuse(id: int, text: str) -> None:
        raise ProjectError(ProjectErrorKind.NO_SPACE, bench.project.path)

    with monkeypatch.context() as full:
        full.setattr(bench.project.project, "set_note", refuse)
        bench.note.show(first)
        bench.note.set_text("one")
        assert not bench.note.write()
        bench.note.show(second)
        bench.note.show(first)
        assert bench.note.text == "one"
    assert len(failures) == 1
    assert bench.note.write()
    assert bench.project.project.note(first) == "one"


def test_a_note_that_cannot_be_read_is_not_taken_for_the_one_before(
    bench: FindingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = bench.add("a", "b")
    bench.note.show(first)
    bench.note.set_text("ask the shop")

    def refuse(id: int) -> None:
        raise ProjectError(ProjectErrorKind.DAMAGED, bench.project.path)

    with monkeypatch.context() as damaged:
        damaged.setattr(bench.project.project, "note", refuse)
        with pytest.raises(ProjectError):
            bench.note.show(second)
        assert (bench.note.id, bench.note.text) == (None, "")
        bench.note.set_text("nobody's")
    assert bench.note.write()
    assert [bench.project.project.note(id) for id in (first, second)] == ["ask the shop", ""]


def test_without_a_conversation_nothing_is_taken(bench: FindingBench) -> None:
    bench.note.set_text("lost")
    assert bench.note.text == ""
    assert bench.note.write()
