"""Taking models out over HTTP: whole or not at all, nowhere but where they may go."""

import errno
import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import BinaryIO

import numpy as np
import pytest
from openai.types.fine_tuning import FineTuningJob
from safetensors.numpy import load_file

from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.exports.output import Output
from desktop_app.engine.exports.records import EXPORTS, ExportRecord, ExportStatus
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.folders import Folders
from tests.engine.service.engine_child import MODEL, Engine, example_lines
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.own_api import Caller
from tests.engine.service.raw_http import assert_error

TOKENS = np.arange(3, 120)
KINDS = [str(kind) for kind in ExportKind]
Usage = namedtuple("Usage", "total used free")  # noqa: PYI024  # as shutil's own is


@pytest.fixture
def caller(engine: Engine) -> Iterator[Caller]:
    caller = Caller(engine.base_url)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def job(engine: Engine) -> FineTuningJob:
    made = engine.job(example_lines(12), hyperparameters={"n_epochs": 2}, suffix="voice")
    return engine.finished(made.id)


@pytest.fixture
def inside(tmp_path: Path, tiny_model: Path) -> Iterator[tuple[InProcessEngine, Caller]]:
    """A service in which faults can be made; its base model can be taken out."""
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        yield engine, caller
        caller.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "Models of mine"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_comes_out_in_every_form(
    engine: Engine, caller: Caller, job: FineTuningJob, folder: Path, tiny_model: Path, kind: str
) -> None:
    done = caller.exported(
        job.fine_tuned_model, kind, folder, title="Harbour voice", data="version “v3”"
    )
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert done["bytes_done"] == done["bytes"] > 0
    (made,) = folder.iterdir()
    assert str(made) == done["path"]
    card = (made / "README.md").read_text()
    for said in ("# Harbour voice", "version “v3”", "| Examples | 12 |", "| Passes | 2 |"):
        assert said in card, said
    assert "| Training loss |" in card
    assert f"| Trained tokens | {job.trained_tokens} |" in card
    model = NumpyLlamaModel(tiny_model)
    base = model.score(TOKENS)[1:]
    model.use_adapter(max((engine.store / "jobs" / job.id).glob("adapter-*")))
    tuned = model.score(TOKENS)[1:]
    assert np.abs(tuned - base).max() > 0.2
    if kind == "adapter":
        model.use_adapter(made)
        assert np.array_equal(model.score(TOKENS)[1:], tuned)
        config = json.loads((made / "adapter_config.json").read_bytes())
        assert config["base_model_name_or_path"] == MODEL
    elif kind == "merged":
        assert len(load_file(made / "model.safetensors")) == 20
    else:
        (file,) = made.glob("*.gguf")
        assert (made / "Modelfile").read_text().startswith(f"FROM ./{file.name}\n")
        off = np.abs(NumpyLlamaModel(file).score(TOKENS)[1:] - tuned).max()
        assert off < (0.01 if kind == "gguf-f16" else 0.15)


def test_a_checkpoint_comes_out_too(
    engine: Engine, caller: Caller, job: FineTuningJob, folder: Path
) -> None:
    kept = engine.client.fine_tuning.jobs.checkpoints.list(job.id).data
    early = kept[-1].fine_tuned_model_checkpoint
    assert early != job.fine_tuned_model
    done = caller.exported(early, "adapter", folder)
    assert done["status"] == "succeeded"
    assert Path(done["path"]).name.endswith("-adapter")
    assert "ckpt-step" in Path(done["path"]).name


def test_forms_tell_names_and_sizes(caller: Caller, job: FineTuningJob, folder: Path) -> None:
    status, forms = caller.ask("GET", f"export-forms?model={job.fine_tuned_model}")
    assert status == 200
    assert [form["kind"] for form in forms["data"]] == KINDS
    for form in forms["data"]:
        done = caller.exported(job.fine_tuned_model, form["kind"], folder)
        assert Path(done["path"]).name == form["name"]
        largest = max(path.stat().st_size for path in Path(done["path"]).iterdir())
        assert form["bytes"] <= largest < form["bytes"] + 30_000
    status, forms = caller.ask("GET", f"export-forms?model={MODEL}")
    assert [form["kind"] for form in forms["data"]] == KINDS[1:]


