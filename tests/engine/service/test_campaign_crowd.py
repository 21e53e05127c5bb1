"""Fifty clients who do all sorts of things at once, and whoever else uses this computer."""

import os
import random
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from openai import OpenAI

from tests.engine.service.engine_child import (
    FINISHED,
    MODEL,
    Engine,
    example_lines,
    new_client,
    running_engine,
)
from tests.engine.service.raw_http import answer, connection, head

CLIENTS = 50
MOST_SECONDS = 30.0
MOST_BYTES = 300 * 1024 * 1024
CONTENT = "\n".join(example_lines(12)).encode()


def sends_files(client: OpenAI, draw: random.Random) -> None:
    content = draw.randbytes(draw.randrange(1, 500_000))
    name = draw.choice(["a.jsonl", "../../../etc/passwd", "C:\\x\\y.jsonl", "\x00\n", "ä" * 300])
    file = client.files.create(file=(name, content), purpose="fine-tune")
    assert "/" not in file.filename
    assert "\\" not in file.filename
    assert file.filename.isprintable()
    assert len(file.filename) <= 255
    assert client.files.content(file.id).content == content
    assert client.files.delete(file.id).deleted


def sends_parts(client: OpenAI, draw: random.Random) -> None:
    parts = [draw.randbytes(draw.randrange(1, 50_000)) for _ in range(3)]
    upload = client.uploads.create(
        filename="b", purpose="fine-tune", bytes=sum(map(len, parts)), mime_type="text/plain"
    )
    ids = [client.uploads.parts.create(upload.id, data=part).id for part in parts]
    file = client.uploads.complete(upload.id, part_ids=ids).file
    assert file is not None
    assert client.files.content(file.id).content == b"".join(parts)


def makes_a_job(client: OpenAI, _draw: random.Random) -> None:
    jobs = client.fine_tuning.jobs
    file = client.files.create(file=("c", CONTENT), purpose="fine-tune")
    job = jobs.create(model=MODEL, training_file=file.id, hyperparameters={"n_epochs": 1})
    assert jobs.cancel(job.id).status == "cancelled"
    assert jobs.retrieve(job.id).status == "cancelled"
    assert jobs.list_events(job.id).data[0].message == "The job has been cancelled"


def lists(client: OpenAI, _draw: random.Random) -> None:
    assert client.models.list().data
    client.files.list(limit=10)
    client.fine_tuning.jobs.list(limit=10)


def chats(client: OpenAI, draw: random.Random) -> None:
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": f"say {draw.random()}"}],
        max_tokens=8,
        stream=True,
    )
    assert [chunk.choices[0].finish_reason for chunk in stream][-1] in {"length", "stop"}


KINDS = (sends_files, sends_parts, makes_a_job, lists, chats)


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """Yield a list whose only number is the most memory seen so far, in bytes."""
    most, ended = [0], threading.Event()
    process = psutil.Process(pid)

    def watch() -> None:
        while not ended.wait(0.02):
            most[0] = max(most[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def test_fifty_clients_of_all_kinds(engine: Engine) -> None:
    """A job runs beside them, and somebody sends a byte a second all the while."""
    running = engine.job(example_lines(15), hyperparameters={"n_epochs": 20, "batch_size": 1})
    together = threading.Barrier(CLIENTS)

    def visit(number: int) -> float:
        draw = random.Random(number)
        with new_client(engine.base_url) as client:
            together.wait(20)
            slowest = 0.0
            for kind in draw.sample(KINDS, len(KINDS)):
                began_at = time.monotonic()
                kind(client, draw)
                slowest = max(slowest, time.monotonic() - began_at)
            return slowest

    with (
        connection(engine.base_url) as slow,
        watched(engine.process.pid) as most,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        kind = "multipart/form-data; boundary=b"
        slow.sendall(
            head(engine.base_url, "POST", "/v1/files", Content_Type=kind, Content_Length="1000")
        )
        visits = pool.map(visit, range(CLIENTS))
        slow.sendall(b"-")
        slowest = max(visits)
        slow.sendall(b"-")
    assert slowest < MOST_SECONDS
    assert most[0] < MOST_BYTES
    assert engine.finished(running.id).status == "succeeded"
    statuses = {job.status for job in engine.client.fine_tuning.jobs.list(limit=100)}
    assert statuses <= FINISHED


def test_a_gigabyte_of_json_costs_no_memory(engine: Engine) -> None:
    """It is refused for what it announces, before anything of it is read."""
    before = psutil.Process(engine.process.pid).memory_info().rss
    with watched(engine.process.pid) as most, connection(engine.base_url) as opened:
        opened.sendall(
            head(
                engine.base_url,
                "POST",
                "/v1/fine_tuning/jobs",
                Content_Type="application/json",
                Content_Length=str(10**9),
            )
        )
        number, _, body = answer(opened)
    assert (number, body["error"]["param"]) == (413, None)
    assert most[0] < before + 50 * 1024 * 1024


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_others_of_this_computer_can_read_nothing(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    """Even where whoever starts the service lets everybody read what they write."""
    before = os.umask(0)
    try:
        (tmp_path / "store").mkdir(mode=0o777)
        with running_engine(tmp_path / "store", token_file, tiny_model) as engine:
            job = engine.job(example_lines(12), hyperparameters={"n_epochs": 30, "batch_size": 1})
            upload = engine.client.uploads.create(
                filename="a", purpose="fine-tune", bytes=9, mime_type="text/plain"
            )
            engine.client.uploads.parts.create(upload.id, data=b"x")
            engine.wait_for_step(job.id, 20)
            while_running = modes(engine.store)
            engine.finished(job.id)
            after = modes(engine.store)
        for path, mode in (while_running | after).items():
            assert mode & 0o077 == 0, f"{path} {mode:o}"
        assert {path.split("/")[0] for path in while_running} >= {"files", "jobs", "uploads"}
    finally:
        os.umask(before)


def modes(store: Path) -> dict[str, int]:
    """Return the modes of a store and of everything in it."""
    found = {"./": stat.S_IMODE(store.stat().st_mode)}
    for path in store.rglob("*"):
        try:
            found[str(path.relative_to(store))] = stat.S_IMODE(path.lstat().st_mode)
        except FileNotFoundError:  # the running job has just removed it
            continue
    return found
