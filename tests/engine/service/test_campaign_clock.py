"""The clock of the computer jumps: what is told stays in order, and waits are as long as ever."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import BadRequestError, NotFoundError

from tests.engine.service.campaign import KillableEngine
from tests.engine.service.engine_child import MODEL, example_lines

HOOK = """
import os, sys, time
from pathlib import Path
_real, _file = time.time, Path(os.environ["SAVE_SECONDS_FILE"])
def _jumped():
    try:
        return _real() + float(_file.read_text())
    except ValueError:  # it is just being written
        return _real()
time.time = _jumped
sys.path.insert(0, os.getcwd())
"""
"""What Python runs first in the service and its workers: their clock is off by what a file says."""
HOUR, DAY = 3600, 86400
EXAMPLES = example_lines(15)
LONG = {"n_epochs": 30, "batch_size": 1}


class Clock:
    """By how much the clock of a service is off."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Set it, all at once."""
        part = self._file.with_suffix(".new")
        part.write_text(str(seconds))
        part.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    return Clock(hooks / "seconds")


@pytest.fixture
def engine(
    clock: Clock, tmp_path: Path, token_file: Path, tiny_model: Path
) -> Iterator[KillableEngine]:
    """A service whose clock can be set."""
    engine = KillableEngine(tmp_path / "store", token_file, tiny_model, tmp_path / "hooks")
    try:
        yield engine
    finally:
        engine.stop()


@pytest.mark.parametrize("jumps", [(-HOUR, DAY), (DAY, -HOUR), (-40 * 365 * DAY, 0)])
def test_a_job_while_the_clock_jumps(
    engine: KillableEngine, clock: Clock, jumps: tuple[int, int]
) -> None:
    jobs = engine.client.fine_tuning.jobs
    before = jobs.create(
        model=MODEL,
        training_file=engine.upload(EXAMPLES),
        hyperparameters=LONG,  # type: ignore[arg-type]  # a plain dict
    )
    engine.wait_for_step(before.id, 10)
    clock.jump(jumps[0])
    jobs.pause(before.id)
    engine.when(before.id, {"paused"})
    between = engine.job(example_lines(12), hyperparameters={"n_epochs": 1})
    assert engine.finished(between.id).status == "succeeded"
    clock.jump(jumps[1])
    jobs.resume(before.id)
    # As quick as ever: no wait of the service, its worker or its poll goes by this clock.
    began_at = time.monotonic()
    assert engine.finished(before.id).status == "succeeded"
    assert time.monotonic() - began_at < 30
    for job in (jobs.retrieve(before.id), jobs.retrieve(between.id)):
        times = [event.created_at for event in engine.events(job.id)]
        assert times == sorted(times)
        assert job.finished_at is not None
        assert job.finished_at >= job.created_at
    steps = [step for step, _ in engine.losses(before.id)]
    assert steps == list(range(1, 30 * 15 + 1))
    # In the order in which they came, whatever the clock said then.
    assert [job.id for job in jobs.list()] == [between.id, before.id]


def test_a_clock_that_was_wrong_takes_no_file(engine: KillableEngine, clock: Clock) -> None:
    client = engine.client
    kept = engine.upload(example_lines(1))
    lasting = client.files.create(
        file=("a", b"x"),
        purpose="fine-tune",
        expires_after={"anchor": "created_at", "seconds": 30 * DAY},
    )
    passing = client.files.create(
        file=("a", b"x"),
        purpose="fine-tune",
        expires_after={"anchor": "created_at", "seconds": HOUR},
    )
    assert passing.expires_at == passing.created_at + HOUR
    upload = client.uploads.create(
        filename="a", purpose="fine-tune", bytes=2, mime_type="text/plain"
    )
    clock.jump(-HOUR)
    assert {file.id for file in client.files.list()} == {kept, lasting.id, passing.id}
    part = client.uploads.parts.create(upload.id, data=b"xx")
    clock.jump(DAY)
    assert {file.id for file in client.files.list()} == {kept, lasting.id}
    with pytest.raises(NotFoundError):
        client.files.content(passing.id)
    with pytest.raises(BadRequestError, match="is expired"):
        client.uploads.complete(upload.id, part_ids=[part.id])
    clock.jump(0)
    assert client.files.content(kept).content
    assert client.files.content(lasting.id).content == b"x"


def test_an_idle_service_ends_by_no_jump(
    clock: Clock, tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    """Idle is what it is by a clock that only goes forward."""
    hooks = tmp_path / "hooks"
    engine = KillableEngine(tmp_path / "store", token_file, tiny_model, hooks, "--idle-exit", "600")
    clock.jump(DAY)
    assert engine.get("/engine")["active_jobs"] == 0
    with pytest.raises(TimeoutError):
        wait_for_end(engine, 2.5)
    engine.stop()


def wait_for_end(engine: KillableEngine, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while engine.process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
