"""Reading a file in pieces, here or in other processes, is reading it line by line."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from multiprocessing import active_children
from multiprocessing.context import SpawnProcess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.pieces import LIMIT
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.storage.project import import_workers, importing, preparing
from desktop_app.storage.project.import_workers import ImportWorkers
from desktop_app.storage.project.preparing import Piece, Prepared, pieces, prepared, row_of
from desktop_app.storage.project.project import Project

LINES = Detected(Format.CHAT, container=Container.LINES)
Found = tuple[list[object], list[Rejected]]


def chat(words: str, **more: object) -> str:
    talk = [{"role": "user", "content": words}, {"role": "assistant", "content": "Yes."}]
    return json.dumps({"messages": talk, **more}, ensure_ascii=False)


SOME = [
    chat("Where is my parcel?"),
    chat("Wo ist mein Päckchen?"),
    "",
    "no JSON at all",
    chat("a comma too many")[:-1] + ",}",
    '{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}',
    '{"instruction": "Say hello", "output": "Hello"}',
    chat("a role that is none").replace('"user"', '"customer"'),
    "\ufeff" + chat("a mark in the middle"),
    chat("kept", exemplar={"version": 1, "tags": ["returns"], "rating": 4, "notes": "Good."}),
    chat("wrong letters: Ã¼ber, grÃ¶ÃŸer"),
]
FILES = {
    "plain": "\n".join(SOME * 40).encode(),
    "with a mark": "\n".join(SOME * 40).encode("utf-8-sig"),
    "ended": ("\r\n".join(SOME * 40) + "\r\n").encode(),
    "two bytes a character": "\n".join(SOME * 40).encode("utf-16"),
    "broken letters": b"\n".join([chat("x").encode(), b'{"messages": "\xff"}', b"\xe4"] * 40),
    "longer than a piece": "\n".join([chat("x" * 5000), chat("y"), "z" * 5000] * 9).encode(),
}


def singly(data: bytes, detected: Detected, *, repair: bool = False) -> Found:
    items = list(read_examples(io.BytesIO(data), detected, repair_mojibake=repair))
    rows = [row_of(item, item.number) for item in items if isinstance(item, Imported)]
    return [_without_number(row) for row in rows], [i for i in items if isinstance(i, Rejected)]


def together(found: Iterable[Prepared]) -> Found:
    parts = list(found)
    rows = [_without_number(row) for part in parts for row in part.rows]
    assert [part.end for part in parts] == sorted(part.end for part in parts)
    return rows, [bad for part in parts for bad in part.rejected]


def _without_number(row: preparing.Row) -> object:
    """Drop the number inside what is said, which nobody looks at: the row has its own."""
    number, spot, text, said = row
    return number, spot, text, said and msgspec.structs.replace(said, number=0)


def in_pieces(data: bytes, detected: Detected, *, repair: bool = False) -> Found:
    cut = pieces(io.BytesIO(data), detected)
    return together(prepared(piece, detected, repair_mojibake=repair) for piece in cut)


def wait_for(workers: ImportWorkers) -> None:
    until = time.monotonic() + 60
    while not all(worker.is_ready for worker in workers._workers):
        assert time.monotonic() < until
        for worker in workers._workers:
            worker.connection.poll(1)
            assert worker.is_ready or not worker.has_failed_to_start()


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
    assert preparing.may_be_cut(detected)
    expected = singly(FILES[name], detected, repair=repair)
    assert len(expected[0]) >= 9
    assert len(expected[1]) >= 9
    with ImportWorkers(detected, repair_mojibake=repair) as workers:
        wait_for(workers)
        found = together(workers.prepared(io.BytesIO(FILES[name]), lambda: False))
    assert found == expected
    assert in_pieces(FILES[name], detected, repair=repair) == expected


@settings(deadline=None)
@given(
    lines=st.lists(st.sampled_from([*(s.encode() for s in SOME), b"\xff", b"\xef\xbb\xbf", b" "])),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    is_ended=st.booleans(),
    size=st.integers(1, 700),
    format_=st.sampled_from([Format.CHAT, Format.SHAREGPT, Format.PROJECT]),
)
def test_wherever_a_file_is_cut(
    lines: list[bytes], end: bytes, is_ended: bool, size: int, format_: Format
) -> None:
    data = end.join(lines) + (end if is_ended else b"")
    detected = replace(LINES, format=format_, line_end="\r" if end == b"\r" else "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "PIECE", size)
        assert in_pieces(data, detected) == singly(data, detected)


@pytest.mark.parametrize("over", [-1, 0, 1, 2 << 20])
def test_a_line_at_the_limit(over: int) -> None:
    longest = chat("").encode()
    filled = longest.replace(b'""', b'"' + b"x" * (LIMIT + over - len(longest) - 1) + b'"')
    data = b"\n".join([chat("a").encode(), filled, chat("b").encode()])
    rows, rejected = in_pieces(data, LINES)
    assert (rows, rejected) == singly(data, LINES)
    assert [bad.reason for bad in rejected] == (["too_long"] if over > 0 else [])


def test_what_depends_on_other_lines_is_not_cut() -> None:
    assert not any(
        preparing.may_be_cut(replace(LINES, format=each))
        for each in (Format.TABLE, Format.XLSX, Format.CHAT_TEXT)
    )
    assert not preparing.may_be_cut(replace(LINES, container=Container.ARRAY))


def test_no_window_is_loaded_in_a_worker() -> None:
    code = (
        "import sys, desktop_app.storage.project.import_workers;"
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

        with pytest.raises(ChildProcessError, match="has ended"):
            bring_in(project, found())
    assert project.counts().conversations == 0
    assert project._database.rows("SELECT count(*) FROM body") == [(0,)]
    project.close()


def test_an_error_in_a_worker_is_told_without_its_texts(small: None) -> None:
    with ImportWorkers(LINES, repair_mojibake=False) as workers:
        wait_for(workers)
        worker = workers._workers[0]
        worker.give(Piece("no bytes", 1, 0))  # type: ignore[arg-type]  # what cannot be read
        with pytest.raises(ChildProcessError, match=r"failed: TypeError$"):
            worker.take(lambda: False)


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
    monkeypatch.setattr(import_workers, "work", print)
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
