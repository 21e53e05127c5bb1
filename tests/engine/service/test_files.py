"""Uploads: names, sizes, forms, and jobs whose files are bad."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openai import APIStatusError, BadRequestError, NotFoundError

from tests.engine.service.engine_child import TOKEN, Engine, example_lines
from tests.engine.service.in_process import InProcessEngine, in_process_engine

BOUNDARY = "the-boundary"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[InProcessEngine]:
    """A service that takes files of up to 3 MB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("desktop_app.engine.api.limits.MAX_FILE_BYTES", 3_000_000)
        with in_process_engine(tmp_path_factory.mktemp("small") / "s", tiny_model) as engine:
            yield engine


def send_form(base_url: str, form: bytes, kind: str = "multipart/form-data") -> tuple[int, Any]:
    """Send a form as no SDK would."""
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": f"{kind}; boundary={BOUNDARY}",
    }
    connection.request("POST", "/v1/files", form, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content)


def part(name: str, value: bytes, extra: str = "") -> bytes:
    """Return one part of a form."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def expiry(anchor: bytes, seconds: bytes) -> bytes:
    """Return the two fields that limit a file's life."""
    return part("expires_after[anchor]", anchor) + part("expires_after[seconds]", seconds)


END = f"--{BOUNDARY}--\r\n".encode()
PURPOSE = part("purpose", b"fine-tune")
FILE = part("file", b"{}\n", '; filename="a.jsonl"')


def test_a_file_comes_back_as_it_went(engine: Engine) -> None:
    content = bytes(range(256)) * 9000
    created = engine.client.files.create(file=("bytes.jsonl", content), purpose="fine-tune")
    assert (created.bytes, created.filename) == (len(content), "bytes.jsonl")
    assert (created.status, created.object) == ("processed", "file")
    assert engine.client.files.content(created.id).content == content
    assert engine.client.files.retrieve(created.id) == created
    assert engine.client.files.delete(created.id).deleted
    with pytest.raises(NotFoundError):
        engine.client.files.content(created.id)
    assert not (engine.store / "files" / created.id).exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\evil.jsonl", "evil.jsonl"),
        ("/absolute/a.jsonl", "a.jsonl"),
        ("..", ".."),
        ("a\x00b\n.jsonl", None),
        ("例え.jsonl", "例え.jsonl"),
        ("x" * 400 + ".jsonl", "x" * 255),
    ],
)
def test_names_are_only_names(engine: Engine, name: str, kept: str | None) -> None:
    before = {path for path in engine.store.rglob("*") if path.parent.name != "files"}
    created = engine.client.files.create(file=(name, b"{}"), purpose="fine-tune")
    assert "/" not in created.filename
    if kept is not None:
        assert created.filename == kept
    after = {path for path in engine.store.rglob("*") if path.parent.name != "files"}
    assert after == before
    assert (engine.store / "files" / created.id).read_bytes() == b"{}"


def test_files_are_listed_in_pages(engine: Engine) -> None:
    for file in engine.client.files.list():
        engine.client.files.delete(file.id)
    ids = [engine.upload(example_lines(1), f"{n}.jsonl") for n in range(3)]
    listed = engine.client.files.list(limit=2)
    assert [file.id for file in listed.data] == ids[:0:-1]
    assert [file.id for file in engine.client.files.list(limit=1)] == ids[::-1]
    assert [file.id for file in engine.client.files.list(order="asc")] == ids
    assert not engine.client.files.list(purpose="fine-tune-results").data


@pytest.mark.parametrize("purpose", ["assistants", "batch"])
def test_other_purposes(engine: Engine, purpose: Any) -> None:  # noqa: ANN401  # a literal
    with pytest.raises(BadRequestError) as caught:
        engine.client.files.create(file=("a.jsonl", b"{}"), purpose=purpose)
    assert caught.value.param == "purpose"


