"""Uploads in parts: their life, what they refuse, and what a fault or a kill leaves of them."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from openai import (
    APIConnectionError,
    APIStatusError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    OpenAI,
    omit,
)
from openai.types import Upload

from desktop_app.engine.api.upload import ReceivedForm, receive
from desktop_app.engine.store import uploads as stored_uploads
from desktop_app.engine.store.durable import join_durably
from tests.engine.service.engine_child import MODEL, Engine, example_lines, running_engine
from tests.engine.service.in_process import InProcessEngine, in_process_engine


@pytest.fixture
def inside(tmp_path: Path, tiny_model: Path) -> Iterator[InProcessEngine]:
    """A service into which a fault can be put."""
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        yield engine


def announce(client: OpenAI, size: int, **options: Any) -> Upload:  # noqa: ANN401  # as the SDK
    """Begin an upload."""
    return client.uploads.create(
        filename="big.jsonl", purpose="fine-tune", bytes=size, mime_type="text/jsonl", **options
    )


def send(client: OpenAI, upload: Upload, *contents: bytes) -> list[str]:
    """Send parts and return their ids."""
    return [client.uploads.parts.create(upload.id, data=content).id for content in contents]


def status(client: OpenAI, upload_id: str) -> str:
    """Return how an upload stands."""
    return str(client.get(f"/uploads/{upload_id}", cast_to=Upload).status)


def leftovers(store: Path) -> list[str]:
    """Return what the store holds of uploads beside files."""
    return [path.name for name in ("uploads", "temporary") for path in (store / name).rglob("*")]


def test_parts_become_a_file_in_the_order_named(engine: Engine) -> None:
    parts = [bytes([number]) * 70_001 for number in range(4)]
    upload = announce(engine.client, sum(map(len, parts)))
    assert (upload.status, upload.object, upload.file) == ("pending", "upload", None)
    assert upload.expires_at == upload.created_at + 3600
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda data: send(engine.client, upload, data)[0], parts))
    wanted = b"".join(reversed(parts))
    digest = hashlib.md5(wanted).hexdigest()
    done = engine.client.uploads.complete(upload.id, part_ids=ids[::-1], md5=digest.upper())
    assert done.status == "completed"
    assert done.file is not None
    assert (done.file.bytes, done.file.filename) == (len(wanted), "big.jsonl")
    assert engine.client.files.content(done.file.id).content == wanted
    assert engine.client.files.retrieve(done.file.id) == done.file
    assert not leftovers(engine.store)


def test_the_sdk_splits_a_file_by_itself(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text("".join(line + "\n" for line in example_lines(12)))
    upload = engine.client.uploads.upload_file_chunked(
        file=path, mime_type="text/jsonl", purpose="fine-tune", part_size=500
    )
    assert upload.file is not None
    assert engine.client.files.content(upload.file.id).content == path.read_bytes()
    job = engine.client.fine_tuning.jobs.create(
        model=MODEL, training_file=upload.file.id, hyperparameters={"n_epochs": 1}
    )
    assert engine.finished(job.id).status == "succeeded"


def test_what_does_not_fit_together_leaves_the_upload_as_it_was(engine: Engine) -> None:
    upload = announce(engine.client, 4)
    one, two = send(engine.client, upload, b"ab", b"cd")
    other = send(engine.client, announce(engine.client, 2), b"cd")[0]
    complete = engine.client.uploads.complete
    wrong: list[tuple[list[str], str | None, str]] = [
        ([one], None, "part_ids"),
        ([], None, "part_ids"),
        ([one, two, two], None, "part_ids"),
        ([one, one], None, "part_ids"),
        ([one, other], None, "part_ids"),
        ([one, "part_unknown"], None, "part_ids"),
        ([one, two], "0" * 32, "md5"),
        ([one, two], "no checksum", "md5"),
    ]
    for part_ids, md5, param in wrong:
        with pytest.raises(BadRequestError) as caught:
            complete(upload.id, part_ids=part_ids, md5=omit if md5 is None else md5)
        assert caught.value.param == param
    assert status(engine.client, upload.id) == "pending"
    done = complete(upload.id, part_ids=[one, two])
    assert done.file is not None
    assert engine.client.files.content(done.file.id).content == b"abcd"


def test_nothing_follows_the_end(engine: Engine) -> None:
    uploads = engine.client.uploads
    completed = announce(engine.client, 1)
    part_ids = send(engine.client, completed, b"x")
    file = uploads.complete(completed.id, part_ids=part_ids).file
    assert file is not None
    assert uploads.complete(completed.id, part_ids=part_ids).file == file
    cancelled = announce(engine.client, 1)
    send(engine.client, cancelled, b"x")
    assert uploads.cancel(cancelled.id).status == "cancelled"
    assert uploads.cancel(cancelled.id).status == "cancelled"
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: uploads.complete(completed.id, part_ids=["part_other"]), "completed"),
        (lambda: uploads.cancel(completed.id), "completed"),
        (lambda: send(engine.client, completed, b"y"), "completed"),
        (lambda: uploads.complete(cancelled.id, part_ids=part_ids), "cancelled"),
        (lambda: send(engine.client, cancelled, b"y"), "cancelled"),
    ]
    for ask, word in refused:
        with pytest.raises(BadRequestError, match=f"is {word}"):
            ask()
    engine.client.files.delete(file.id)
    assert uploads.complete(completed.id, part_ids=part_ids).file is None
    assert not any(name in leftovers(engine.store) for name in (completed.id, cancelled.id))


def test_unknown_uploads(engine: Engine) -> None:
    uploads = engine.client.uploads
    for ask in (
        lambda: uploads.cancel("upload_unknown"),
        lambda: uploads.complete("upload_unknown", part_ids=[]),
        lambda: uploads.parts.create("upload_unknown", data=b"x"),
        lambda: status(engine.client, "..%2f..%2fengine.sqlite"),
    ):
        with pytest.raises(NotFoundError):
            ask()


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"bytes": 0}, "bytes"),
        ({"bytes": 8 * 2**30 + 1}, "bytes"),
        ({"bytes": 1.5}, "bytes"),
        ({"bytes": None}, "bytes"),
        ({"purpose": "assistants"}, "purpose"),
        ({"filename": ""}, "filename"),
        ({"mime_type": 7}, "mime_type"),
        ({"expires_after": {"anchor": "created_at", "seconds": 60}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "today", "seconds": 3600}}, "expires_after.anchor"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_fields(engine: Engine, changed: dict[str, Any], param: str) -> None:
    right = {"filename": "a", "purpose": "fine-tune", "bytes": 1, "mime_type": "text/jsonl"}
    with pytest.raises(BadRequestError) as caught:
        engine.client.post("/uploads", cast_to=object, body=right | changed)
    assert caught.value.param == param


def test_the_largest_upload_and_a_name_with_folders(engine: Engine) -> None:
    upload = engine.client.uploads.create(
        filename="../../etc/passwd", purpose="fine-tune", bytes=8 * 2**30, mime_type=""
    )
    assert (upload.bytes, upload.filename) == (8 * 2**30, "passwd")


def test_a_part_that_is_too_large(inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.engine.api.limits.MAX_PART_BYTES", 100)
    upload = announce(inside.client, 100)
    for size in (101, 3_000_000):
        with pytest.raises(APIStatusError) as caught:
            send(inside.client, upload, b"x" * size)
        assert (caught.value.status_code, caught.value.param) == (413, "data")
    part_ids = send(inside.client, upload, b"x" * 100)
    monkeypatch.setattr(stored_uploads, "MAX_UPLOAD_BYTES", 150)
    with pytest.raises(BadRequestError, match="exceed 8 GB"):
        send(inside.client, upload, b"x" * 51)
    assert inside.client.uploads.complete(upload.id, part_ids=part_ids).status == "completed"
    assert not leftovers(inside.folders.root)


def test_an_upload_ends_after_its_hour(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = announce(inside.client, 1)
    part_ids = send(inside.client, upload, b"x")
    now = time.time()
    monkeypatch.setattr("desktop_app.engine.store.uploads.time.time", lambda: now + 3601)
    for ask in (
        lambda: send(inside.client, upload, b"x"),
        lambda: inside.client.uploads.complete(upload.id, part_ids=part_ids),
        lambda: inside.client.uploads.cancel(upload.id),
    ):
        with pytest.raises(BadRequestError, match="is expired"):
            ask()
    assert status(inside.client, upload.id) == "expired"
    assert not leftovers(inside.folders.root)


def test_a_file_ends_after_its_time(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, lifetime = inside.client.files, {"anchor": "created_at", "seconds": 3600}
    given: Any = {"expires_after": lifetime}
    upload = announce(inside.client, 2, **given)
    by_parts = inside.client.uploads.complete(
        upload.id, part_ids=send(inside.client, upload, b"{}")
    ).file
    assert by_parts is not None
    at_once = files.create(file=("a.jsonl", b"{}"), purpose="fine-tune", **given)
    for_ever = files.create(file=("b.jsonl", b"{}"), purpose="fine-tune")
    for file in (by_parts, at_once):
        assert file.expires_at == file.created_at + 3600
    assert for_ever.expires_at is None
    assert len(files.list().data) == 3
    now = time.time()
    monkeypatch.setattr("desktop_app.engine.store.stored_files.time.time", lambda: now + 3601)
    with pytest.raises(BadRequestError, match="invalid training_file"):
        inside.client.fine_tuning.jobs.create(model=MODEL, training_file=by_parts.id)
    assert [file.id for file in files.list()] == [for_ever.id]
    with pytest.raises(NotFoundError):
        files.retrieve(at_once.id)
    assert [path.name for path in inside.folders.files.iterdir()] == [for_ever.id]


def test_an_upload_that_ends_while_a_part_comes(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = announce(inside.client, 1)

    async def receive_and_cancel(*arguments: Any) -> ReceivedForm:  # noqa: ANN401  # passed on
        form = await receive(*arguments)
        inside.serving.service.uploads.cancel(upload.id)
        return form

    monkeypatch.setattr("desktop_app.engine.api.uploads_api.receive", receive_and_cancel)
    with pytest.raises(BadRequestError, match="is cancelled"):
        send(inside.client, upload, b"x")
    assert not leftovers(inside.folders.root)


@pytest.mark.logs("desktop_app.engine.errors")
@pytest.mark.parametrize(
    "place", ["stored_files.move_durably", "stored_files.FILES.add", "uploads.PARTS.delete_owned"]
)
def test_a_fault_while_completing(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    upload = announce(inside.client, 4)
    part_ids = send(inside.client, upload, b"ab", b"cd")

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"desktop_app.engine.store.{place}", full)
        with pytest.raises(APIStatusError) as caught:
            inside.client.uploads.complete(upload.id, part_ids=part_ids)
    assert caught.value.status_code == 507
    assert status(inside.client, upload.id) == "pending"
    assert not inside.client.files.list().data
    assert not list(inside.folders.files.iterdir())
    assert sorted(leftovers(inside.folders.root)) == sorted([upload.id, *part_ids])
    assert inside.client.uploads.complete(upload.id, part_ids=part_ids).status == "completed"


def test_only_one_request_ends_an_upload(
    inside: InProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = announce(inside.client, 1)
    part_ids = send(inside.client, upload, b"x")
    begun, go_on = threading.Event(), threading.Event()

    def slowly(sources: Sequence[Path], path: Path, seen: Any, **options: Any) -> None:  # noqa: ANN401  # passed on
        begun.set()
        assert go_on.wait(20)
        join_durably(sources, path, seen, **options)

    monkeypatch.setattr("desktop_app.engine.store.uploads.join_durably", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(inside.client.uploads.complete, upload.id, part_ids=part_ids)
        try:
            assert begun.wait(20)
            monkeypatch.setattr(
                "desktop_app.engine.store.uploads.time.time", lambda: upload.expires_at + 1
            )
            with pytest.raises(ConflictError):
                inside.client.uploads.complete(upload.id, part_ids=part_ids)
            with pytest.raises(ConflictError):
                inside.client.uploads.cancel(upload.id)
        finally:
            go_on.set()
        assert first.result(20).status == "completed"


def test_a_service_that_ends_leaves_an_upload_pending(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        upload = announce(engine.client, 1)
        part_ids = send(engine.client, upload, b"x")

        def stopped(*arguments: Any, **options: Any) -> None:  # noqa: ANN401  # passed on
            engine.serving.service.stopping.set()
            join_durably(*arguments, **options)

        monkeypatch.setattr("desktop_app.engine.store.uploads.join_durably", stopped)
        with pytest.raises(APIStatusError) as caught:
            engine.client.uploads.complete(upload.id, part_ids=part_ids)
        assert caught.value.status_code == 503
        monkeypatch.undo()
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        done = engine.client.uploads.complete(upload.id, part_ids=part_ids)
        assert done.status == "completed"


def test_a_kill_while_completing_loses_nothing(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    """Wherever it falls: what was acknowledged is there, and the same request ends it well."""
    store, size = tmp_path / "store", 16 * 2**20
    contents = [bytes([number]) * size for number in (1, 2)]
    with running_engine(store, token_file, tiny_model) as engine:
        upload = announce(engine.client, 2 * size)
        part_ids = send(engine.client, upload, *contents)
        assert {path.stat().st_mode & 0o077 for path in store.rglob("*")} == {0}
        engine.kill()
    for delay in (0.0, 0.01, 0.03, 0.1):
        with running_engine(store, token_file, tiny_model) as engine:
            complete = engine.client.uploads.complete
            asked = threading.Thread(target=_ignore_end, args=(complete, upload.id, part_ids))
            asked.start()
            asked.join(delay)
            engine.kill()
            asked.join(20)
        assert all(path.stat().st_size == 2 * size for path in (store / "files").iterdir())
    with running_engine(store, token_file, tiny_model) as engine:
        done = engine.client.uploads.complete(upload.id, part_ids=part_ids)
        assert done.file is not None
        assert [file.id for file in engine.client.files.list()] == [done.file.id]
        assert engine.client.files.content(done.file.id).content == b"".join(contents)
    assert not leftovers(store)


def _ignore_end(complete: Callable[..., object], upload_id: str, part_ids: list[str]) -> None:
    """Ask a service that will be killed."""
    with suppress(APIConnectionError):
        complete(upload_id, part_ids=part_ids)
