"""A disk that is full: the service says so, waits where it can, and works again with room.

The real thing on a small file system of its own, where this user may mount one; besides, the
database's own limit, and writes that fail.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from openai import APIStatusError, InternalServerError

from desktop_app.engine.exports.exports import Exports
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from tests.engine.service.campaign import BOTH, HOOK, KillableEngine, litter
from tests.engine.service.engine_child import FINISHED, MODEL, example_lines, start_engine
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.own_api import Caller

EXAMPLES = example_lines(12)
LONG = {"n_epochs": 15, "batch_size": 1}
STEPS = 15 * 12
SHORT = {"n_epochs": 1, "batch_size": 6}


class SmallDisk:
    """A file system of 16 MB in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, left: int = 0) -> None:
        """Leave so many bytes free."""
        self.empty()
        status = os.statvfs(self.folder)
        most = status.f_bavail * status.f_frsize - left
        with self._filler.open("wb", buffering=0) as file, suppress(OSError):
            while left == 0 or most > 0:
                most -= file.write(bytes(min(65536, most) if left else 4096))

    def empty(self) -> None:
        """Make room."""
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount one, or skip the test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only the administrator may mount a file system")
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def engine(
    disk: SmallDisk, tmp_path: Path, token_file: Path, tiny_model: Path
) -> Iterator[KillableEngine]:
    """A service on the small disk, whose runs save their state after every step."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    (hooks / "seconds").write_text("0.0")
    engine = KillableEngine(disk.folder / "store", token_file, tiny_model, hooks)
    try:
        yield engine
    finally:
        disk.empty()
        if engine.process.poll() is None:
            engine.stop()
        else:
            engine.release()


def until_refused(send: Callable[[], object]) -> None:
    """Send until there is no room for it any more."""
    for _ in range(200):
        try:
            send()
        except APIStatusError as error:
            assert refused(error), error  # noqa: PT017  # which one it is, only the disk knows
            return
    raise AssertionError("the disk does not fill up")


def refused(error: APIStatusError) -> bool:
    return error.status_code == 507 and "disk is full" in error.message


def test_what_is_sent_to_a_full_disk_is_refused(engine: KillableEngine, disk: SmallDisk) -> None:
    client = engine.client
    kept = engine.upload(EXAMPLES)
    before = client.files.content(kept).content
    upload = client.uploads.create(
        filename="a", purpose="fine-tune", bytes=500_001, mime_type="text/plain"
    )
    first = client.uploads.parts.create(upload.id, data=b"x")
    body = {"model": MODEL, "training_file": kept, "hyperparameters": SHORT}
    disk.fill(100_000)
    with pytest.raises(InternalServerError) as caught:
        client.files.create(file=("a", bytes(500_000)), purpose="fine-tune")
    assert refused(caught.value)
    with pytest.raises(InternalServerError) as caught:
        client.uploads.parts.create(upload.id, data=bytes(500_000))
    assert refused(caught.value)
    disk.fill()
    until_refused(lambda: engine.post("/v1/fine_tuning/jobs", body))
    assert client.files.content(kept).content == before
    assert client.models.list().data
    disk.empty()
    second = client.uploads.parts.create(upload.id, data=bytes(500_000))
    done = client.uploads.complete(upload.id, part_ids=[first.id, second.id])
    assert done.file is not None
    assert client.files.content(done.file.id).content == b"x" + bytes(500_000)
    for job in client.fine_tuning.jobs.list(limit=300):
        assert engine.finished(job.id).status == "succeeded"
    assert not list((engine.store / "temporary").iterdir())


@pytest.mark.parametrize("step", [0, 20, STEPS - 8])
def test_a_run_waits_for_room_and_comes_to_the_same_end(
    engine: KillableEngine, disk: SmallDisk, step: int
) -> None:
    undisturbed = engine.job(EXAMPLES, seed=5, hyperparameters=LONG)
    assert engine.finished(undisturbed.id).status == "succeeded"
    job = engine.job(EXAMPLES, seed=5, hyperparameters=LONG)
    if step:
        engine.wait_for_step(job.id, step)
    disk.fill()
    until_refused(lambda: engine.upload(EXAMPLES))
    # Nothing can come of it now: that it waits shows only in that nothing happens.
    time.sleep(1.5)
    status = engine.client.fine_tuning.jobs.retrieve(job.id).status
    assert status not in {"failed", "cancelled", "paused"}
    disk.empty()
    assert engine.finished(job.id).status == "succeeded"
    assert engine.losses(job.id) == engine.losses(undisturbed.id)
    assert engine.adapter_digest(job.id) == engine.adapter_digest(undisturbed.id)


def test_a_service_does_not_start_on_a_full_disk_and_does_when_there_is_room(
    engine: KillableEngine, disk: SmallDisk, token_file: Path, tiny_model: Path, tmp_path: Path
) -> None:
    job = engine.job(EXAMPLES, seed=5, hyperparameters=LONG)
    engine.wait_for_step(job.id, 20)
    disk.fill()
    engine.strike(BOTH)
    engine.release()
    disk.fill()
    process = start_engine(engine.store, token_file, "--starter-model", str(tiny_model))
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (6, "The store cannot be used: the disk is full.\n")
    disk.empty()
    again = KillableEngine(engine.store, token_file, tiny_model, tmp_path / "hooks")
    try:
        assert again.finished(job.id).status == "succeeded"
        assert [step for step, _ in again.losses(job.id)] == list(range(1, STEPS + 1))
        deadline = time.monotonic() + 20
        while litter(again):
            assert time.monotonic() < deadline, litter(again)
            time.sleep(0.05)
    finally:
        again.stop()


@pytest.fixture
def inside(tmp_path: Path, tiny_model: Path) -> Iterator[InProcessEngine]:
    """A service into which faults can be put."""
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        yield engine


def when(engine: InProcessEngine, job_id: str, seconds: float = 30) -> str:
    """Wait for the end of a job and return how it ended."""
    deadline = time.monotonic() + seconds
    while (job := engine.client.fine_tuning.jobs.retrieve(job_id)).status not in FINISHED:
        assert time.monotonic() < deadline, job.status
        time.sleep(0.02)
    return str(job.status)


def file_of(engine: InProcessEngine) -> str:
    content = "\n".join(EXAMPLES).encode()
    return engine.client.files.create(file=("a", content), purpose="fine-tune").id


@pytest.mark.logs("desktop_app.engine")
def test_a_database_that_cannot_grow(inside: InProcessEngine) -> None:
    """SQLite's own limit answers as a full disk does, to every user of the store."""
    client = inside.client
    file_id = file_of(inside)
    job = client.fine_tuning.jobs.create(
        model=MODEL, training_file=file_id, hyperparameters={"n_epochs": 40, "batch_size": 6}
    )
    with inside.serving.service.database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")
    until_refused(
        lambda: client.uploads.create(
            filename="a" * 200, purpose="fine-tune", bytes=1, mime_type="text/plain"
        )
    )
    assert client.fine_tuning.jobs.retrieve(job.id).status not in FINISHED
    folders = {path.name for path in inside.folders.uploads.iterdir()}
    with inside.serving.service.database.reading() as connection:
        rows = connection.execute("SELECT id FROM records WHERE kind = 'Upload'").fetchall()
        connection.execute("PRAGMA max_page_count=100000")
    assert folders == {name for (name,) in rows}
    assert when(inside, job.id) == "succeeded"
    events = client.fine_tuning.jobs.list_events(job.id, limit=200).data
    steps = [event.data["step"] for event in events if isinstance(event.data, dict) and event.data]
    assert steps == list(range(80, 0, -1))


