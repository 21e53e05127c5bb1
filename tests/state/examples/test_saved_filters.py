from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.state.examples.saved_filters import KIND, SavedFilters
from desktop_app.storage.project.rows import Filter, Sort, Split
from tests.state.examples.finding_bench import FindingBench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[FindingBench]:
    with FindingBench(tmp_path) as bench:
        yield bench


@pytest.fixture
def saved(bench: FindingBench) -> SavedFilters:
    return bench.conversations.saved_filters


def test_a_filter_is_kept_with_the_project(bench: FindingBench, saved: SavedFilters) -> None:
    where = Filter(
        text="parcel", split=Split.TEST, problems_only=True, tag="shop", longest=9, sort=Sort.BEST
    )
    saved.save("Parcels", where)
    path = bench.project.path
    bench.project.close()
    assert saved.names == []
    bench.project.open(path)
    assert saved.names == ["Parcels"]
    assert saved.get("Parcels") == where


def test_what_a_service_refuses_is_not_kept(saved: SavedFilters) -> None:
    saved.save("Problems", Filter(problems_only=True, refused_traits=3))
    assert saved.get("Problems") == Filter(problems_only=True)


def test_names_are_in_order_and_can_be_replaced_and_deleted(saved: SavedFilters) -> None:
    for name in ("beta", "Alpha", "gamma"):
        saved.save(name, Filter(tag=name))
    assert saved.names == ["Alpha", "beta", "gamma"]
    saved.save("beta", Filter(in_bin=True))
    saved.delete("gamma")
    assert saved.names == ["Alpha", "beta"]
    assert saved.get("beta") == Filter(in_bin=True)


def test_what_is_no_filter_is_left_out(bench: FindingBench, saved: SavedFilters) -> None:
    for number, body in enumerate(("{", "[]", '{"split": 7}', '{"text": 1}')):
        bench.project.project.save_document(KIND, str(number), "broken", body)
    saved.save("whole", Filter(text="a"))
    assert saved.names == ["whole"]
