"""What the engine needs on the disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.provider.connections.engine_models import AdapterUse, JobUse
from desktop_app.storage.settings import THIS_COMPUTER
from tests.provider.scripted_service import error
from tests.state.models.models_bench import ModelsBench


def job(id: str, *finals: bool) -> dict[str, Any]:
    adapters = [{"model": f"{n}", "bytes": 10, "is_final": final} for n, final in enumerate(finals)]
    return {"id": id, "bytes": 10 * len(finals), "adapters": adapters}


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[ModelsBench]:
    with ModelsBench(qtbot, tmp_path) as bench:
        yield bench
        bench.until_idle()
        bench.stop(bench.model_engine)


def test_the_model_of_a_job_is_spared_and_without_one_the_last_state() -> None:
    kept = tuple(AdapterUse(str(n), 10, is_final=n == 1) for n in range(3))
    assert JobUse("j", adapters=kept).to_free == 20
    assert JobUse("j", adapters=kept[:1]).to_free == 0
    assert JobUse("j", adapters=(kept[0], kept[2])).to_free == 10
    assert JobUse("j").to_free == 0


def test_checkpoints_of_jobs_that_are_over_go(bench: ModelsBench) -> None:
    disk = bench.connections.engines.disk(THIS_COMPUTER)
    bench.model_engine.storage["jobs"] = [
        job("over", False, False, True),
        job("running", False, False),
        job("lean", True),
    ]
    disk.look()
    bench.until(lambda: disk.storage is not None)
    assert (disk.to_free, disk.freed) == (30, None)
    disk.prune()
    bench.until(lambda: disk.freed is not None)
    assert (disk.freed, disk.problem) == (20, "")
    asked = [each.path for each in bench.model_engine.requests if each.method == "DELETE"]
    assert asked == [
        "/engine/storage/jobs/over/checkpoints",
        "/engine/storage/jobs/running/checkpoints",
    ]


def test_what_goes_wrong_is_said(bench: ModelsBench) -> None:
    disk = bench.connections.engines.disk(THIS_COMPUTER)
    bench.model_engine.on("GET /engine/storage", error(500, "The disk cannot be read."))
    disk.look()
    bench.until(lambda: disk.problem == "The disk cannot be read.")
    assert disk.to_free == 0
