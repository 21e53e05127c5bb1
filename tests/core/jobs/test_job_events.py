import pytest

from desktop_app.core.jobs.events import EventKind, Recognised, recognise
from desktop_app.core.jobs.job import JobEvent, Metrics


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Created fine-tuning job: ftjob-abc", EventKind.CREATED),
        ("Validating training file: file-a and validation file: file-b", EventKind.VALIDATING),
        ("Files validated, moving job to queued state", EventKind.QUEUED),
        ("Job enqueued. Waiting for jobs ahead to complete.", EventKind.QUEUED),
        ("Fine-tuning job started", EventKind.STARTED),
        ("Job started.", EventKind.STARTED),
        ("New fine-tuned model created: ft:m:org::1", EventKind.MODEL),
        ("The job has successfully completed", EventKind.SUCCEEDED),
        ("Job cancelled.", EventKind.CANCELLED),
        ("The job has been cancelled", EventKind.CANCELLED),
        ("The job is paused", EventKind.PAUSED),
        ("The job is queued again", EventKind.QUEUED_AGAIN),
        ("The job failed: too little memory", EventKind.FAILED),
        ("Something new entirely", EventKind.OTHER),
        ("", EventKind.OTHER),
    ],
)
def test_known_wordings(message: str, kind: EventKind) -> None:
    assert recognise(JobEvent("e", 0, "info", message)).kind == kind


def test_a_checkpoint_names_its_step() -> None:
    message = "Checkpoint created at step 100 with Snapshot ID: ft:m:org::1:ckpt-step-100"
    assert recognise(JobEvent("e", 0, "info", message)) == Recognised(EventKind.CHECKPOINT, 100)


HOW = "on this computer's processor, in float32, up to 1,024 tokens at a time"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (f"Training {HOW}", EventKind.MACHINE),
        (
            f"Training {HOW}; memory is short, so that some of the work is done twice",
            EventKind.SHORT_OF_MEMORY,
        ),
        (
            "Memory ran out. Training goes on more slowly from the last saved state, " + HOW,
            EventKind.OUT_OF_MEMORY,
        ),
    ],
)
def test_a_plan_names_its_machine(message: str, kind: EventKind) -> None:
    found = recognise(JobEvent("e", 0, "info", message))
    assert found == Recognised(kind, None, "this computer's processor")


def test_going_on_names_its_step() -> None:
    resumed = JobEvent("e", 0, "info", "Fine-tuning job resumed after step 12")
    assert recognise(resumed) == Recognised(EventKind.RESUMED, 12)


def test_metrics_are_known_by_what_they_carry() -> None:
    event = JobEvent("e", 0, "info", "whatever", "metrics", Metrics(step=4, train_loss=1.0))
    assert recognise(event) == Recognised(EventKind.MEASURED, 4)
