from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import CL100K, O200K, TokenizerError
from desktop_app.state.cost.token_counting import Progress
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Uncounted
from tests.state.cost.cost_bench import CostBench, conversation, of_tokens


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[CostBench]:
    with CostBench(qtbot, tmp_path) as bench:
        yield bench


def test_counts_are_exact_in_both_encodings(bench: CostBench) -> None:
    bench.create([of_tokens(100, O200K), of_tokens(30, O200K)])
    bench.until_counted()
    result = bench.counting.result(O200K)
    assert result is not None
    assert (result.summary.tokens, result.summary.longest) == (130, 100)
    assert bench.counting.result(CL100K) is not None


def test_the_preferred_encoding_comes_first(bench: CostBench) -> None:
    order: list[str] = []
    bench.counting.counted.connect(order.append)
    bench.counting.prefer(CL100K)
    bench.create([conversation(3)])
    bench.counting.prefer(CL100K)
    bench.until_counted()
    assert order[-2:] == [CL100K, O200K]


def test_progress_is_told(bench: CostBench) -> None:
    seen: list[Progress] = []

    def note() -> None:
        if bench.counting.progress is not None:
            seen.append(bench.counting.progress)

    bench.counting.changed.connect(note)
    bench.create([conversation(20) for _ in range(3000)])
    bench.until_counted()
    assert seen
    assert all(each.total == 3000 for each in seen)
    assert [each.done for each in seen[:1]] == [0]


def test_only_what_has_changed_is_counted_again(
    bench: CostBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.create([conversation(n) for n in range(1, 51)])
    bench.until_counted()
    counted: list[int] = []
    uncounted = Project.uncounted

    def watched(self: Project, encoding: str, limit: int) -> list[Uncounted]:
        found = uncounted(self, encoding, limit)
        counted.extend(each.id for each in found)
        return found

    monkeypatch.setattr(Project, "uncounted", watched)
    id = bench.open_project.project.ids()[7]
    bench.open_project.replace(id, conversation(99))
    bench.until_counted()
    assert counted == [id, id]


def test_a_change_while_counting_begins_again(bench: CostBench) -> None:
    bench.create([conversation(20) for _ in range(2000)])
    bench.qtbot.waitUntil(lambda: bench.counting.progress is not None, timeout=10_000)
    bench.open_project.add([of_tokens(5000, O200K)])
    bench.until_counted()
    result = bench.counting.result(O200K)
    assert result is not None
    assert (result.summary.conversations, result.summary.longest) == (2001, 5000)


def test_results_for_a_project_that_was_closed_are_dropped(bench: CostBench) -> None:
    bench.create([conversation(20) for _ in range(2000)])
    bench.qtbot.waitUntil(lambda: bench.counting.progress is not None, timeout=10_000)
    bench.create([conversation(1)], "other")
    bench.until_counted()
    result = bench.counting.result(O200K)
    assert result is not None
    assert result.summary.conversations == 1
    bench.open_project.close()
    assert bench.counting.result(O200K) is None
    assert bench.counting.progress is None


def test_a_missing_vocabulary_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    with CostBench(qtbot, tmp_path, tokenizers=tmp_path) as bench:
        bench.create([conversation(3)])
        qtbot.waitUntil(lambda: bench.counting.error is not None, timeout=10_000)
        assert isinstance(bench.cost.counting_error, TokenizerError)
        assert bench.cost.estimate is None
