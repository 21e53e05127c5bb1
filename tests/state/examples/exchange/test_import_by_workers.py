"""An import by several processes brings what an import by one does, and leaves none behind."""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path

import pytest

from desktop_app.background.helper_process import Helper, HelperGoneError
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.mojibake import has_mojibake
from desktop_app.state.examples.exchange import import_workers, importing
from desktop_app.state.examples.exchange.import_workers import ImportWorkers
from desktop_app.state.examples.exchange.importing import (
    KEPT_REJECTIONS,
    Answer,
    ImportPlan,
    ImportProgress,
    ImportReport,
    Mending,
    importer,
)
from desktop_app.state.examples.exchange.looking import HEAD
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.storage.project import preparing
from desktop_app.storage.project.project import Project

INPUTS = Path(__file__).parents[5] / "shared/reference/inputs"
ALONE, BY_WORKERS = 1 << 40, 1


def chat(words: str, **more: object) -> str:
    talk = [{"role": "user", "content": words}, {"role": "assistant", "content": "Yes."}]
    return json.dumps({"messages": talk, **more}, ensure_ascii=False)


def mixed(n: int) -> str:
    lines = [chat(f"Wo ist Paket {number}? Ã¼ber") for number in range(n)]
    lines[::7] = [line[:-1] + ",}" for line in lines[::7]]
    lines[::11] = ["no JSON"] * len(lines[::11])
    lines[5] = chat("kept", exemplar={"version": 1, "tags": ["returns"], "rating": 4, "notes": "!"})
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PIECE", 4096)
    monkeypatch.setattr(import_workers, "WORKERS", 2)
    enter = ImportWorkers.__enter__

    def enter_and_wait(workers: ImportWorkers) -> ImportWorkers:
        """So short a file would be read before they are ready."""
        enter(workers)
        assert all(worker.is_ready(60) for worker in workers._workers)
        return workers

    monkeypatch.setattr(ImportWorkers, "__enter__", enter_and_wait)


def bring_in(
    tmp_path: Path,
    data: bytes,
    mending: Mending,
    *,
    repair: bool = False,
    tell: Callable[[object], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[ImportReport, tuple[object, ...]]:
    """Import into a new project; return the report, and all that is in the project."""
    path = tmp_path / "p.exemplar"
    Project.create(path, replace=True).close()
    file = tmp_path / "x.jsonl"
    file.write_bytes(data)
    reading = Reading(detect(data[:HEAD], file.name), repair_mojibake=repair)
    answer = Answer()
    answer.give(mending)
    work = importer(path, ImportPlan(Source.of_file(file), reading, 0.2), answer)
    try:
        report = work(tell, stop)
    finally:
        assert active_children() == []
    assert isinstance(report, ImportReport)
    with closing(Project.open(path)) as project:
        ids = project.ids()
        texts = list(project.conversations())
        notes = [project.note(id_) for id_ in ids]
        return report, (texts, project.rows(ids, ""), notes, project.facets())


@pytest.mark.parametrize(
    ("encoding", "repair", "everything"),
    [("utf-8", False, True), ("utf-8-sig", True, False), ("utf-16", True, True)],
)
def test_both_ways_bring_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    *,
    repair: bool,
    everything: bool,
) -> None:
    data = mixed(8 * KEPT_REJECTIONS if everything else 500).encode(encoding)
    mending = Mending(everything=everything, places=frozenset({1, 3}))
    found = []
    for large in (ALONE, BY_WORKERS):
        monkeypatch.setattr(importing, "LARGE", large)
        found.append(bring_in(tmp_path, data, mending, repair=repair))
    (report, contents), (other, others) = found
    assert contents == others
    assert report == other
    assert report.mended > (KEPT_REJECTIONS if everything else 0)
    assert report.left_out > 0
    assert has_mojibake(str(contents)) is not repair


@pytest.mark.skipif(not INPUTS.is_dir(), reason="the files of others are not here")
def test_both_ways_read_the_files_of_others_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_workers, "WORKERS", 1)
    n_by_workers = 0
    for file in sorted(INPUTS.rglob("*.jsonl")):
        data = file.read_bytes()
        if not data or not preparing.may_be_cut(detect(data[:HEAD], file.name)):
            continue
        n_by_workers += 1
        found = []
        for large in (ALONE, BY_WORKERS):
            monkeypatch.setattr(importing, "LARGE", large)
            found.append(bring_in(tmp_path, data, Mending(everything=True)))
        assert found[0] == found[1], file.name
    assert n_by_workers > 3


def test_progress_is_told_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LARGE", BY_WORKERS)
    told: list[ImportProgress] = []

    def tell(said: object) -> None:
        if isinstance(said, ImportProgress):
            told.append(said)

    data = "\n".join(map(chat, map(str, range(5000)))).encode()
    bring_in(tmp_path, data, Mending(), tell=tell)
    shares = [said.share for said in told if said.share is not None]
    assert len(shares) == len(told) >= 5
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] == 1
    assert told[-1].conversations == 5000


def test_a_cancelled_import_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LARGE", BY_WORKERS)
    told: list[object] = []
    data = mixed(20_000).encode()
    report, contents = bring_in(
        tmp_path, data, Mending(), tell=told.append, stop=lambda: len(told) >= 2
    )
    assert (report.imported, contents[0]) == (0, [])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_worker_that_is_killed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LARGE", BY_WORKERS)
    ask, killed = Helper.ask, []

    def killing(worker: Helper[object, object], piece: object) -> None:
        ask(worker, piece)
        killed.append(worker._process.pid)
        os.kill(worker._process.pid or 0, signal.SIGKILL)

    monkeypatch.setattr(Helper, "ask", killing)
    data = "\n".join(map(chat, map(str, range(5000)))).encode()
    with pytest.raises(HelperGoneError):
        bring_in(tmp_path, data, Mending())
    assert killed
    with closing(Project.open(tmp_path / "p.exemplar")) as project:
        assert project.counts().conversations == 0
        assert project.undo_entry() is None
        assert project._database.rows("SELECT count(*) FROM body") == [(0,)]
