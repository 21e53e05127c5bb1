from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.state.jobs.followers import JobFollowers
from desktop_app.state.jobs.following import LOCAL, REMOTE, Pace
from desktop_app.storage.settings import THIS_COMPUTER, ConnectionSettings
from tests.provider.scripted_service import error
from tests.state.jobs.job_bench import SERVICE, Bench
from tests.state.jobs.job_service import DROP, JobService


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.002)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, monkeypatch) as bench:
        yield bench


def running(bench: Bench) -> tuple[str, str]:
    """A job that trains: its submission and its id."""
    submission = bench.submit()
    job_id = bench.until_created(submission)
    bench.service.jobs[job_id]["status"] = "running"
    bench.until(lambda: bench.status(submission) == "running")
    return submission, job_id


def test_a_job_goes_on_where_it_was_left(bench: Bench) -> None:
    submission, job_id = running(bench)
    bench.service.say(job_id, "Step 1", step=1, total_steps=4, train_loss=2.0)
    bench.until(lambda: len(bench.jobs.curve(submission).training) == 1)
    bench.restart()
    assert bench.jobs.active_count == 1
    bench.service.say(job_id, "Step 2", step=2, total_steps=4, train_loss=1.0)
    bench.until(lambda: len(bench.jobs.curve(submission).training) == 2)
    ids = [event.id for event in bench.jobs.events(submission)]
    assert len(ids) == len(set(ids)) == 3
    bench.service.finish(job_id)
    bench.until(lambda: bench.jobs.active_count == 0)
    assert len(bench.service.created) == 1


def test_a_job_that_ended_while_the_program_was_closed(bench: Bench) -> None:
    submission, job_id = running(bench)
    bench.open_project.close()
    assert bench.jobs.records() == []
    bench.service.finish(job_id)
    bench.open_project.open(bench.path)
    bench.until(lambda: bench.jobs.active_count == 0)
    assert bench.status(submission) == "succeeded"
    bench.until(lambda: bool(bench.notices))
    assert "ready" in bench.notices[-1].text


def test_an_ended_job_is_not_asked_for_again(bench: Bench) -> None:
    _, job_id = running(bench)
    bench.service.finish(job_id)
    with bench.qtbot.waitSignal(bench.jobs.finished):
        pass
    bench.restart()
    asked = len(bench.service.requests)
    bench.qtbot.wait(100)
    assert len(bench.service.requests) == asked


@pytest.mark.parametrize("fault", [error(503, "down"), DROP, error(401, "bad key")])
def test_errors_do_not_end_following_and_are_told_once(bench: Bench, fault: object) -> None:
    submission, job_id = running(bench)
    path = f"GET /v1/fine_tuning/jobs/{job_id}"
    bench.service.faults[path] = fault  # type: ignore[assignment]  # an Answer or DROP
    bench.until(lambda: len(bench.notices) == 1)
    assert bench.jobs.is_silent(submission)
    bench.qtbot.wait(300)
    assert len(bench.notices) == 1
    assert bench.notices[0].level == "warning"
    del bench.service.faults[path]
    bench.until(lambda: bool(bench.withdrawn))
    assert bench.withdrawn == [bench.notices[0].topic]
    assert not bench.jobs.is_silent(submission)
    bench.service.finish(job_id)
    bench.until(lambda: bench.jobs.active_count == 0)


def test_an_unknown_status_is_kept_as_it_came(bench: Bench) -> None:
    submission, job_id = running(bench)
    bench.service.jobs[job_id]["status"] = "defrosting"
    bench.until(lambda: bench.status(submission) == "defrosting")
    assert bench.jobs.active_count == 1


def test_a_failed_job_says_why(bench: Bench) -> None:
    submission, job_id = running(bench)
    bench.service.jobs[job_id] |= {
        "status": "failed",
        "error": {
            "code": "invalid_n_examples",
            "message": "Training file has 7 example(s)",
            "param": "training_file",
        },
    }
    bench.until(lambda: bench.jobs.active_count == 0)
    bench.until(lambda: bool(bench.notices))
    assert "too few examples" in bench.notices[-1].text
    assert bench.notices[-1].detail == "Training file has 7 example(s)"
    job = bench.record(submission).job
    assert job is not None
    assert job.error is not None


def test_a_service_without_events_is_read_from_its_result_file(bench: Bench) -> None:
    submission, job_id = running(bench)
    path = f"GET /v1/fine_tuning/jobs/{job_id}"
    bench.service.faults[f"{path}/events"] = error(404, "not found")
    bench.service.faults[f"{path}/checkpoints"] = error(404, "not found")
    bench.service.contents["file-r"] = b"step,train_loss,valid_loss\n1,2.0,-1\n2,1.0,1.5\n"
    bench.service.jobs[job_id]["result_files"] = ["file-r"]
    bench.service.finish(job_id)
    with bench.qtbot.waitSignal(bench.jobs.finished):
        pass
    curve = bench.jobs.curve(submission)
    assert [point.loss for point in curve.training] == [2.0, 1.0]
    assert [point.loss for point in curve.test] == [1.5]
    assert curve.total_steps == 2


def test_a_result_file_that_is_none_does_no_harm(bench: Bench) -> None:
    submission, job_id = running(bench)
    bench.service.contents["file-r"] = b"<html>"
    bench.service.jobs[job_id]["result_files"] = ["file-r"]
    bench.service.finish(job_id)
    with bench.qtbot.waitSignal(bench.jobs.finished):
        pass
    assert bench.jobs.curve(submission).is_empty


def test_a_job_is_never_asked_for_elsewhere(bench: Bench) -> None:
    submission, _ = running(bench)
    other = JobService()
    bench.serve(other)
    bench.connections.save(ConnectionSettings(SERVICE, "other", "Service", other.base_url))
    assert bench.jobs.leads_elsewhere(submission)
    bench.qtbot.wait(50)
    asked = len(bench.service.requests)
    bench.jobs.cancel(submission)
    bench.restart()
    bench.qtbot.wait(100)
    assert len(bench.service.requests) == asked
    assert [request.path for request in other.requests if "jobs" in request.path] == []
    old = ConnectionSettings(SERVICE, "other", "Service", bench.service.base_url)
    bench.connections.save(old)
    bench.until(lambda: len(bench.service.requests) > asked)


def test_many_events_come_in_portions(bench: Bench) -> None:
    submission, job_id = running(bench)
    for step in range(450):
        bench.service.say(job_id, "", step=step, total_steps=450, train_loss=1.0)
    bench.until(lambda: len(bench.jobs.curve(submission).training) == 450)
    assert len(bench.open_project.project.events(submission)) == 451


def test_engines_here_and_elsewhere_are_asked_every_second(bench: Bench) -> None:
    bench.connections.save(ConnectionSettings("box", "engine", "The box", "https://127.0.0.1:9/v1"))
    followers = JobFollowers(bench.jobs._store, bench.connections, bench.runner, bench)
    paces = [followers.pace_at(each) for each in (THIS_COMPUTER, "box", SERVICE, "gone")]
    assert paces == [LOCAL, LOCAL, REMOTE, REMOTE]


def test_the_pace_slows_down_and_backs_off() -> None:
    pace = Pace(first=10, later=30, first_for=300, longest=300, catch_up=10)
    assert pace == REMOTE
    assert (pace.pause(0), pace.pause(299), pace.pause(300)) == (10, 10, 30)
    assert [pace.after_error(n, None) for n in (1, 2, 3, 9, 999)] == [20, 40, 80, 300, 300]
    assert pace.after_error(1, 900.0) == 900
