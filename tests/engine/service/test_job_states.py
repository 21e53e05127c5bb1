"""What may follow what in a job's life, and that nothing is told twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.core.jobs.job import JobError
from desktop_app.engine.jobs_runner.job_life import JobLife, NotPossibleError
from desktop_app.engine.jobs_runner.log_intake import LogIntake
from desktop_app.engine.jobs_runner.results import Results, result_table
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    Line,
    LogReader,
    LogWriter,
    Measured,
    Started,
)
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import (
    CHECKPOINTS,
    EVENTS,
    EventRecord,
    JobRecord,
    JobStatus,
    RunHyperparameters,
)

V, Q, R = JobStatus.VALIDATING, JobStatus.QUEUED, JobStatus.RUNNING
PAUSING, PAUSED = JobStatus.PAUSING, JobStatus.PAUSED
SUCCEEDED, FAILED, CANCELLED = JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED
ID = "ftjob-1"


class Desk:
    """A store with one job."""

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root)
        self.folders.create()
        self.database = Database(self.folders.database)
        self.life = JobLife(self.database)
        self.results = Results(self.database, self.folders)
        self.intake = LogIntake(self.database, self.life, self.results)
        self.life.create(JobRecord(ID, 0, "base", "file-1", seed=0))

    def bring_to(self, status: JobStatus) -> None:
        """Lead the job into a state."""
        steps: dict[JobStatus, list[Callable[[], object]]] = {
            V: [],
            Q: [self.validate],
            R: [self.validate, self.begin],
            PAUSING: [self.validate, self.begin, lambda: self.life.pause(ID)],
            PAUSED: [self.validate, lambda: self.life.pause(ID)],
            FAILED: [lambda: self.life.fail(ID, JobError(code="x", message="y"))],
            CANCELLED: [lambda: self.life.cancel(ID)],
            SUCCEEDED: [self.validate, self.begin, lambda: self.take(*self.whole_run())],
        }
        for step in steps[status]:
            step()
        assert self.status == status

    def validate(self) -> None:
        self.life.validated(ID, 12)

    def begin(self) -> None:
        self.life.begin(ID, RunHyperparameters(3, 2, 1.0))

    def take(self, *lines: Line) -> None:
        """Have a worker say this."""
        path = self.folders.root / "attempt-0001.jsonl"
        path.unlink(missing_ok=True)
        writer = LogWriter(path)
        for line in lines:
            writer.write(line)
        writer.close()
        self.intake.take(ID, LogReader(path))

    def whole_run(self) -> list[Line]:
        """Return all that a worker says in ten epochs of one step."""
        lines: list[Line] = [Started(0, 10, 1.0)]
        for step in range(1, 11):
            lines.append(Measured(step, 10, 1.0, 5.0, train_loss=1 / step))
            lines.append(Exported(step, 1.0))
        lines[-1] = Done(10, 2.0, 900, 50.0)
        return lines

    @property
    def status(self) -> JobStatus:
        return self.life.job(ID).status

    def events(self) -> list[EventRecord]:
        with self.database.reading() as connection:
            return EVENTS.all(connection, ID)

    def checkpoint_steps(self) -> list[int]:
        with self.database.reading() as connection:
            return [checkpoint.step for checkpoint in CHECKPOINTS.all(connection, ID)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "store")


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        (
            "cancel",
            {V: CANCELLED, Q: CANCELLED, R: CANCELLED, PAUSING: CANCELLED, PAUSED: CANCELLED},
        ),
        ("pause", {Q: PAUSED, R: PAUSING, PAUSING: PAUSING}),
        ("resume", {PAUSED: Q, PAUSING: Q}),
    ],
)
@pytest.mark.parametrize("status", list(JobStatus))
def test_what_its_owner_may_do(
    desk: Desk, act: str, allowed: dict[JobStatus, JobStatus], status: JobStatus
) -> None:
    desk.bring_to(status)
    steer = getattr(desk.life, act)
    if status in allowed:
        assert steer(ID).status == allowed[status]
        assert desk.status == allowed[status]
    else:
        with pytest.raises(NotPossibleError):
            steer(ID)
        assert desk.status == status


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED, CANCELLED])
def test_nothing_follows_the_end(desk: Desk, status: JobStatus) -> None:
    desk.bring_to(status)
    ended = desk.life.job(ID)
    told = desk.events()
    desk.life.fail(ID, JobError(code="late", message="late"))
    desk.life.halted(ID)
    desk.validate()
    desk.begin()
    desk.life.recover()
    desk.take(Measured(11, 11, 1.0, 0.0, train_loss=9.0), Exported(11, 1.0))
    desk.take(Done(11, 1.0, 1, None))
    assert desk.life.job(ID) == ended
    assert desk.events() == told


def test_a_run_told_twice_is_there_once(desk: Desk) -> None:
    desk.bring_to(R)
    lines = desk.whole_run()
    desk.take(*lines[:12])
    halfway = desk.events()
    assert desk.checkpoint_steps() == [3, 4, 5]
    desk.take(*lines[:12])
    assert desk.events() == halfway
    assert desk.checkpoint_steps() == [3, 4, 5]
    desk.take(*lines)
    desk.take(*lines)
    metrics = [event.data["step"] for event in desk.events() if event.type == "metrics"]
    assert metrics == list(range(1, 11))
    assert desk.checkpoint_steps() == [8, 9, 10]
    job = desk.life.job(ID)
    assert (job.status, job.trained_tokens, len(job.result_files)) == (SUCCEEDED, 900, 1)
    table = (desk.folders.files / job.result_files[0]).read_text().splitlines()
    assert len(table) == 11
    assert table[1].startswith("1,1.0,")


def test_adapters_beyond_the_last_three_are_removed(desk: Desk) -> None:
    desk.bring_to(R)
    for step in range(1, 11):
        (desk.folders.jobs / ID / f"adapter-{step:08}").mkdir(parents=True)
    desk.take(*desk.whole_run())
    left = sorted(path.name for path in (desk.folders.jobs / ID).iterdir())
    assert left == ["adapter-00000008", "adapter-00000009", "adapter-00000010"]


def test_the_time_of_the_end_is_estimated(desk: Desk) -> None:
    desk.bring_to(R)
    desk.take(Measured(1, 10, 1000.0, 250.0, train_loss=1.0))
    assert desk.life.job(ID).estimated_finish == 1250
    desk.life.pause(ID)
    desk.life.halted(ID)
    assert (desk.status, desk.life.job(ID).estimated_finish) == (PAUSED, None)


def test_after_a_restart_nothing_is_still_being_paused(desk: Desk) -> None:
    desk.bring_to(PAUSING)
    desk.life.recover()
    assert desk.status == PAUSED


def test_pausing_twice_is_told_twice(desk: Desk) -> None:
    desk.bring_to(PAUSED)
    desk.life.resume(ID)
    desk.life.pause(ID)
    messages = [event.message for event in desk.events()]
    assert messages.count("The job is paused") == 2


def test_what_runs_comes_before_what_waits(desk: Desk) -> None:
    for number in (2, 3):
        desk.life.create(JobRecord(f"ftjob-{number}", 0, "base", "file-1", seed=0))
        desk.life.validated(f"ftjob-{number}", 12)
    desk.life.begin("ftjob-3", RunHyperparameters(1, 1, 1.0))
    assert desk.life.count_active() == 3
    first = desk.life.first(R, Q)
    assert first is not None
    assert first.id == "ftjob-3"
    desk.life.cancel("ftjob-3")
    then = desk.life.first(R, Q)
    assert then is not None
    assert then.id == "ftjob-2"


def test_empty_cells_where_nothing_was_measured() -> None:
    events = [
        EventRecord("a", 0, "Step 0/2", type="metrics", data={"step": 0, "full_valid_loss": 3.5}),
        EventRecord("b", 0, "a message"),
        EventRecord("c", 0, "Step 1/2", type="metrics", data={"step": 1, "train_loss": 2.0}),
    ]
    assert result_table(events).decode().splitlines()[1:] == ["0,,,,,3.5,", "1,2.0,,,,,"]
