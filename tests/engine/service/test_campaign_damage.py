"""Files of the store damaged or gone: the service says so, and serves what is left."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import APIStatusError, BadRequestError, NotFoundError

from desktop_app.core.examples.rules import SUPERVISED
from desktop_app.engine.jobs_runner.job_folder import states, step_of
from desktop_app.engine.jobs_runner.settings import RunSettings
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.jobs_runner.worker_log import LogReader, Started, attempts
from desktop_app.engine.store.database import Database, StoreError
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import FILES, JOBS, FileRecord
from desktop_app.engine.store.tidying import tidy
from tests.engine.service.engine_child import (
    FINISHED,
    MODEL,
    Engine,
    example_lines,
    running_engine,
    start_engine,
)
from tests.engine.service.worker_child import start_attempt, write_job

HELLO = [{"role": "user", "content": "hello"}]
FLIPS = 12


@pytest.fixture
def own_engine(tmp_path: Path, token_file: Path, tiny_model: Path) -> Iterator[Engine]:
    """A service whose store the test damages."""
    with running_engine(tmp_path / "store", token_file, tiny_model) as engine:
        yield engine


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """The folder of a run that was killed with two states saved."""
    folder = write_run(tmp_path_factory.mktemp("run") / "job", tiny_model, seed=7)
    process = start_attempt(folder)
    while len(states(folder)) < 2 and process.exitcode is None:
        process.join(0.005)
    process.kill()
    process.join()
    assert len(states(folder)) >= 2
    return folder


def write_run(folder: Path, tiny_model: Path, seed: int) -> Path:
    settings = RunSettings(
        model_path=str(tiny_model),
        seed=seed,
        n_epochs=3,
        batch_size=1,
        learning_rate_multiplier=3.0,
        has_validation=False,
        method=SUPERVISED,
    )
    return write_job(folder, settings, example_lines(10), [])


def adapter_of(folder: Path) -> bytes:
    return (folder / "adapter-00000030" / "adapter_model.safetensors").read_bytes()


def flip(path: Path, draw: random.Random) -> None:
    """Turn over one bit of a state's numbers, or of what says where they lie."""
    content = bytearray(path.read_bytes())
    header = int.from_bytes(content[:8], "little")
    place = draw.choice([draw.randrange(8), draw.randrange(8 + header, len(content))])
    content[place] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def damage(path: Path, draw: random.Random, how: int) -> None:
    """Damage a state in one way after another."""
    if how % 4 < 2:
        flip(path, draw)
    elif how % 4 == 2:
        path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)])
    else:
        path.write_bytes(b"")


