import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.state.examples.exchange.exporting import ExportReport, TrainingExport
from desktop_app.state.examples.exchange.importing import (
    ImportPlan,
    ImportQuestion,
    ImportReport,
    Mending,
)
from desktop_app.state.examples.exchange.reading import Reading, read_items
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.import_file import ImportFileError, ImportFileProblem

MENDABLE = '{"messages": [{"role": "user", "content": "where?"},],}'


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    result = TaskRunner()
    yield result
    assert result.shut_down()


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    opened.create(tmp_path / "one.exemplar")
    yield opened
    opened.close()


@pytest.fixture
def exchange(project: OpenProject, runner: TaskRunner) -> FileExchange:
    return FileExchange(project, runner)


def line(number: int) -> str:
    messages = [
        {"role": "user", "content": f"question {number}"},
        {"role": "assistant", "content": f"answer {number}"},
    ]
    return json.dumps({"messages": messages})


def plan(path: Path, share: float = 0.0) -> ImportPlan:
    head = path.read_bytes()[:100_000] if path.is_file() else b""
    return ImportPlan(Source.of_file(path), Reading(detect(head, path.name)), share)


def bring(qtbot: QtBot, exchange: FileExchange, path: Path, share: float = 0.0) -> ImportReport:
    with qtbot.waitSignal(exchange.imported, timeout=10_000) as imported:
        exchange.import_from(plan(path, share))
    assert imported.args is not None
    report: ImportReport = imported.args[0]
    return report


def ask(qtbot: QtBot, exchange: FileExchange, path: Path) -> ImportReport:
    with qtbot.waitSignal(exchange.asked, timeout=10_000) as asked:
        exchange.import_from(plan(path))
    assert asked.args is not None
    question: ImportQuestion = asked.args[0]
    return question.report


def mixed(folder: Path) -> Path:
    file = folder / "mixed.jsonl"
    file.write_text("\n".join([line(1), "{not json", line(2), MENDABLE, '{"messages": 5}', ""]))
    return file


