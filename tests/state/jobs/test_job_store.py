import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import Job, JobEvent, JobRequest
from desktop_app.state.jobs.notices import JobNotices
from desktop_app.state.jobs.store import JobStore
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.jobs import JobRecord

replace = msgspec.structs.replace
JOB = Job(id="ftjob-1", model="m", status="running", created_at=1000)
RECORD = JobRecord(
    submission="one",
    name="Harbour",
    connection="mine",
    base_url="http://127.0.0.1:1/v1",
    phase="created",
    created_at=1.0,
    request=JobRequest("m", "file-1", "one"),
    job=JOB,
    heard_at=1000.0,
)


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    opened.create(tmp_path / "one.exemplar")
    yield opened
    opened.close()


@pytest.fixture
def store(project: OpenProject) -> JobStore:
    return JobStore(project)


def on_disk(project: OpenProject) -> JobRecord:
    (record,) = project.project.jobs()
    return record


def event(number: int) -> JobEvent:
    return JobEvent(f"e{number}", 1000 + number, "info", f"m{number}")


def test_a_mere_sign_of_life_is_written_twice_a_minute(
    project: OpenProject, store: JobStore
) -> None:
    store.put(RECORD)
    assert store.put(replace(RECORD, heard_at=1010.0))
    assert on_disk(project).heard_at == 1000.0
    assert store.record("one") == replace(RECORD, heard_at=1010.0)
    store.put(replace(RECORD, heard_at=1031.0))
    assert on_disk(project).heard_at == 1031.0


def test_an_estimate_alone_is_not_worth_writing(project: OpenProject, store: JobStore) -> None:
    store.put(RECORD)
    guess = replace(RECORD, job=replace(JOB, estimated_finish=2000))
    store.put(guess)
    assert on_disk(project) == RECORD
    assert store.record("one") == guess


def test_a_change_is_written_at_once_and_announced(
    qtbot: QtBot, project: OpenProject, store: JobStore
) -> None:
    with qtbot.waitSignals([store.changed, store.job_changed]):
        store.put(RECORD)
    paused = replace(RECORD, job=replace(JOB, status="paused"))
    with qtbot.waitSignals([store.changed, store.job_changed]):
        store.put(paused)
    assert on_disk(project) == paused
    with qtbot.assertNotEmitted(store.changed), qtbot.waitSignal(store.job_changed):
        store.put(replace(paused, heard_at=1001.0))


def test_events_are_kept_once_and_read_back_in_order(project: OpenProject, store: JobStore) -> None:
    store.put(RECORD)
    store.add_events("one", [event(1), event(2)])
    store.add_events("one", [event(2), event(3)])
    store.add_events("unknown", [event(9)])
    expected = [event(1), event(2), event(3)]
    assert store.events("one") == expected
    assert store.events("unknown") == []
    fresh = JobStore(project)
    fresh.load()
    assert fresh.events("one") == expected


def test_what_is_removed_is_gone_from_memory_and_disk(
    project: OpenProject, store: JobStore
) -> None:
    store.put(RECORD)
    store.add_events("one", [event(1)])
    store.remove("unknown")
    store.remove("one")
    assert store.records() == []
    assert store.events("one") == []
    assert project.project.jobs() == []
    assert project.project.events("one") == []


def test_the_newest_comes_first(store: JobStore) -> None:
    for number in (2, 3, 1):
        store.put(replace(RECORD, submission=str(number), created_at=float(number)))
    assert [record.submission for record in store.records()] == ["3", "2", "1"]


def test_what_cannot_be_written_is_said_and_kept_in_mind(
    qtbot: QtBot, project: OpenProject, store: JobStore
) -> None:
    store.put(RECORD)
    database = project.project._database
    (pages,) = next(iter(database.rows("PRAGMA page_count")))
    database.rows(f"PRAGMA max_page_count = {pages}")
    big = replace(RECORD, note="x" * 500_000)
    with qtbot.waitSignal(store.failed) as failed:
        assert not store.put(big)
    assert failed.args is not None
    assert failed.args[0] == "one"
    assert store.record("one") == big
    assert on_disk(project) == RECORD
    long = JobEvent("e", 1, "info", "x" * 500_000)
    with qtbot.waitSignal(store.failed):
        store.add_events("one", [long])
    assert store.events("one") == [long]


def test_a_full_disk_is_told_once_however_often_jobs_are_heard_of(
    project: OpenProject, store: JobStore
) -> None:
    told: list[Notice] = []
    hub = Notices()
    hub.posted.connect(told.append)
    notices = JobNotices(store, hub, store)
    for _ in range(3):
        notices.unwritten()
    assert len(told) == 1
    notices.clear()
    notices.unwritten()
    assert len(told) == 2


def test_a_record_of_a_later_version_does_not_lose_the_others(
    project: OpenProject, tmp_path: Path
) -> None:
    project.project.save_job(RECORD)
    other = sqlite3.connect(tmp_path / "one.exemplar")
    other.execute("UPDATE job SET record = json_set(record, '$.later', 1)")
    other.commit()
    other.close()
    store = JobStore(project)
    store.load()
    assert store.records() == [RECORD]