@pytest.fixture(scope="module")
def wanted(killed_run: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The adapter that the run ends with, undamaged."""
    folder = tmp_path_factory.mktemp("straight") / "job"
    shutil.copytree(killed_run, folder)
    process = start_attempt(folder)
    process.join(60)
    assert process.exitcode == WorkerExit.DONE
    return adapter_of(folder)


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_damaged_state_is_seen_and_the_one_before_taken(
    killed_run: Path, tmp_path: Path, wanted: bytes, seed: int
) -> None:
    draw = random.Random(seed)
    folder = tmp_path / "job"
    shutil.copytree(killed_run, folder)
    both = seed % 3 == 0
    earlier, last = states(folder)[-2:]
    for path in [earlier, last] if both else [last]:
        damage(path, draw, seed)
    for path in states(folder)[:-2]:
        path.unlink()
    process = start_attempt(folder)
    process.join(60)
    assert process.exitcode == WorkerExit.DONE
    started = next(
        line for line in LogReader(attempts(folder)[-1]).lines() if isinstance(line, Started)
    )
    assert (started.step, started.checkpoint_damaged) == (0 if both else step_of(earlier), True)
    assert adapter_of(folder) == wanted


def test_the_state_of_another_run_is_neither_taken_nor_removed(
    killed_run: Path, tmp_path: Path, tiny_model: Path
) -> None:
    other = write_run(tmp_path / "other", tiny_model, seed=8)
    (strange,) = [states(killed_run)[-1]]
    shutil.copy(strange, other / strange.name)
    process = start_attempt(other)
    process.join(60)
    assert process.exitcode == WorkerExit.OTHER_RUN
    assert not list(LogReader(attempts(other)[-1]).lines())
    assert [path.read_bytes() for path in states(other)] == [strange.read_bytes()]


@pytest.mark.logs("desktop_app.engine.store.table")
def test_a_damaged_database_is_refused_or_read_and_nothing_is_removed(tmp_path: Path) -> None:
    """Bits, bytes and pages at random places: no file goes because its row cannot be read."""
    folders = Folders(tmp_path / "store")
    folders.create()
    database = Database(folders.database)
    with database.transaction() as connection:
        for number in range(60):
            FILES.add(connection, FileRecord(f"file-{number:024}", "a" * 99, "fine-tune", 1, 0))
            (folders.files / f"file-{number:024}").write_bytes(b"x")
    database.close()
    sound = folders.database.read_bytes()
    refused = []
    for seed in range(150):
        draw = random.Random(seed)
        content = bytearray(sound)
        length = draw.choice([1, 1, 16, 4096])
        start = draw.randrange(len(content))
        content[start : start + length] = draw.randbytes(len(content[start : start + length]))
        if seed % 10 == 0:
            del content[draw.randrange(100, len(content)) :]
        folders.database.write_bytes(content)
        try:
            damaged = Database(folders.database)
        except StoreError as error:
            refused.append(str(error))
            continue
        tidy(damaged, folders)
        with damaged.reading() as connection:
            assert len(FILES.all(connection)) <= 60
        damaged.close()
        assert len(list(folders.files.iterdir())) == 60, f"seed {seed}"
    assert len(refused) > 75
    assert all("engine.sqlite" in said or "newer version" in said for said in refused)


def test_a_service_with_a_damaged_database_does_not_start(
    own_engine: Engine, token_file: Path, tiny_model: Path
) -> None:
    own_engine.upload(example_lines(12))
    own_engine.stop()
    own_engine.may_be_dead = True
    path = own_engine.store / "engine.sqlite"
    content = bytearray(path.read_bytes())
    content[5000:9000] = random.Random(1).randbytes(4000)
    path.write_bytes(content)
    process = start_engine(own_engine.store, token_file, "--starter-model", str(tiny_model))
    _, said = process.communicate(timeout=20)
    assert process.returncode == 6
    assert said.startswith("The store cannot be used: engine.sqlite")
    assert len(list((own_engine.store / "files").iterdir())) == 1


def test_a_damaged_row_takes_no_other_with_it(own_engine: Engine) -> None:
    first, second = (own_engine.upload(example_lines(1)) for _ in range(2))
    connection = sqlite3.connect(own_engine.store / "engine.sqlite", timeout=20)
    with connection:
        connection.execute(
            "UPDATE records SET body = json_remove(body, '$.purpose') WHERE id = ?", (first,)
        )
    connection.close()
    assert [file.id for file in own_engine.client.files.list()] == [second]
    with pytest.raises(APIStatusError, match="a File in it is damaged"):
        own_engine.client.files.retrieve(first)
    assert (own_engine.store / "files" / first).exists()


def test_a_file_whose_bytes_are_gone(own_engine: Engine) -> None:
    files, client = own_engine.store / "files", own_engine.client
    file_id = own_engine.upload(example_lines(12))
    (files / file_id).unlink()
    with pytest.raises(NotFoundError, match="missing on the disk"):
        client.files.content(file_id)
    with pytest.raises(APIStatusError, match=f"No such File object: {file_id}") as refused:
        client.fine_tuning.jobs.create(model=MODEL, training_file=file_id)
    assert refused.value.param == "training_file"
    assert [file.id for file in client.files.list()] == [file_id]
    assert not list((own_engine.store / "jobs").iterdir())
    assert client.files.delete(file_id).deleted


def test_a_part_whose_bytes_are_gone(own_engine: Engine) -> None:
    uploads = own_engine.client.uploads
    upload = uploads.create(filename="a", purpose="fine-tune", bytes=2, mime_type="text/plain")
    part = uploads.parts.create(upload.id, data=b"ab")
    (own_engine.store / "uploads" / upload.id / part.id).unlink()
    with pytest.raises(BadRequestError, match="send it again"):
        uploads.complete(upload.id, part_ids=[part.id])
    again = uploads.parts.create(upload.id, data=b"ab")
    assert uploads.complete(upload.id, part_ids=[again.id]).status == "completed"


def test_a_tuned_model_whose_adapter_is_gone(own_engine: Engine) -> None:
    client = own_engine.client
    job = own_engine.job(example_lines(12), hyperparameters={"n_epochs": 1})
    job = own_engine.when(job.id, FINISHED)
    shutil.rmtree(next((own_engine.store / "jobs" / job.id).glob("adapter-*")))
    model = str(job.fine_tuned_model)
    with pytest.raises(APIStatusError, match="cannot be used"):
        client.chat.completions.create(model=model, messages=HELLO)  # type: ignore[arg-type]  # plain dicts
    with pytest.raises(BadRequestError, match="its adapter is missing") as refused:
        client.fine_tuning.jobs.create(
            model=model, training_file=own_engine.upload(example_lines(12))
        )
    assert refused.value.param == "model"
    assert model in {listed.id for listed in client.models.list()}
    assert client.fine_tuning.jobs.checkpoints.list(job.id).data
    assert client.models.delete(model).deleted
    client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=1)  # type: ignore[arg-type]  # plain dicts


def test_a_job_whose_examples_are_gone_fails_and_the_next_one_runs(
    own_engine: Engine, token_file: Path, tiny_model: Path
) -> None:
    jobs = own_engine.client.fine_tuning.jobs
    job = own_engine.job(example_lines(12), hyperparameters={"n_epochs": 20, "batch_size": 1})
    own_engine.wait_for_step(job.id, 5)
    jobs.pause(job.id)
    own_engine.when(job.id, {"paused"})
    (own_engine.store / "jobs" / job.id / "training.jsonl").unlink()
    jobs.resume(job.id)
    assert own_engine.finished(job.id).status == "failed"
    assert str(jobs.retrieve(job.id).error)
    other = own_engine.job(example_lines(12), hyperparameters={"n_epochs": 1})
    assert own_engine.finished(other.id).status == "succeeded"
    with Database(own_engine.store / "engine.sqlite").reading() as connection:
        assert len(JOBS.all(connection)) == 2