def test_nothing_is_visible_until_its_user_says_what_becomes_of_rejected_rows(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    report = ask(qtbot, exchange, mixed(tmp_path))
    assert (report.imported, report.n_rejected, report.n_mendable) == (2, 3, 1)
    assert [rejected.number for rejected in report.rejected] == [2, 4, 5]
    assert all(rejected.detail and rejected.text for rejected in report.rejected)
    assert project.project.counts().conversations == 0
    with qtbot.waitSignal(exchange.imported, timeout=10_000):
        exchange.answer(Mending())
    assert project.counts.conversations == 2


def test_mended_rows_and_the_rest_are_one_step(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    report = ask(qtbot, exchange, mixed(tmp_path))
    with qtbot.waitSignal(exchange.imported, timeout=10_000):
        exchange.answer(Mending(places=frozenset({0, 1})))
    assert (report.imported, report.mended, report.left_out) == (3, 1, 2)
    assert project.counts.conversations == 3
    project.undo()
    assert project.counts.conversations == 0
    assert project.undo_entry is None


def test_cancel_at_the_question_leaves_the_project_as_it_was(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    ask(qtbot, exchange, mixed(tmp_path))
    with qtbot.waitSignal(exchange.finished, timeout=10_000):
        exchange.cancel()
    assert project.project.counts().conversations == 0
    assert project.undo_entry is None


def test_a_project_that_is_closed_at_the_question_keeps_nothing_of_it(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    path = project.path
    ask(qtbot, exchange, mixed(tmp_path))
    with qtbot.waitSignal(exchange.finished, timeout=100):
        project.close()
    project.open(path)
    assert project.counts.conversations == 0
    assert bring(qtbot, exchange, _good(tmp_path, 3)).imported == 3


def test_all_that_can_be_mended_is_mended_beyond_those_that_are_listed(
    qtbot: QtBot,
    project: OpenProject,
    exchange: FileExchange,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop_app.state.examples.exchange.importing.KEPT_REJECTIONS", 4)
    file = tmp_path / "python.jsonl"
    file.write_text("\n".join([MENDABLE, "{no"] * 10))
    report = ask(qtbot, exchange, file)
    assert (report.n_rejected, report.n_mendable, len(report.rejected)) == (20, 10, 4)
    with qtbot.waitSignal(exchange.imported, timeout=10_000):
        exchange.answer(Mending(everything=True))
    assert (report.imported, report.mended, report.left_out) == (10, 10, 10)
    assert project.counts.conversations == 10


def test_where_nothing_can_be_read_or_mended_nothing_is_asked(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text('{"messages": 5}\n{"messages": 6}\n')
    report = bring(qtbot, exchange, file)
    assert (report.imported, report.n_rejected) == (0, 2)
    assert project.undo_entry is None


def _good(folder: Path, n: int) -> Path:
    file = folder / f"good{n}.jsonl"
    file.write_text("\n".join(map(line, range(n))))
    return file


def test_import_sets_a_share_aside(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    bring(qtbot, exchange, _good(tmp_path, 50), share=0.2)
    assert 5 <= project.counts.test <= 15
    assert project.counts.test + project.counts.training == 50


def test_a_cancelled_import_leaves_the_project_as_it_was(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = _good(tmp_path, 60_000)
    with qtbot.waitSignal(exchange.finished, timeout=20_000):
        with qtbot.waitSignal(exchange.progressed, timeout=10_000):
            exchange.import_from(plan(file))
        exchange.cancel()
    assert project.counts.conversations == 0
    assert project.undo_entry is None
    assert not exchange.is_running


def test_an_import_ends_with_its_project_and_another_one_begins_at_once(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    first, large, small = project.path, _good(tmp_path, 60_000), _good(tmp_path, 3)
    with qtbot.waitSignal(exchange.progressed, timeout=10_000):
        exchange.import_from(plan(large))
    with qtbot.waitSignal(exchange.finished, timeout=100):
        project.create(tmp_path / "two.exemplar")
    assert bring(qtbot, exchange, small).imported == 3
    assert project.counts.conversations == 3
    project.open(first)
    assert project.counts.conversations == 0


def test_an_export_outlives_its_project(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    bring(qtbot, exchange, _good(tmp_path, 5_000))
    with qtbot.waitSignal(exchange.exported, timeout=20_000):
        exchange.export_training(tmp_path / "out.jsonl", TrainingExport())
        project.close()
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 5_000


def test_a_file_that_is_gone_is_reported(
    qtbot: QtBot, exchange: FileExchange, tmp_path: Path
) -> None:
    with qtbot.waitSignal(exchange.failed) as failed:
        exchange.import_from(plan(tmp_path / "gone.jsonl"))
    assert failed.args is not None
    assert isinstance(failed.args[0], FileNotFoundError)
    assert exchange.name == "gone.jsonl"


def test_a_file_that_becomes_shorter_brings_nothing(
    qtbot: QtBot,
    project: OpenProject,
    exchange: FileExchange,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = _good(tmp_path, 20_000)
    wanted = plan(file)

    def cutting(*arguments: Any) -> Iterator[Imported | Rejected]:  # noqa: ANN401  # passed on
        for n, item in enumerate(read_items(*arguments)):
            if n == 10:
                os.truncate(file, file.stat().st_size // 2)
            yield item

    monkeypatch.setattr("desktop_app.state.examples.exchange.importing.read_items", cutting)
    with qtbot.waitSignal(exchange.failed, timeout=10_000) as failed:
        exchange.import_from(wanted)
    assert failed.args is not None
    assert isinstance(failed.args[0], ImportFileError)
    assert failed.args[0].problem == ImportFileProblem.CHANGED
    assert project.project.counts().conversations == 0


def test_export_writes_what_was_imported(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    bring(qtbot, exchange, _good(tmp_path, 30), share=0.2)
    with qtbot.waitSignal(exchange.exported, timeout=10_000) as exported:
        exchange.export_training(tmp_path / "out.jsonl", TrainingExport())
    assert exported.args is not None
    report: ExportReport = exported.args[0]
    assert report.test == tmp_path / "out-test.jsonl"
    assert report.written + report.n_test == 30
    written = (tmp_path / "out.jsonl").read_bytes() + report.test.read_bytes()
    assert not written.startswith(b"\xef\xbb\xbf")
    found = sorted((json.loads(row) for row in written.splitlines()), key=str)
    assert found == sorted((json.loads(line(n)) for n in range(30)), key=str)
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-test.jsonl", "out.jsonl"]


def test_an_export_that_cannot_be_written_is_told(
    qtbot: QtBot, exchange: FileExchange, tmp_path: Path
) -> None:
    with qtbot.waitSignal(exchange.failed) as failed:
        exchange.export_training(tmp_path / "missing-folder" / "out.jsonl", TrainingExport())
    assert failed.args is not None
    assert isinstance(failed.args[0], OSError)


@pytest.mark.parametrize(
    ("name", "n", "n_rejected"),
    [
        ("ishidahra01_osaka_ja_train.jsonl", 63, 0),
        ("michaelinzo_prompt_completion_crlf.jsonl", 10, 0),
        ("d01_bom_crlf.jsonl", 63, 0),
        ("d02_utf16le_bom.jsonl", 62, 0),
        ("d04_pretty_printed_objects.jsonl", 62, 0),
        ("banking77_train.csv", 10003, 0),
    ],
)
def test_files_of_strangers_are_read_whole(
    qtbot: QtBot, exchange: FileExchange, name: str, n: int, n_rejected: int
) -> None:
    file = Path(__file__).parents[3] / ".." / "shared" / "reference" / "inputs" / name
    if not file.exists():
        pytest.skip("the file is not at hand")
    report = bring(qtbot, exchange, file)
    assert (report.imported, report.n_rejected) == (n, n_rejected)
