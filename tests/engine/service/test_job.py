"""The whole life of one job, over the SDK."""

import csv
import io
import itertools
import json
import stat
from pathlib import Path

import pytest
from openai import NotFoundError
from openai.types.fine_tuning import FineTuningJob

from tests.engine.service.engine_child import MODEL, Engine, example_lines

OPENAPI = Path(__file__).parents[4] / "shared/reference/openapi-fine-tuning.json"


@pytest.fixture(scope="module")
def job(engine: Engine) -> FineTuningJob:
    """A job that has succeeded: 24 examples in batches of 3, 4 epochs, 5 held-out examples."""
    validation = engine.upload(example_lines(5), "held-out.jsonl")
    created = engine.job(
        example_lines(24),
        validation_file=validation,
        suffix="polite",
        seed=11,
        metadata={"exemplar_submission": "d0c0ffee", "name": "Höflich"},
        method={
            "type": "supervised",
            "supervised": {
                "hyperparameters": {
                    "n_epochs": 4,
                    "batch_size": 3,
                    "learning_rate_multiplier": 5.0,
                }
            },
        },
    )
    assert created.status == "validating_files"
    assert created.fine_tuned_model is None
    finished = engine.finished(created.id)
    assert finished.error is None
    return finished


def test_a_job_has_every_field_that_the_protocol_requires(
    engine: Engine, job: FineTuningJob
) -> None:
    assert job.status == "succeeded"
    assert job.organization_id == "org-local"
    assert (job.seed, job.model, job.estimated_finish) == (11, MODEL, None)
    assert job.metadata == {"exemplar_submission": "d0c0ffee", "name": "Höflich"}
    assert job.hyperparameters.n_epochs == 4
    assert job.hyperparameters.batch_size == 3
    assert job.trained_tokens is not None
    assert job.trained_tokens > 24 * 4
    assert job.finished_at is not None
    assert job.finished_at >= job.created_at
    assert job.fine_tuned_model is not None
    assert job.fine_tuned_model.startswith(f"ft:{MODEL}:local:polite:")
    type(job).model_validate(job.to_dict())
    for described in (
        *engine.events(job.id),
        *engine.client.fine_tuning.jobs.checkpoints.list(job.id),
        *engine.client.models.list(),
        *engine.client.files.list(),
    ):
        type(described).model_validate(described.to_dict())
    if OPENAPI.exists():
        schemas = json.loads(OPENAPI.read_text())["components"]["schemas"]
        assert set(schemas["FineTuningJob"]["required"]) <= job.to_dict().keys()


def test_events_tell_what_happened_in_order(engine: Engine, job: FineTuningJob) -> None:
    events = engine.events(job.id)
    messages = [event.message for event in events if event.type == "message"]
    (shared,) = (event.message for event in events if event.level == "warn")
    assert shared.startswith("5 example(s) of the validation file are in the training file too")
    messages.remove(shared)
    steps = [event for event in events if event.type == "metrics"]
    checkpoints = [message for message in messages if message.startswith("Checkpoint created")]
    assert messages[:4] == [
        f"Created fine-tuning job: {job.id}",
        f"Validating training file: {job.training_file} and validation file: {job.validation_file}",
        "Files validated, moving job to queued state",
        "Fine-tuning job started",
    ]
    assert messages[-2:] == [
        f"New fine-tuned model created: {job.fine_tuned_model}",
        "The job has successfully completed",
    ]
    assert len(checkpoints) == 3
    assert checkpoints[0].startswith("Checkpoint created at step 8 with Snapshot ID: ft:")
    data = [event.data for event in steps if isinstance(event.data, dict)]
    assert [values["step"] for values in data] == list(range(33))
    assert data[0].keys() == {
        "step",
        "total_steps",
        "full_valid_loss",
        "full_valid_mean_token_accuracy",
    }
    assert [v["step"] for v in data if "full_valid_loss" in v] == [0, 8, 16, 24, 32]
    assert [v["step"] for v in data if "valid_loss" in v] == [7, 14, 21, 28]
    assert data[-1]["train_loss"] < data[1]["train_loss"]
    assert data[-1]["full_valid_loss"] < data[0]["full_valid_loss"]
    assert steps[1].message.startswith("Step 1/32: training loss=")


