"""Files made to do harm, or by accident so: each is told, and the project stays as it was."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.table import TableError
from desktop_app.state.examples.exchange.importing import ImportPlan, ImportReport, Mending
from desktop_app.state.examples.exchange.looking import HEAD
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.open_project import OpenProject

LINE = b'{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}\n'


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    opened.create(tmp_path / "one.exemplar")
    yield opened
    opened.close()


@pytest.fixture
def exchange(project: OpenProject) -> Iterator[FileExchange]:
    runner = TaskRunner()
    yield FileExchange(project, runner)
    assert runner.shut_down()


def start(exchange: FileExchange, path: Path) -> None:
    with path.open("rb") as file:
        detected = detect(file.read(HEAD), path.name)
    exchange.import_from(ImportPlan(Source.of_file(path), Reading(detected), 0.0))


def refused(qtbot: QtBot, exchange: FileExchange, path: Path) -> TableError:
    with qtbot.waitSignal(exchange.failed, timeout=20_000) as failed:
        start(exchange, path)
    assert failed.args is not None
    error = failed.args[0]
    assert isinstance(error, TableError)
    return error


def workbook(**sheets: list[tuple[str, ...]]) -> bytes:
    book = Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def replaced(data: bytes, name: str, content: bytes) -> bytes:
    """The archive with one more part, or another one in place of a part."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, content)
    return stream.getvalue()


def test_one_endless_line_among_good_ones_costs_only_itself(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "endless.jsonl"
    with file.open("wb") as stream:
        stream.write(LINE)
        # A hole in the file: read as zero bytes, and taking no room on the disk.
        stream.seek(40_000_000, io.SEEK_CUR)
        stream.write(b"\n" + LINE)
    with qtbot.waitSignal(exchange.asked, timeout=20_000) as asked:
        start(exchange, file)
    assert asked.args is not None
    report: ImportReport = asked.args[0].report
    assert [item.reason for item in report.rejected] == ["too_long"]
    assert len(report.rejected[0].text) <= 500
    with qtbot.waitSignal(exchange.imported, timeout=10_000):
        exchange.answer(Mending())
    assert project.counts.conversations == 2


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_unopened(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "bomb.xlsx"
    good = workbook(March=[("question", "answer"), ("a", "b")])
    file.write_bytes(replaced(good, "xl/worksheets/sheet1.xml", bytes(300_000_000)))
    assert file.stat().st_size < 1_000_000
    assert refused(qtbot, exchange, file).detail
    assert project.project.counts().conversations == 0
    assert project.undo_entry is None


def test_what_only_looks_like_a_workbook_is_refused(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "cut.xlsx"
    data = workbook(March=[("question", "answer"), ("a", "b")])
    file.write_bytes(data[:-100])
    assert refused(qtbot, exchange, file).detail
    assert project.undo_entry is None


@pytest.mark.parametrize(
    "part", ["xl/externalLinks/externalLink1.xml", "xl/vbaProject.bin"], ids=["links", "macros"]
)
def test_links_and_macros_are_told_and_not_followed(
    qtbot: QtBot, exchange: FileExchange, tmp_path: Path, part: str
) -> None:
    file = tmp_path / "linked.xlsx"
    file.write_bytes(replaced(workbook(March=[("question", "answer"), ("a", "b")]), part, b"<x/>"))
    with qtbot.waitSignal(exchange.imported, timeout=10_000) as imported:
        start(exchange, file)
    assert imported.args is not None
    report: ImportReport = imported.args[0]
    assert report.imported == 1
    assert len(report.notes) == 1


def test_rows_with_too_many_cells_are_asked_about(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "ragged.csv"
    file.write_text(
        "question,answer\nWhere is my parcel?,On its way.\nI paid, but where is it?,Here.\nshort\n"
    )
    with qtbot.waitSignal(exchange.asked, timeout=10_000) as asked:
        mapping = Mapping((Role.USER, Role.ASSISTANT))
        reading = Reading(Detected(Format.TABLE, delimiter=","), mapping=mapping)
        exchange.import_from(ImportPlan(Source.of_file(file), reading, 0.0))
    assert asked.args is not None
    report: ImportReport = asked.args[0].report
    assert [(item.number, item.reason) for item in report.rejected] == [(3, "extra_cells")]
    assert report.imported == 2
    with qtbot.waitSignal(exchange.finished, timeout=10_000):
        exchange.cancel()
    assert project.project.counts().conversations == 0


def test_a_table_is_cancelled_while_nothing_has_come_of_it_yet(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    rows = "".join(f"{n},q{n},a{n}\n" for n in range(100_000))
    file.write_text("conversation_id,question,answer\n" + rows)
    start(exchange, file)
    exchange.cancel()
    with qtbot.waitSignal(exchange.finished, timeout=5_000):
        pass
    assert project.undo_entry is None


def test_a_project_export_brings_its_shared_instructions(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "all.jsonl"
    header = b'{"exemplar_project":{"version":1,"instructions":{"whole_project":"Be brief."}}}\n'
    file.write_bytes(header + LINE)
    with qtbot.waitSignal(exchange.imported, timeout=10_000):
        start(exchange, file)
    assert project.project.instructions().whole_project == "Be brief."
    file.write_bytes(header.replace(b"Be brief.", b"Be long.") + LINE)
    with qtbot.waitSignal(exchange.imported, timeout=10_000) as imported:
        start(exchange, file)
    assert imported.args is not None
    assert "were kept" in imported.args[0].notes[0]
    assert project.project.instructions().whole_project == "Be brief."