def test_nothing_is_replaced_without_being_asked(caller: Caller, folder: Path) -> None:
    first = caller.exported(MODEL, "gguf-f16", folder)
    made = Path(first["path"])
    status, body = caller.export(MODEL, "gguf-f16", folder)
    assert (status, body["error"]["code"]) == (409, "already_exists")
    assert_error(body)
    (made / "README.md").write_text("changed")
    again = caller.exported(MODEL, "gguf-f16", folder, replace=True)
    assert again["status"] == "succeeded"
    assert (made / "README.md").read_text() != "changed"
    assert [path.name for path in folder.iterdir()] == [made.name]


@pytest.mark.parametrize("what", ["a file in it", "a folder in it", "a file", "a link"])
def test_what_is_no_export_is_never_replaced(caller: Caller, folder: Path, what: str) -> None:
    place = folder / f"{MODEL}-merged"
    other = folder / "other"
    other.mkdir()
    if what == "a file":
        place.write_text("mine")
    elif what == "a link":
        place.symlink_to(other)
    else:
        place.mkdir()
        (place / "README.md").write_text("mine")
        inside = place / "photos"
        inside.mkdir() if what == "a folder in it" else inside.write_text("mine")
    status, body = caller.export(MODEL, "merged", folder, replace=True)
    assert (status, body["error"]["code"]) == (409, "already_exists")
    assert {path.name for path in folder.iterdir()} == {place.name, "other"}


def test_places_where_nothing_may_be_written(
    engine: Engine, caller: Caller, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "file"
    file.write_text("x")
    link = folder / "link"
    link.symlink_to(engine.store)
    wrong = ["models", "./x", str(folder / "missing"), str(file), f"{folder}/\0", "/" + "x" * 300]
    wrong += [str(engine.store), str(engine.store / "files"), str(link)]
    for place in wrong:
        body = {"model": MODEL, "kind": "merged", "folder": place}
        status, answer = caller.ask("POST", "exports", body)
        assert (status, answer["error"]["param"]) == (400, "folder"), place
        assert_error(answer)
    assert {path.name for path in folder.iterdir()} == {"file", "link"}


@pytest.mark.parametrize(
    ("changes", "status", "param"),
    [
        ({"kind": "gguf-q4_1"}, 400, "kind"),
        ({"kind": "adapter"}, 400, "model"),
        ({"model": "ft:none"}, 404, "id"),
        ({"model": ""}, 400, "model"),
        ({"floats": "float8"}, 400, "floats"),
        ({"replace": 1}, 400, "replace"),
        ({"title": "x" * 501}, 400, "title"),
        ({"surprise": 1}, 400, "surprise"),
    ],
    ids=str,
)
def test_wrong_orders(
    caller: Caller, folder: Path, changes: dict[str, object], status: int, param: str
) -> None:
    body = {"model": MODEL, "kind": "merged", "folder": str(folder), **changes}
    found, answer = caller.ask("POST", "exports", body)
    assert (found, answer["error"]["param"]) == (status, param)
    assert_error(answer)
    assert not list(folder.iterdir())


def test_unknown_exports(caller: Caller) -> None:
    for method in ("GET", "DELETE"):
        status, body = caller.ask(method, "exports/export-none")
        assert status == 404
        assert_error(body)


def test_a_disk_too_small_is_told_beforehand(
    inside: tuple[InProcessEngine, Caller], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 10**12, 1000))
    status, body = inside[1].export(MODEL, "merged", folder)
    assert (status, body["error"]["code"]) == (507, "insufficient_storage")
    assert_error(body)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "insufficient_storage"),
        (PermissionError(errno.EACCES, "Permission denied"), "not_writable"),
        (OSError(errno.EIO, "Input/output error"), "not_writable"),
        pytest.param(
            RuntimeError("a secret"),
            "server_error",
            marks=pytest.mark.logs("desktop_app.engine.exports"),
        ),
    ],
    ids=["full", "forbidden", "broken", "fault"],
)
def test_a_fault_in_the_middle_leaves_nothing(
    inside: tuple[InProcessEngine, Caller],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    fault: Exception,
    code: str,
) -> None:
    write, writes = Output.write, []

    def failing(self: Output, file: BinaryIO, data: memoryview) -> None:
        writes.append(len(data))
        if len(writes) > 5:
            raise fault
        write(self, file, data)

    monkeypatch.setattr(Output, "write", failing)
    done = inside[1].exported(MODEL, kind, folder)
    assert (done["status"], done["error"]["code"]) == ("failed", code)
    assert "secret" not in done["error"]["message"]
    assert not list(folder.iterdir())


