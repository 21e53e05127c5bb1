"""Reading a file in pieces in other processes is reading it line by line, and leaves none."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from multiprocessing import active_children
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from desktop_app.background import helper_process
from desktop_app.background.helper_process import HelperGoneError
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Detected
from desktop_app.state.examples.exchange import import_workers
from desktop_app.state.examples.exchange.import_workers import ImportWorkers
from desktop_app.storage.project import importing, preparing
from desktop_app.storage.project.preparing import Piece, Prepared, prepared
from desktop_app.storage.project.project import Project
from tests.storage.project.cut_files import FILES, LINES, chat, singly, together


def wait_for(workers: ImportWorkers) -> None:
    """So short a file would be read before they are ready."""
    assert all(worker.is_ready(60) for worker in workers._workers)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(preparing, "PIECE", 300)
    monkeypatch.setattr(import_workers, "WORKERS", 2)
    yield
    assert active_children() == []


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_workers_find_what_one_reader_finds(small: None, name: str, *, repair: bool) -> None:
    detected = detect(FILES[name], "x.jsonl")
    with ImportWorkers(detected, repair_mojibake=repair) as workers:
        wait_for(workers)
        found = together(workers.prepared(io.BytesIO(FILES[name]), lambda: False))
    assert found == singly(FILES[name], detected, repair=repair)


def test_no_window_is_loaded_in_a_worker() -> None:
    code = (
        f"import sys, {helper_process.__name__}, {preparing.__name__};"
        "bad = [n for n in sys.modules if n.startswith(('PySide6', 'shiboken', 'desktop_app.ui',"
        " 'desktop_app.state', 'numpy', 'ftfy', 'openpyxl', 'charset_normalizer'))];"
        "sys.exit(repr(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_window_is_loaded_in_a_worker_of_this_program(small: None) -> None:
    import PySide6.QtCore

    loaded = "libQt6Core"
    assert PySide6.QtCore.qVersion()
    assert loaded in Path("/proc/self/maps").read_text()
    with ImportWorkers(LINES, repair_mojibake=False) as workers:
        wait_for(workers)
        for worker in workers._workers:
            maps = Path(f"/proc/{worker._process.pid}/maps").read_text()
            assert "msgspec" in maps
            assert loaded not in maps


def many(n: int = 2000) -> bytes:
    return "\n".join(chat(f"parcel {number}") for number in range(n)).encode()


def bring_in(project: Project, found: Iterable[Prepared]) -> int:
    return importing.import_conversations(
        project._database,
        found,
        source="x.jsonl",
        test_share=0.1,
        progress=lambda _: None,
        stop=lambda: False,
        at=0.0,
    )


def test_a_worker_that_is_killed_ends_the_import(small: None, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p.exemplar")
    with ImportWorkers(LINES, repair_mojibake=False) as workers:
        wait_for(workers)

        def found() -> Iterator[Prepared]:
            for n, part in enumerate(workers.prepared(io.BytesIO(many()), lambda: False)):
                if n == 20:
                    pid = workers._workers[0]._process.pid
                    assert pid is not None
                    os.kill(pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
                yield part

        with pytest.raises(HelperGoneError, match="has ended"):
            bring_in(project, found())
    assert project.counts().conversations == 0
    assert project._database.rows("SELECT count(*) FROM body") == [(0,)]
    project.close()


def test_told_to_stop_it_waits_for_nobody(small: None) -> None:
    with ImportWorkers(LINES, repair_mojibake=False) as workers:
        wait_for(workers)
        for worker in workers._workers:
            os.kill(worker._process.pid or 0, getattr(signal, "SIGSTOP", signal.SIGTERM))
        assert list(workers.prepared(io.BytesIO(many()), lambda: True)) == []


def test_without_processes_all_is_done_here(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: SpawnProcess) -> None:
        raise BlockingIOError

    monkeypatch.setattr(SpawnProcess, "start", refuse)
    with ImportWorkers(LINES, repair_mojibake=False) as workers:
        found = together(workers.prepared(io.BytesIO(many(200)), lambda: False))
    assert found == singly(many(200), LINES)


def test_without_processes_that_get_ready_all_is_done_here(
    small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper_process, "serve", print)
    with ImportWorkers(LINES, repair_mojibake=False) as workers:
        for worker in workers._workers:
            worker._process.join()
        found = together(workers.prepared(io.BytesIO(many(200)), lambda: False))
        assert workers._workers == []
    assert found == singly(many(200), LINES)


def test_long_lines_are_not_held_by_the_dozen(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_workers, "MOST_BYTES", 1000)
    given: list[int] = []

    def counting(piece: Piece, detected: Detected, *, repair_mojibake: bool) -> Prepared:
        given.append(len(piece.data))
        return prepared(piece, detected, repair_mojibake=repair_mojibake)

    monkeypatch.setattr(import_workers, "prepared", counting)
    data = "\n".join([chat("x" * 5000)] * 20).encode()
    workers = ImportWorkers(LINES, repair_mojibake=False)
    for n, _ in enumerate(workers.prepared(io.BytesIO(data), lambda: False), 1):
        assert len(given) == n
    assert min(given) > 5000
