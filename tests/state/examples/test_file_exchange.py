import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.examples.file_exchange import ExportReport, FileExchange, ImportReport
from desktop_app.state.open_project import OpenProject


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


def bring(qtbot: QtBot, exchange: FileExchange, path: Path, share: float = 0.0) -> ImportReport:
    with qtbot.waitSignal(exchange.imported, timeout=10_000) as imported:
        exchange.import_file(path, share)
    assert imported.args is not None
    report: ImportReport = imported.args[0]
    return report


def test_an_import_is_one_step_and_names_what_it_could_not_read(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_text("\n".join([line(1), "{not json", line(2), '{"messages": 5}', ""]))
    report = bring(qtbot, exchange, file)
    assert (report.imported, report.n_rejected) == (2, 2)
    assert [rejected.number for rejected in report.rejected] == [2, 4]
    assert all(rejected.detail for rejected in report.rejected)
    assert project.counts.conversations == 2
    project.undo()
    assert project.counts.conversations == 0


def test_import_sets_a_share_aside(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "fifty.jsonl"
    file.write_text("\n".join(line(n) for n in range(50)))
    bring(qtbot, exchange, file, share=0.2)
    assert 5 <= project.counts.test <= 15
    assert project.counts.test + project.counts.training == 50


def test_a_cancelled_import_leaves_the_project_as_it_was(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "large.jsonl"
    file.write_text("\n".join(line(n) for n in range(60_000)))
    with qtbot.waitSignal(exchange.finished, timeout=20_000):
        exchange.import_file(file, 0.0)
        qtbot.waitSignal(exchange.progressed, timeout=10_000).wait()
        exchange.cancel()
    assert project.counts.conversations == 0
    assert project.undo_entry is None
    assert not exchange.is_running


def test_an_import_ends_with_its_project_and_another_one_begins_at_once(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    first, large, small = project.path, tmp_path / "large.jsonl", tmp_path / "small.jsonl"
    large.write_text("\n".join(line(n) for n in range(60_000)))
    small.write_text("\n".join(line(n) for n in range(3)))
    with qtbot.waitSignal(exchange.progressed, timeout=10_000):
        exchange.import_file(large, 0.0)
    with qtbot.waitSignal(exchange.finished, timeout=100):
        project.create(tmp_path / "two.exemplar")
    assert bring(qtbot, exchange, small).imported == 3
    assert project.counts.conversations == 3
    project.open(first)
    assert project.counts.conversations == 0


def test_an_export_outlives_its_project(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(line(n) for n in range(20_000)))
    bring(qtbot, exchange, file)
    with qtbot.waitSignal(exchange.exported, timeout=10_000):
        exchange.export_files(tmp_path / "out.jsonl")
        project.close()
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 20_000


def test_a_file_that_is_gone_is_reported(
    qtbot: QtBot, exchange: FileExchange, tmp_path: Path
) -> None:
    with qtbot.waitSignal(exchange.failed) as failed:
        exchange.import_file(tmp_path / "gone.jsonl", 0.0)
    assert failed.args is not None
    assert isinstance(failed.args[0], FileNotFoundError)


def test_export_writes_what_was_imported(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(line(n) for n in range(30)))
    bring(qtbot, exchange, file, share=0.2)
    with qtbot.waitSignal(exchange.exported, timeout=10_000) as exported:
        exchange.export_files(tmp_path / "out.jsonl")
    assert exported.args is not None
    report: ExportReport = exported.args[0]
    assert report.test == tmp_path / "out-test.jsonl"
    assert report.n_training + report.n_test == 30
    written = (tmp_path / "out.jsonl").read_bytes() + report.test.read_bytes()
    assert not written.startswith(b"\xef\xbb\xbf")
    found = sorted((json.loads(row) for row in written.splitlines()), key=str)
    assert found == sorted((json.loads(line(n)) for n in range(30)), key=str)
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-test.jsonl", "out.jsonl"]


def test_an_export_that_cannot_be_written_keeps_the_old_file(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange, tmp_path: Path
) -> None:
    target = tmp_path / "missing-folder" / "out.jsonl"
    with qtbot.waitSignal(exchange.failed) as failed:
        exchange.export_files(target)
    assert failed.args is not None
    assert isinstance(failed.args[0], OSError)


def test_the_japanese_set_is_read_whole(
    qtbot: QtBot, project: OpenProject, exchange: FileExchange
) -> None:
    inputs = Path(__file__).parents[3] / ".." / "shared" / "reference" / "inputs"
    file = inputs / "ishidahra01_osaka_ja_train.jsonl"
    if not file.exists():
        pytest.skip("the file is not at hand")
    report = bring(qtbot, exchange, file)
    assert (report.imported, report.n_rejected) == (63, 0)
