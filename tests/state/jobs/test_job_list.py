from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import Job, JobError, JobEvent, JobRequest, Metrics
from desktop_app.state.jobs.job_list import ROW, JobList, JobRow
from desktop_app.state.jobs.texts import clock, elapsed, rounded, silence, status
from desktop_app.storage.project.jobs import JobRecord
from tests.state.jobs.job_bench import SERVICE, Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, monkeypatch) as bench:
        yield bench


def record(submission: str, phase: str = "created", **job: object) -> JobRecord:
    found = None
    if job:
        fields = {"id": "ftjob-x", "model": "base", "created_at": 1000, "status": "queued"} | job
        found = Job(**fields)  # type: ignore[arg-type]  # the test's own
    return JobRecord(
        submission=submission,
        name=f"name {submission}",
        connection=SERVICE,
        base_url="http://127.0.0.1:1/v1",
        phase=phase,
        created_at=float(submission),
        request=JobRequest("base", "file-1", submission),
        job=found,
        heard_at=1000.0 if found else None,
    )


def row(model: JobList, number: int) -> JobRow:
    found = model.index(number).data(ROW)
    assert isinstance(found, JobRow)
    return found


def test_the_list_follows_what_there_is(bench: Bench, qtmodeltester: ModelTester) -> None:
    store = bench.jobs._store
    model = JobList(bench.jobs, bench.connections, bench)
    qtmodeltester.check(model)
    store.put(record("1", status="succeeded"))
    store.put(record("2", status="failed"))
    store.put(record("3", status="cancelled"))
    assert [row(model, n).submission for n in range(3)] == ["3", "2", "1"]
    assert [row(model, n).status for n in range(3)] == ["cancelled", "failed", "ready"]
    bench.jobs.remove("2")
    assert [row(model, n).submission for n in range(model.rowCount())] == ["3", "1"]
    bench.open_project.close()
    assert model.rowCount() == 0
    bench.open_project.open(bench.path)
    assert model.rowCount() == 2
    assert model.row_of("1") == 1
    assert model.submission_at(5) == ""
    qtmodeltester.check(model)


def test_a_row_reads_well_aloud(bench: Bench) -> None:
    model = JobList(bench.jobs, bench.connections, bench)
    bench.jobs._store.put(record("1", status="succeeded"))
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "name 1, ready, free, Service · base"


def test_a_long_name_is_shown_in_part(bench: Bench) -> None:
    model = JobList(bench.jobs, bench.connections, bench)
    long = record("1", status="succeeded")
    bench.jobs._store.put(msgspec.structs.replace(long, name="x" * 5000))
    assert len(str(model.index(0).data())) == 200


@pytest.mark.parametrize(
    ("job", "text"),
    [
        ({"status": "validating_files"}, "being checked"),
        ({"status": "running"}, "training"),
        ({"status": "paused"}, "paused"),
        ({"status": "canceled"}, "cancelled"),
        ({"status": "warming the <b>oven</b>"}, "warming the <b>oven</b>"),
        ({"status": "failed", "error": JobError("invalid_training_file")}, "file rejected"),
        ({"status": "failed", "error": JobError("server_error")}, "failed"),
    ],
)
def test_states_in_words(bench: Bench, job: dict[str, Any], text: str) -> None:
    assert status(bench.jobs, record("1", **job))[0] == text


@pytest.mark.parametrize(
    ("phase", "text"),
    [
        ("preparing", "preparing"),
        ("uploading", "uploading"),
        ("creating", "being created"),
        ("not_created", "not started"),
    ],
)
def test_phases_in_words(bench: Bench, phase: str, text: str) -> None:
    assert status(bench.jobs, record("1", phase))[0] == text


def test_a_running_job_tells_its_share_and_its_time(bench: Bench) -> None:
    model = JobList(bench.jobs, bench.connections, bench)
    bench.jobs._store.put(record("1", status="running", estimated_finish=99_999_999_999))
    metrics = Metrics(step=31, total_steps=50, train_loss=1.0)
    bench.jobs._store.add_events("1", [JobEvent("e", 1000, "info", "", "metrics", metrics)])
    assert row(model, 0).status == "training 62 %"
    assert "not heard from for" in row(model, 0).trailing
    assert row(model, 0).tone == "warning"


def test_silence_is_told_after_a_while() -> None:
    running = record("1", status="running")
    assert silence(running, 1060.0) == ""
    assert silence(running, 1240.0) == "not heard from for 4 min"
    assert silence(record("1", status="succeeded"), 9999.0) == ""
    assert silence(record("1", "creating"), 9999.0) == ""


def test_times_in_words() -> None:
    assert [rounded(s) for s in (0, 42, 58, 300, 4000, 500_000)] == [
        "5 s",
        "40 s",
        "1 min",
        "5 min",
        "1 h 7 min",
        "6 days",
    ]
    assert [elapsed(s) for s in (-3, 12, 190, 7500)] == ["0 s", "12 s", "3 min 10 s", "2 h 5 min"]
    assert len(clock(0.0)) > len("00:00")
