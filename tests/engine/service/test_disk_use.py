"""What is on the disk, job by job, and what may go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.service.engine_child import MODEL, Engine, example_lines
from tests.engine.service.own_api import Caller
from tests.engine.service.raw_http import assert_error


@pytest.fixture
def caller(engine: Engine) -> Iterator[Caller]:
    caller = Caller(engine.base_url)
    yield caller
    caller.close()


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_old_checkpoints_go_and_the_model_stays(engine: Engine, caller: Caller) -> None:
    job = engine.finished(engine.job(example_lines(12), hyperparameters={"n_epochs": 3}).id)
    folder = engine.store / "jobs" / job.id
    engine.until_cleared(job.id)
    body = caller.ask("GET", "storage")[1]
    (told,) = body["jobs"]
    assert (told["id"], told["bytes"]) == (job.id, on_disk(folder))
    assert told["working_bytes"] == on_disk(folder) - sum(a["bytes"] for a in told["adapters"])
    assert [adapter["is_final"] for adapter in told["adapters"]] == [False, False, True]
    assert body["files_bytes"] == on_disk(engine.store / "files") > 0
    assert body["total_bytes"] > told["bytes"]
    assert body["free_bytes"] > 0
    (base,) = body["models"]
    assert (base["id"], base["in_store"]) == (MODEL, False)

    status, freed = caller.ask("DELETE", f"storage/jobs/{job.id}/checkpoints")
    assert status == 200
    assert freed["bytes_freed"] == sum(each["bytes"] for each in told["adapters"][:2])
    (after,) = caller.ask("GET", "storage")[1]["jobs"]
    assert [each["model"] for each in after["adapters"]] == [job.fine_tuned_model]
    assert after["bytes"] == on_disk(folder) == told["bytes"] - freed["bytes_freed"]
    assert len(list(folder.glob("adapter-*"))) == 1
    listed = [model.id for model in engine.client.models.list()]
    assert listed == [MODEL, job.fine_tuned_model]
    answer = engine.client.chat.completions.create(
        model=str(job.fine_tuned_model),
        messages=[{"role": "user", "content": "what is 3 and 4"}],
        max_tokens=2,
    )
    assert answer.usage is not None
    assert caller.ask("DELETE", f"storage/jobs/{job.id}/checkpoints")[1]["bytes_freed"] == 0


def test_a_job_without_a_model_keeps_its_last_checkpoint(engine: Engine, caller: Caller) -> None:
    job = engine.job(example_lines(40), hyperparameters={"n_epochs": 50, "batch_size": 1})
    engine.wait_for_step(job.id, 90)
    status, refusal = caller.ask("DELETE", f"storage/jobs/{job.id}/checkpoints")
    assert status == 400
    assert "running" in refusal["error"]["message"]
    assert_error(refusal)
    engine.client.fine_tuning.jobs.cancel(job.id)
    kept = engine.client.fine_tuning.jobs.checkpoints.list(job.id).data
    assert len(kept) >= 2
    assert caller.ask("DELETE", f"storage/jobs/{job.id}/checkpoints")[1]["bytes_freed"] > 0
    left = engine.client.fine_tuning.jobs.checkpoints.list(job.id).data
    assert [each.id for each in left] == [kept[0].id]


def test_an_unknown_job(caller: Caller) -> None:
    status, body = caller.ask("DELETE", "storage/jobs/ftjob-none/checkpoints")
    assert status == 404
    assert_error(body)
