"""What is said of jobs: stages, story, facts, attention, refusals."""

import errno
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import (
    DPO,
    SUPERVISED,
    Checkpoint,
    Hyperparameters,
    Job,
    JobError,
    JobEvent,
    JobRequest,
    Metrics,
)
from desktop_app.core.jobs.stages import StageState
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.jobs.attention import Remedial, attention
from desktop_app.state.jobs.facts import cost, facts
from desktop_app.state.jobs.refusals import failure, refusal
from desktop_app.state.jobs.stages import stage_views
from desktop_app.state.jobs.story import story
from desktop_app.state.jobs.submission import FileTooLargeError, NotSentError, TooFewExamplesError
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.settings import THIS_COMPUTER
from tests.state.jobs.job_bench import Bench

JOB = Job(
    id="ftjob-1",
    model="gpt-4.1-mini-2025-04-14",
    status="running",
    created_at=1000,
    hyperparameters=Hyperparameters(3, 8, 1.0),
    seed=7,
)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, monkeypatch) as bench:
        yield bench


def kept(bench: Bench, job: Job | None, phase: str = "created", **other: object) -> JobRecord:
    """A record at OpenAI, stored, without anybody following it."""
    fields: dict[str, object] = {
        "submission": "one",
        "name": "Harbour voice",
        "connection": "openai",
        "base_url": bench.service.base_url,
        "phase": phase,
        "created_at": 990.0,
        "request": JobRequest(JOB.model, "file-1", "one", hyperparameters=Hyperparameters(3)),
        "job": job,
        "heard_at": 1000.0,
        "n_training": 114,
        "n_test": 28,
    }
    record = JobRecord(**fields | other)  # type: ignore[arg-type]  # the test's own
    bench.jobs._store.put(record)
    return record


def say(bench: Bench, *events: JobEvent) -> None:
    bench.jobs._store.add_events("one", events)


def measured(step: int, **losses: float) -> JobEvent:
    metrics = Metrics(step=step, total_steps=6, **losses)
    return JobEvent(f"step-{step}", 1000 + step, "info", "", "metrics", metrics)


def test_the_line_of_a_running_job(bench: Bench) -> None:
    record = kept(bench, JOB)
    queued = JobEvent("q", 1001, "info", "Files validated, moving job to queued state")
    say(bench, queued, *(measured(step, train_loss=1.0) for step in (1, 2, 3, 4)))
    views = stage_views(bench.jobs, record, 1004.0)
    assert [view.title for view in views][4:] == ["Training", "Ready"]
    assert [view.state for view in views] == [StageState.DONE] * 4 + [
        StageState.CURRENT,
        StageState.AHEAD,
    ]
    assert views[1].detail == "142 conversations"
    assert views[3].detail != ""
    assert views[4].detail == "step 4 of 6"
    assert views[5].detail.startswith("about ")


def test_the_line_of_a_refused_job(bench: Bench) -> None:
    record = kept(bench, None, "not_created", uploaded_files=("file-1",))
    views = stage_views(bench.jobs, record, 1004.0)
    assert views[2].state == StageState.STOPPED
    assert views[2].detail == "not started"


def test_the_story_is_told_in_plain_words_where_they_are_known(bench: Bench) -> None:
    record = kept(bench, JOB, checkpoints=(Checkpoint("c", 1002, "ft:a", 2),))
    events = [
        JobEvent("a", 1001, "info", "Fine-tuning job started"),
        measured(2, train_loss=1.0),
        JobEvent("b", 1002, "info", "Checkpoint created at step 2 with Snapshot ID: ft:a"),
        JobEvent("c", 1003, "warn", "Something <b>new</b>"),
    ]
    told = story(record, events)
    assert [line.text for line in told] == [
        "Something <b>new</b>",
        "Pass 1 kept as a model (checkpoint).",
        "Training started.",
    ]
    assert [line.step for line in told] == [None, 2, None]
    assert told[0].tone == "warning"
    assert told[2].original == "Fine-tuning job started"


def test_the_last_checkpoint_is_the_finished_model(bench: Bench) -> None:
    job = Job("f", "m", "succeeded", 1000, fine_tuned_model="ft:a")
    record = kept(bench, job, checkpoints=(Checkpoint("c", 1002, "ft:a", 2),))
    message = "Checkpoint created at step 2 with Snapshot ID: ft:a"
    made = JobEvent("m", 1003, "info", "New fine-tuned model created: ft:a")
    told = story(record, [JobEvent("b", 1002, "info", message), made])
    assert [(line.step, line.is_final) for line in told] == [(None, True), (None, True)]


@pytest.mark.parametrize(
    ("connection", "device", "said"),
    [
        (THIS_COMPUTER, "this computer's processor", "this computer's processor"),
        ("box", "this computer's processor", "that computer's processor"),
        ("box", "NVIDIA H200 (CUDA)", "NVIDIA H200 (CUDA)"),
    ],
)
def test_where_it_trains_is_told_without_the_figures(
    bench: Bench, connection: str, device: str, said: str
) -> None:
    message = f"Training on {device}, in float32, up to 1,024 tokens at a time"
    record = kept(bench, JOB, connection=connection)
    (line,) = story(record, [JobEvent("b", 1002, "info", message)])
    assert line.text == f"It trains on {said}."
    assert line.original == message