def test_a_worker_without_room_is_tried_again_and_fails_at_last_in_plain_words(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = "desktop_app.engine.jobs_runner.supervisor.WorkerProcess.exit_code"
    monkeypatch.setattr(process, lambda _worker: int(WorkerExit.NO_SPACE))
    client = inside.client
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file_of(inside))
    deadline = time.monotonic() + 20
    while not (warned := warnings(inside, job.id)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert warned[0] == "The disk is full: the job waits until there is room. Free some space"
    assert client.fine_tuning.jobs.retrieve(job.id).status == "running"
    monkeypatch.setattr("desktop_app.engine.jobs_runner.supervisor.MOST_FULL_SECONDS", 0.0)
    assert when(inside, job.id) == "failed"
    error = client.fine_tuning.jobs.retrieve(job.id).error
    assert error is not None
    assert (error.code, str(error.message)) == (
        "insufficient_storage",
        "The disk is full. Free some space, then start the job again.",
    )


def warnings(engine: InProcessEngine, job_id: str) -> list[str]:
    events = engine.client.fine_tuning.jobs.list_events(job_id, limit=100).data
    return [event.message for event in events if event.level == "warn"]


def test_an_export_whose_end_was_not_told_is_told_after_the_start(
    inside: InProcessEngine, tmp_path: Path
) -> None:
    """As after a kill between the renaming and the row."""
    folder = tmp_path / "out"
    folder.mkdir()
    caller = Caller(str(inside.client.base_url).rstrip("/"))
    body = caller.exported(MODEL, "gguf-f16", folder)
    caller.close()
    service = inside.serving.service
    with service.database.transaction() as connection:
        connection.execute(
            "UPDATE records SET body = json_set(body, '$.status', 'running') WHERE id = ?",
            (body["id"],),
        )
    Exports(service.database, service.models, service.stopping).start()
    assert service.exports.record(body["id"]).status == "succeeded"
    assert (Path(body["path"]) / "README.md").exists()
