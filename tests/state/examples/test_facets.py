from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.state.examples import facets
from desktop_app.state.examples.marking import Marks
from desktop_app.storage.project.rows import Facets
from tests.state.examples.finding_bench import FindingBench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[FindingBench]:
    with FindingBench(tmp_path) as bench:
        yield bench


def test_they_are_counted_when_the_project_is_opened_and_after_edits(
    qtbot: QtBot, bench: FindingBench
) -> None:
    found = bench.conversations.facets
    ids = bench.add("a", "b", "c")
    bench.marking.change(ids, Marks(add=("shop",)))
    bench.marking.change(ids[:1], Marks(add=("parcel",)))
    expected = (("shop", 3), ("parcel", 1))
    qtbot.waitUntil(lambda: found.facets.tags == expected, timeout=10_000)
    bench.project.close()
    assert found.facets == Facets()


def test_typing_is_waited_for(qtbot: QtBot, bench: FindingBench) -> None:
    found = bench.conversations.facets
    qtbot.waitUntil(lambda: found.is_current)
    told: list[None] = []
    found.arrived.connect(lambda: told.append(None))
    for text in "abc":
        bench.add(text)
    assert told == []
    assert facets.AFTER_MS > 400
    with qtbot.waitSignal(found.arrived):
        pass
    assert len(told) == 1