def test_events_come_in_pages_with_stable_ids(engine: Engine, job: FineTuningJob) -> None:
    jobs = engine.client.fine_tuning.jobs
    first = jobs.list_events(job.id, limit=4)
    assert first.has_more
    second = jobs.list_events(job.id, limit=4, after=first.data[-1].id)
    ids = [event.id for event in (*first.data, *second.data)]
    assert ids == [event.id for event in jobs.list_events(job.id, limit=8).data]
    everything = [event.id for event in jobs.list_events(job.id, limit=7)]
    assert len(everything) == len(set(everything)) == len(engine.events(job.id))
    with pytest.raises(NotFoundError):
        jobs.list_events(job.id, after="ftevent-unknown")


def test_the_last_three_checkpoints_are_kept(engine: Engine, job: FineTuningJob) -> None:
    page = engine.client.fine_tuning.jobs.checkpoints.list(job.id)
    assert [checkpoint.step_number for checkpoint in page.data] == [32, 24, 16]
    newest, *earlier = page.data
    assert newest.fine_tuned_model_checkpoint == job.fine_tuned_model
    for checkpoint in earlier:
        name = checkpoint.fine_tuned_model_checkpoint
        assert name.endswith(f":ckpt-step-{checkpoint.step_number}")
        assert name.split(":")[4] != str(job.fine_tuned_model).split(":")[4]
    assert newest.metrics.full_valid_loss is not None
    assert newest.metrics.step == 32
    assert sorted(path.name for path in engine.until_cleared(job.id).iterdir()) == [
        "adapter-00000016",
        "adapter-00000024",
        "adapter-00000032",
    ]


def test_the_result_file_is_a_plain_table(engine: Engine, job: FineTuningJob) -> None:
    described = engine.client.files.retrieve(job.result_files[0])
    assert described.purpose == "fine-tune-results"
    text = engine.client.files.content(job.result_files[0]).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.startswith("step,train_loss,train_mean_token_accuracy,valid_loss,")
    assert [int(row["step"]) for row in rows] == list(range(33))
    assert rows[0]["train_loss"] == ""
    assert float(rows[-1]["train_loss"]) == engine.losses(job.id)[-1][1]


def test_the_same_seed_gives_the_same_model_and_another_seed_another(
    engine: Engine, job: FineTuningJob
) -> None:
    same, other = (
        engine.job(
            example_lines(24),
            seed=seed,
            hyperparameters={
                "n_epochs": 4,
                "batch_size": 3,
                "learning_rate_multiplier": 5.0,
            },
        )
        for seed in (11, 12)
    )
    assert engine.finished(same.id).fine_tuned_model != job.fine_tuned_model
    engine.finished(other.id)
    assert engine.losses(same.id) == engine.losses(job.id)
    assert engine.adapter_digest(same.id) == engine.adapter_digest(job.id)
    assert engine.adapter_digest(other.id) != engine.adapter_digest(job.id)


def test_jobs_are_listed_and_found_by_their_metadata(engine: Engine, job: FineTuningJob) -> None:
    jobs = engine.client.fine_tuning.jobs
    found = jobs.list(metadata={"exemplar_submission": "d0c0ffee"})
    assert [each.id for each in found.data] == [job.id]
    assert not jobs.list(metadata={"exemplar_submission": "other"}).data
    newest_first = [each.created_at for each in jobs.list(limit=1)]
    assert all(a >= b for a, b in itertools.pairwise(newest_first))


def test_the_store_belongs_to_its_owner_alone(engine: Engine, job: FineTuningJob) -> None:
    assert stat.S_IMODE(engine.store.stat().st_mode) == 0o700
    for path in engine.store.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, path


def test_a_tuned_model_can_be_deleted(engine: Engine, job: FineTuningJob) -> None:
    checkpoint = engine.client.fine_tuning.jobs.checkpoints.list(job.id).data[-1]
    model = checkpoint.fine_tuned_model_checkpoint
    assert engine.client.models.retrieve(model).owned_by == "org-local"
    assert engine.client.models.delete(model).deleted
    with pytest.raises(NotFoundError):
        engine.client.models.retrieve(model)
    assert model not in [listed.id for listed in engine.client.models.list()]
    assert not (engine.store / "jobs" / job.id / "adapter-00000016").exists()


def test_the_log_holds_neither_texts_nor_the_token(engine: Engine, job: FineTuningJob) -> None:
    log = (engine.store / "engine.log").read_text()
    assert job.id in log
    assert "the answer is" not in log
    assert "a-token-of-the-tests" not in log