def test_a_checkpoint_that_is_not_kept_offers_no_chat(bench: Bench) -> None:
    message = "Checkpoint created at step 2 with Snapshot ID: ft:a"
    (line,) = story(kept(bench, JOB), [JobEvent("b", 1002, "info", message)])
    assert line.step is None
    assert line.text == "Kept a model at step 2 (checkpoint)."


def test_facts_and_the_estimate_beside_what_was_billed(bench: Bench) -> None:
    job = Job(
        **{name: getattr(JOB, name) for name in JOB.__struct_fields__}
        | {
            "status": "succeeded",
            "finished_at": 1190,
            "trained_tokens": 300_000,
            "fine_tuned_model": "ft:x",
        }
    )
    record = kept(bench, job, estimate_usd=1.41)
    say(bench, measured(1, train_loss=2.0), measured(6, train_loss=0.5, full_valid_loss=0.75))
    found = dict(facts(bench.jobs, bench.connections, record))
    assert found["Sent"] == "114 training, 28 test"
    assert found["Passes"] == "3"
    assert found["Batch size"] == "automatic: 8"
    assert found["Learning rate"] == "automatic × 1"
    assert found["Took"] == "3 min 10 s"
    assert (found["Training loss"], found["Held-out loss"]) == ("0.50", "0.75")
    assert (found["Estimated"], found["Billed tokens cost"]) == ("$1.41", "$1.50")
    assert cost(bench.jobs, bench.connections, record) == "$1.50"


@pytest.mark.parametrize(
    ("method", "asked", "used", "said"),
    [
        (SUPERVISED, 0.25, 0.1, None),
        (DPO, 0.25, 0.25, "0.25"),
        (DPO, None, 0.1, "automatic: 0.1"),
        (DPO, None, None, "automatic"),
    ],
)
def test_how_near_a_model_stays_is_told_of_preferences(
    bench: Bench, method: str, asked: float | None, used: float | None, said: str | None
) -> None:
    request = JobRequest("m", "f", "one", hyperparameters=Hyperparameters(beta=asked))
    job = msgspec.structs.replace(JOB, hyperparameters=Hyperparameters(beta=used))
    record = kept(bench, job, request=msgspec.structs.replace(request, method=method))
    found = dict(facts(bench.jobs, bench.connections, record))
    assert found.get("How near it stays") == said


def test_what_needs_attention(bench: Bench) -> None:
    failed = Job("f", "m", "failed", 1000, error=JobError("server_error", "internal"))
    record = kept(bench, failed, uploaded_files=("file-1",))
    found = attention(bench.jobs, bench.connections, record, 1001.0)
    assert found is not None
    assert found.detail == "internal"
    assert found.ways == (Remedial.START_ANEW, Remedial.DELETE_UPLOADS)
    quiet = attention(bench.jobs, bench.connections, kept(bench, JOB), 1240.0)
    assert quiet is not None
    assert "not heard from for 4 min" in quiet.text
    assert attention(bench.jobs, bench.connections, kept(bench, JOB), 1001.0) is None


def test_a_job_whose_connection_leads_elsewhere(bench: Bench) -> None:
    record = kept(bench, JOB, base_url="https://old.example/v1")
    found = attention(bench.jobs, bench.connections, record, 1001.0)
    assert found is not None
    assert "https://old.example/v1" in found.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ProviderError(ErrorKind.TRAINING_CLOSED, "winding down"), "closing fine-tuning"),
        (NotSentError(ProviderError(ErrorKind.NO_CONNECTION)), "cannot be reached"),
        (TooFewExamplesError(7), "there are 7"),
        (FileTooLargeError(600_000_001, 536_000_000), "601 MB"),
        (ProjectError(ProjectErrorKind.NO_SPACE, Path("p")), "no space"),
        (OSError(errno.ENOSPC, "full"), "no space"),
        (OSError(errno.EACCES, "no"), "could not be written"),
        (ZeroDivisionError(), "in the program"),
    ],
)
def test_refusals_in_words(error: Exception, words: str) -> None:
    assert words in refusal(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (JobError("invalid_n_examples", "Training file has 7 example(s)"), "too few"),
        (JobError(None, "blocked by our moderation API"), "rules on content"),
        (JobError(None, "Example 6174 contains an invalid token"), "could not read"),
        (JobError("server_error", "internal error"), "at the service"),
        (JobError("out_of_memory", None), "memory"),
        (JobError("x", "y"), "gave up"),
        (None, "gave up"),
    ],
)
def test_failures_in_words(error: JobError | None, words: str) -> None:
    assert words in failure(error)


def test_the_story_says_which_checkpoints_are_kept_no_more(bench: Bench) -> None:
    record = kept(bench, JOB, checkpoints=(Checkpoint("c", 1002, "ft:a", 4),))
    events = [
        measured(2, train_loss=1.0),
        *(
            JobEvent(str(step), 1002, "info", f"Checkpoint created at step {step} with ID: ft:a")
            for step in (2, 4, 6)
        ),
    ]
    assert [line.text for line in story(record, events)] == [
        "Pass 3 kept as a model (checkpoint).",
        "Pass 2 kept as a model (checkpoint).",
        "Pass 1 was kept as a model until later ones took its place.",
    ]
