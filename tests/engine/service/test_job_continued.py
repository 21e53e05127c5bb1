"""Jobs that go on from a tuned model: they begin where it ended, and need it no more."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.rules import DPO
from desktop_app.engine.identifiers import random_id
from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.jobs_runner.origin import Origin, origin_of
from desktop_app.engine.store.records import (
    EVENTS,
    FINISHED,
    JobRecord,
    JobStatus,
    RunHyperparameters,
)
from desktop_app.engine.store.table import UnknownIdError
from tests.engine.service.engine_child import MODEL, example_lines
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.job_lines import preference_lines

BRIEF = RunHyperparameters(n_epochs=1, batch_size=4)


class Desk:
    """Makes jobs in a running service as its endpoint does."""

    def __init__(self, engine: InProcessEngine, folder: Path) -> None:
        self.engine = engine
        self.service = engine.serving.service
        self._folder = folder

    def create(
        self,
        model: str,
        training: list[str],
        validation: list[str],
        requested: RunHyperparameters = BRIEF,
        suffix: str | None = None,
    ) -> str:
        """Accept a job and return its id."""
        origin = origin_of(self.service.models, model)
        job = JobRecord(
            id=random_id("ftjob-"),
            created_at=int(time.time()),
            model=model,
            training_file="file-1",
            validation_file="file-2",
            seed=1,
            suffix=suffix,
            base=origin.base,
            requested=requested,
        )
        learned, held_out = self._folder / "training", self._folder / "validation"
        for path, lines in ((learned, training), (held_out, validation)):
            path.unlink(missing_ok=True)  # for it may be linked
            path.write_text("\n".join(lines))
        job_folder.create(self.engine.folders.jobs / job.id, learned, held_out, origin.adapter)
        self.service.life.create(job)
        self.service.validator.wake()
        return job.id

    def finished(self, job_id: str) -> JobRecord:
        """Wait for the end of a job."""
        deadline = time.monotonic() + 60
        while (job := self.service.life.job(job_id)).status not in FINISHED:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return job

    def run(self, model: str, suffix: str | None = None) -> JobRecord:
        """Go on from a model with the same examples."""
        created = self.create(model, example_lines(20), example_lines(24)[20:], suffix=suffix)
        job = self.finished(created)
        assert job.error is None
        return job

    def losses(self, job: JobRecord) -> Iterator[float]:
        """Yield the losses over the whole validation file, oldest first."""
        with self.service.database.reading() as connection:
            events = EVENTS.all(connection, job.id)
        return (e.data["full_valid_loss"] for e in events if "full_valid_loss" in e.data)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Desk]:
    """A running service."""
    folder = tmp_path_factory.mktemp("continued")
    with in_process_engine(folder / "store", tiny_model) as engine:
        yield Desk(engine, folder)


@pytest.fixture(scope="module")
def taught(desk: Desk) -> JobRecord:
    """A job from whose model others go on."""
    requested = RunHyperparameters(4, 4, 5.0)
    job = desk.create(MODEL, example_lines(20), example_lines(24)[20:], requested, "first")
    return desk.finished(job)


def test_training_goes_on_where_it_ended(desk: Desk, taught: JobRecord) -> None:
    second = desk.run(str(taught.fine_tuned_model), "second")
    assert (second.model, second.base) == (taught.fine_tuned_model, MODEL)
    third = desk.run(str(second.fine_tuned_model))
    assert third.base == MODEL
    losses = [list(desk.losses(job)) for job in (taught, second, third)]
    # Not about the same, but the very same: it is the same adapter.
    assert all(earlier[-1] == later[0] for earlier, later in itertools.pairwise(losses))
    assert losses[1][-1] < losses[1][0] < losses[0][0]


def test_the_name_says_from_what(desk: Desk, taught: JobRecord) -> None:
    second = desk.run(str(taught.fine_tuned_model), "second")
    third = desk.run(str(second.fine_tuned_model))
    letters = [str(job.fine_tuned_model).split(":")[4] for job in (taught, second, third)]
    assert [str(job.fine_tuned_model) for job in (second, third)] == [
        f"ft:{MODEL}:local:second-from-{letters[0]}:{letters[1]}",
        f"ft:{MODEL}:local:from-{letters[1]}:{letters[2]}",
    ]
    listed = [model.id for model in desk.engine.client.models.list()]
    assert set(listed) >= {str(job.fine_tuned_model) for job in (taught, second, third)}


def test_the_new_model_answers_over_the_same_base(desk: Desk, taught: JobRecord) -> None:
    second = desk.run(str(taught.fine_tuned_model))
    answers = {
        desk.engine.client.chat.completions.create(
            model=str(model),
            messages=[{"role": "user", "content": "what is 3 and 4"}],
            max_tokens=8,
            temperature=0,
        )
        .choices[0]
        .message.content
        for model in (second.fine_tuned_model, MODEL)
    }
    assert len(answers) == 2
    assert len(desk.service.loaded._models) == 1


def test_training_goes_on_from_a_checkpoint(desk: Desk, taught: JobRecord) -> None:
    checkpoints = desk.engine.client.fine_tuning.jobs.checkpoints.list(taught.id).data
    middle = checkpoints[1]
    job = desk.run(middle.fine_tuned_model_checkpoint)
    assert next(desk.losses(job)) == middle.metrics.full_valid_loss
    assert "ckpt" not in str(job.fine_tuned_model)


def test_the_model_gone_on_from_may_be_deleted_meanwhile(desk: Desk, taught: JobRecord) -> None:
    second = desk.run(str(taught.fine_tuned_model))
    lines = example_lines(12)
    waiting = desk.create(str(second.fine_tuned_model), lines, lines)
    desk.engine.client.models.delete(str(second.fine_tuned_model))
    done = desk.finished(waiting)
    assert done.status == JobStatus.SUCCEEDED
    assert next(desk.losses(done)) < 5
    with pytest.raises(UnknownIdError):
        origin_of(desk.service.models, str(second.fine_tuned_model))
    deadline = time.monotonic() + 20
    while (desk.engine.folders.jobs / waiting / job_folder.START).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_preferences_are_learned_on_top_of_a_tuned_model(desk: Desk, taught: JobRecord) -> None:
    requested = RunHyperparameters(method=DPO, n_epochs=1)
    lines = preference_lines(15)
    job = desk.create(str(taught.fine_tuned_model), lines[:12], lines[12:], requested)
    done = desk.finished(job)
    assert done.status == JobStatus.SUCCEEDED
    # The tuned model, at which the run begins, is what replies are judged against.
    first, last = desk.losses(done)
    assert first == pytest.approx(0.6931, abs=1e-3)
    assert last < first


def test_a_tuned_model_that_is_damaged_is_named(desk: Desk, taught: JobRecord) -> None:
    second = desk.run(str(taught.fine_tuned_model))
    folder = desk.engine.folders.jobs / second.id
    for path in folder.glob("adapter-*/adapter_model.safetensors"):
        path.write_bytes(b"damaged")
    lines = example_lines(12)
    failed = desk.finished(desk.create(str(second.fine_tuned_model), lines, lines))
    assert failed.error is not None
    assert (failed.error.code, failed.error.param) == ("model_file_damaged", "model")
    assert "tuned model" in str(failed.error.message)


def test_where_runs_begin(desk: Desk, taught: JobRecord) -> None:
    assert origin_of(desk.service.models, MODEL) == Origin()
    origin = origin_of(desk.service.models, str(taught.fine_tuned_model))
    assert origin.base == MODEL
    assert origin.adapter is not None
    assert (origin.adapter / "adapter_config.json").exists()
    with pytest.raises(UnknownIdError):
        origin_of(desk.service.models, "gpt-9")