@pytest.mark.parametrize(
    ("form", "param"),
    [
        (FILE + END, "purpose"),
        (PURPOSE + END, "file"),
        (PURPOSE + FILE + FILE + END, "file"),
        (FILE + PURPOSE + part("expires_after[seconds]", b"3600") + END, "expires_after.anchor"),
        (FILE + PURPOSE + expiry(b"created_at", b"3599") + END, "expires_after.seconds"),
        (FILE + PURPOSE + expiry(b"created_at", b"2592001") + END, "expires_after.seconds"),
        (FILE + PURPOSE + expiry(b"created_at", b"1e4") + END, "expires_after.seconds"),
        (FILE + PURPOSE + expiry(b"last_active_at", b"3600") + END, "expires_after.anchor"),
        (b"", None),
        (b"garbage", None),
        (PURPOSE + FILE + part("note", b"x" * 70_000) + END, None),
        (PURPOSE + FILE + b"".join(part(f"note{n}", b"") for n in range(30)) + END, None),
        (PURPOSE + FILE + part("note", b"x", "; x" * 5000) + END, None),
        (PURPOSE + FILE[:-4], None),
    ],
)
def test_bad_forms(engine: Engine, form: bytes, param: str | None) -> None:
    status, answer = send_form(engine.base_url, form)
    assert status == 400
    if param is not None:
        assert answer["error"]["param"] == param
    assert not list((engine.store / "temporary").iterdir())


def test_the_order_of_the_parts_does_not_matter(engine: Engine) -> None:
    assert send_form(engine.base_url, FILE + PURPOSE + END)[0] == 200
    assert send_form(engine.base_url, PURPOSE + FILE + END)[0] == 200
    assert send_form(engine.base_url, PURPOSE + FILE + END, "text/plain")[0] == 400


def test_a_file_that_is_too_large(small: InProcessEngine) -> None:
    with pytest.raises(APIStatusError) as caught:
        small.client.files.create(file=("big.jsonl", b"x" * 9_000_000), purpose="fine-tune")
    assert caught.value.status_code == 413
    assert caught.value.param == "file"
    assert not list(small.folders.temporary.iterdir())
    assert not list(small.folders.files.iterdir())
    fits = small.client.files.create(file=("a.jsonl", b"x" * 3_000_000), purpose="fine-tune")
    assert fits.bytes == 3_000_000


@pytest.mark.logs("desktop_app.engine")
def test_a_full_disk_is_named(small: InProcessEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("desktop_app.engine.api.upload.os.fsync", full)
    with pytest.raises(APIStatusError) as caught:
        small.client.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
    assert caught.value.status_code == 507
    assert "disk is full" in caught.value.message


def test_too_few_examples_fail_the_job(engine: Engine) -> None:
    job = engine.job(example_lines(7))
    failed = engine.when(job.id, {"failed"})
    assert failed.error is not None
    assert (failed.error.code, failed.error.param) == ("invalid_n_examples", "training_file")
    assert failed.error.message == (
        "Training file has 7 example(s), but must have at least 10 examples"
    )
    assert failed.finished_at is not None
    assert failed.trained_tokens is None


def test_a_bad_validation_file_fails_the_job(engine: Engine) -> None:
    empty = engine.upload([], "empty.jsonl")
    job = engine.job(example_lines(12), validation_file=empty)
    failed = engine.when(job.id, {"failed"})
    assert failed.error is not None
    assert failed.error.param == "validation_file"
    assert failed.error.message.startswith("Validation file has 0 example(s)")


def test_a_file_may_be_deleted_under_its_job(engine: Engine) -> None:
    file_id = engine.upload(example_lines(12))
    job = engine.client.fine_tuning.jobs.create(
        model="smollm2-135m-instruct",
        training_file=file_id,
        hyperparameters={"n_epochs": 1},
    )
    engine.client.files.delete(file_id)
    assert engine.finished(job.id).status == "succeeded"


def test_a_result_file_is_no_training_file(engine: Engine) -> None:
    (result, *_) = engine.client.files.list(purpose="fine-tune-results").data
    with pytest.raises(BadRequestError) as caught:
        engine.client.fine_tuning.jobs.create(
            model="smollm2-135m-instruct", training_file=result.id
        )
    assert caught.value.param == "training_file"