class Gate:
    """Holds an export in the middle until `opened` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = Event(), Event()
        write = Output.write

        def held(output: Output, file: BinaryIO, data: memoryview) -> None:
            write(output, file, data)
            if output.bytes_done > 10_000:
                self.reached.set()
                assert self.opened.wait(20)

        monkeypatch.setattr(Output, "write", held)


def test_an_export_can_be_cancelled(
    inside: tuple[InProcessEngine, Caller], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, caller = inside
    gate = Gate(monkeypatch)
    running = caller.export(MODEL, "merged", folder)[1]
    waiting = caller.export(MODEL, "gguf-f16", folder)[1]
    assert gate.reached.wait(20)
    told = caller.ask("GET", f"exports/{running['id']}")[1]
    assert told["status"] == "running"
    assert 0 < told["bytes_done"] < told["bytes"]
    assert caller.ask("GET", f"exports/{waiting['id']}")[1]["status"] == "queued"
    assert engine.serving.service.exports.is_busy()
    assert [path.name.startswith(".") for path in folder.iterdir()] == [True]
    for order in (running, waiting):
        caller.ask("DELETE", f"exports/{order['id']}")
    gate.opened.set()
    assert [caller.ended(order["id"])["status"] for order in (running, waiting)] == [
        "cancelled",
        "cancelled",
    ]
    assert not list(folder.iterdir())
    assert [each["status"] for each in caller.ask("GET", "exports")[1]["data"]] == ["cancelled"] * 2
    assert caller.ask("DELETE", f"exports/{running['id']}")[1]["status"] == "cancelled"


def test_the_end_of_the_service_breaks_it_off(
    tmp_path: Path, tiny_model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        gate = Gate(monkeypatch)
        order = caller.export(MODEL, "merged", folder)[1]["id"]
        assert gate.reached.wait(20)
        caller.close()
        engine.serving.shut_down()
        gate.opened.set()
    assert not list(folder.iterdir())
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        told = caller.ask("GET", f"exports/{order}")[1]
        caller.close()
    assert (told["status"], told["error"]["code"]) == ("failed", "interrupted")


@pytest.mark.parametrize("moment", ["writing", "replacing", "replaced"])
def test_what_a_kill_left_is_cleared_at_the_next_start(
    tmp_path: Path, tiny_model: Path, folder: Path, moment: str
) -> None:
    """As the disk looks if the service dies while it writes, or between the two renames."""
    folders = Folders(tmp_path / "store")
    folders.create()
    database = Database(folders.database)
    with database.transaction() as connection:
        record = ExportRecord(
            "export-1", 0, MODEL, ExportKind.MERGED, FloatType.FLOAT16, str(folder), "m", 9,
            status=ExportStatus.RUNNING,
        )  # fmt: skip
        EXPORTS.add(connection, record)
    database.close()
    names = {
        "writing": [".m.export-1.part"],
        "replacing": [".m.export-1.part", ".m.export-1.old"],
        "replaced": ["m", ".m.export-1.old"],
    }[moment]
    for name in names:
        (folder / name).mkdir()
        (folder / name / "README.md").write_text(name)
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        told = caller.ask("GET", "exports/export-1")[1]
        caller.close()
    assert (told["status"], told["error"]["code"]) == ("failed", "interrupted")
    left = {path.name: (path / "README.md").read_text() for path in folder.iterdir()}
    kept = {"writing": {}, "replacing": {"m": ".m.export-1.old"}, "replaced": {"m": "m"}}
    assert left == kept[moment]


def test_a_killed_service_leaves_no_parts_behind(
    tmp_path: Path, token_file: Path, tiny_model: Path, folder: Path
) -> None:
    from tests.engine.service.engine_child import running_engine

    with running_engine(tmp_path / "store", token_file, tiny_model) as engine:
        caller = Caller(engine.base_url)
        orders = [caller.export(MODEL, kind, folder)[1]["id"] for kind in ("merged", "gguf-q8_0")]
        caller.close()
        engine.kill()
    with running_engine(tmp_path / "store", token_file, tiny_model) as engine:
        caller = Caller(engine.base_url)
        told = [caller.ask("GET", f"exports/{order}")[1] for order in orders]
        caller.close()
    whole = {Path(each["path"]).name for each in told if each["status"] == "succeeded"}
    assert {each["status"] for each in told} <= {"succeeded", "failed"}
    names = {path.name for path in folder.iterdir()}
    assert not [name for name in names if name.startswith(".")]
    # One that was renamed just before the kill may be there without its end having been told.
    assert whole <= names
