"""A job is created at most once, whatever the network does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import SUBMISSION_KEY
from desktop_app.state.jobs.doubts import Doubt
from desktop_app.storage.settings import ConnectionSettings
from tests.provider.scripted_service import Answer, error
from tests.state.jobs.job_bench import SERVICE, Bench
from tests.state.jobs.job_service import DROP, JOBS, JobService

FAULTS: list[Answer | str] = [
    error(500, "internal error", "server_error"),
    error(503, "overloaded"),
    Answer("<html>Bad gateway</html>", 502, {"content-type": "text/html"}),
    Answer("not json at all", 200),
    DROP,
]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.002)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, monkeypatch) as bench:
        yield bench


def in_doubt(bench: Bench, doubt: Doubt) -> str:
    submission = bench.submit()
    bench.until(lambda: bench.jobs.doubt(submission) == doubt)
    return submission


@pytest.mark.parametrize("fault", FAULTS)
def test_a_job_that_was_created_all_the_same_is_found(bench: Bench, fault: Answer | str) -> None:
    bench.service.create_faults.append((fault, True))
    submission = bench.submit()
    bench.until_created(submission)
    assert len(bench.service.created) == 1
    assert bench.jobs.doubt(submission) is None
    assert bench.record(submission).phase == "created"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_job_that_is_not_found_waits_for_the_users_word(
    bench: Bench, fault: Answer | str
) -> None:
    bench.service.create_faults.append((fault, False))
    submission = in_doubt(bench, Doubt.NOT_FOUND)
    assert bench.on_disk()[0].phase == "creating"
    bench.qtbot.wait(60)
    assert len(bench.service.created) == 1
    bench.jobs.retry_uncertain(submission)
    bench.until_created(submission)
    first, second = (request.json for request in bench.service.created)
    assert first == second
    assert first["metadata"] == {SUBMISSION_KEY: submission}


def test_nothing_is_sent_again_before_a_look_has_found_nothing(bench: Bench) -> None:
    bench.service.create_faults.append((DROP, False))
    bench.service.faults[f"GET {JOBS}"] = error(500, "internal error")
    submission = in_doubt(bench, Doubt.UNKNOWN)
    bench.jobs.retry_uncertain(submission)
    assert bench.jobs.doubt(submission) == Doubt.UNKNOWN
    assert bench.record(submission).note
    del bench.service.faults[f"GET {JOBS}"]
    bench.jobs.look_again(submission)
    bench.jobs.retry_uncertain(submission)
    bench.until(lambda: bench.jobs.doubt(submission) == Doubt.NOT_FOUND)
    assert len(bench.service.created) == 1


def test_sending_again_twice_sends_once(bench: Bench) -> None:
    bench.service.create_faults.append((DROP, False))
    submission = in_doubt(bench, Doubt.NOT_FOUND)
    bench.jobs.retry_uncertain(submission)
    bench.jobs.retry_uncertain(submission)
    bench.until_created(submission)
    bench.qtbot.wait(60)
    assert len(bench.service.created) == 2


@pytest.mark.parametrize("answer", [error(400, "bad suffix"), error(403, "no"), DROP])
def test_a_refused_second_request_says_nothing_of_the_first(
    bench: Bench, answer: Answer | str
) -> None:
    bench.service.create_faults.extend([(DROP, False), (answer, False)])
    submission = in_doubt(bench, Doubt.NOT_FOUND)
    bench.jobs.retry_uncertain(submission)
    assert bench.jobs.doubt(submission) is None
    bench.until(lambda: bench.jobs.doubt(submission) == Doubt.NOT_FOUND)
    assert bench.record(submission).phase == "creating"
    assert bench.record(submission).note
    bench.service.add_job(bench.service.created[0].json)
    bench.jobs.look_again(submission)
    bench.until_created(submission)


def test_a_job_that_was_not_found_can_be_given_up(bench: Bench) -> None:
    bench.service.create_faults.append((DROP, False))
    submission = bench.submit()
    bench.jobs.give_up_uncertain(submission)
    assert bench.record(submission).phase != "not_created"
    bench.until(lambda: bench.jobs.doubt(submission) == Doubt.NOT_FOUND)
    assert not bench.jobs.can_remove(submission)
    bench.jobs.give_up_uncertain(submission)
    assert bench.record(submission).phase == "not_created"
    assert bench.jobs.active_count == 0


def test_a_connection_that_moves_while_a_job_is_sent_gets_nothing(bench: Bench) -> None:
    other = JobService()
    bench.serve(other)
    bench.call(bench.service.hold_uploads.clear)
    submission = bench.submit()
    bench.until(lambda: bool(bench.service.sent("POST /v1/files")))
    bench.connections.save(ConnectionSettings(SERVICE, "other", "Service", other.base_url))
    bench.call(bench.service.hold_uploads.set)
    bench.until(lambda: bench.record(submission).phase == "not_created")
    assert bench.service.created == []
    assert other.created == []
    assert other.files == {}


def test_a_job_found_late_is_not_sent_again(bench: Bench) -> None:
    bench.service.create_faults.append((DROP, False))
    submission = in_doubt(bench, Doubt.NOT_FOUND)
    bench.service.add_job(bench.service.created[0].json)
    bench.jobs.look_again(submission)
    bench.until_created(submission)
    assert len(bench.service.created) == 1


def test_a_refusal_is_clear(bench: Bench) -> None:
    refusal = error(403, "winding down", "training_not_available")
    bench.service.create_faults.append((refusal, False))
    submission = bench.submit()
    bench.until(lambda: bench.record(submission).phase == "not_created")
    text, _, detail = bench.record(submission).note.partition("\n")
    assert "closing" in text
    assert detail == "winding down"
    assert bench.notices[-1].level == "bad"
    assert bench.record(submission).uploaded_files == ("file-1", "file-2")
    bench.jobs.delete_uploads(submission)
    bench.until(lambda: bench.record(submission).uploaded_files == ())
    assert bench.service.files == {}
    assert len(bench.service.created) == 1


def test_an_upload_that_fails_creates_nothing(bench: Bench) -> None:
    bench.service.faults["POST /v1/files"] = error(400, "Expected file to have JSONL format")
    submission = bench.submit()
    bench.until(lambda: bench.record(submission).phase == "not_created")
    assert "JSONL" in bench.record(submission).note
    assert bench.service.created == []


def killed_while_creating(bench: Bench, *, created: bool) -> str:
    """End the program after the service has got the request and before it has answered."""
    bench.service.create_faults.append((DROP, created))
    bench.service.faults[f"GET {JOBS}"] = DROP
    submission = bench.submit()
    bench.until(lambda: bool(bench.service.created))
    bench.runner.shut_down()
    del bench.service.faults[f"GET {JOBS}"]
    bench.restart()
    assert bench.record(submission).phase == "creating"
    return submission


def test_after_a_kill_a_job_that_exists_is_taken_up(bench: Bench) -> None:
    submission = killed_while_creating(bench, created=True)
    assert bench.jobs.doubt(submission) == Doubt.LOOKING
    job_id = bench.until_created(submission)
    bench.service.finish(job_id)
    bench.until(lambda: bench.jobs.active_count == 0)
    assert len(bench.service.created) == 1


def test_after_a_kill_nothing_is_created_by_itself(bench: Bench) -> None:
    submission = killed_while_creating(bench, created=False)
    bench.until(lambda: bench.jobs.doubt(submission) == Doubt.NOT_FOUND)
    bench.qtbot.wait(60)
    assert len(bench.service.created) == 1


def test_a_kill_during_the_upload_leaves_nothing_created(bench: Bench) -> None:
    bench.call(bench.service.hold_uploads.clear)
    submission = bench.submit()
    bench.until(lambda: bool(bench.service.sent("POST /v1/files")))
    bench.runner.shut_down()
    bench.call(bench.service.hold_uploads.set)
    bench.restart()
    assert bench.record(submission).phase == "uploading"
    bench.until(lambda: bench.record(submission).phase == "not_created")
    assert list(bench.temporary.iterdir()) == []
    assert "Nothing was created" in bench.record(submission).note
    assert bench.service.created == []


def test_results_for_a_project_that_was_closed_are_dropped(bench: Bench, tmp_path: Path) -> None:
    bench.call(bench.service.hold_uploads.clear)
    bench.submit()
    bench.until(lambda: bool(bench.service.sent("POST /v1/files")))
    bench.open_project.create(tmp_path / "other.exemplar")
    bench.call(bench.service.hold_uploads.set)
    bench.qtbot.wait(100)
    assert bench.jobs.records() == []
    assert bench.on_disk() == []
    assert bench.service.created == []
    bench.open_project.open(bench.path)
    bench.until(lambda: bench.jobs.records()[0].phase == "not_created")


def test_what_cannot_be_written_is_not_sent(bench: Bench) -> None:
    bench.call(bench.service.hold_uploads.clear)
    submission = bench.submit()
    bench.until(lambda: bool(bench.service.sent("POST /v1/files")))
    database = bench.open_project.project._database
    (pages,) = next(iter(database.rows("PRAGMA page_count")))
    database.rows(f"PRAGMA max_page_count = {pages}")
    big = "x" * 200_000
    record = bench.record(submission)
    bench.jobs._store._records[submission] = type(record)(
        **{name: getattr(record, name) for name in record.__struct_fields__} | {"note": big}
    )
    bench.call(bench.service.hold_uploads.set)
    bench.until(lambda: bench.record(submission).phase == "not_created")
    assert bench.service.created == []
    assert "cannot be written" in bench.notices[-1].text
