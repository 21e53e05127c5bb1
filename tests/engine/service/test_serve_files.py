"""Models and adapters over a network: as bytes, never as paths of the service's computer."""

import importlib
import inspect
import json
import pkgutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from desktop_app.engine import api
from desktop_app.engine.api.export_files import ExportFiles
from desktop_app.engine.exports.exports import Exports
from desktop_app.engine.exports.kinds import ExportKind
from desktop_app.engine.store.folders import Folders
from tests.engine.service.engine_child import example_lines
from tests.engine.service.raw_http import assert_error
from tests.engine.service.serve_child import Served, served

BASE = "smollm2-135m-instruct"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Served]:
    store = tmp_path_factory.mktemp("serve") / "store"
    with served(store, "--self-signed", "--starter-model", tiny_model) as service:
        yield service


@pytest.fixture(scope="module")
def model(service: Served) -> str:
    """A tuned model."""
    content = "\n".join(example_lines(10)).encode()
    _, file = service.ask(
        "POST", "/v1/files", files={"file": ("e.jsonl", content)}, data={"purpose": "fine-tune"}
    )
    order = {"model": BASE, "training_file": file["id"], "hyperparameters": {"n_epochs": 1}}
    _, job = service.ask("POST", "/v1/fine_tuning/jobs", json=order)
    job = ended(service, f"/v1/fine_tuning/jobs/{job['id']}")
    assert job["status"] == "succeeded", job
    return str(job["fine_tuned_model"])


def ended(service: Served, path: str) -> Any:  # noqa: ANN401  # JSON
    deadline = time.monotonic() + 60
    with service.client() as client:
        while (body := client.get(path).json())["status"] not in {
            "succeeded",
            "failed",
            "cancelled",
        }:
            assert time.monotonic() < deadline, body
            time.sleep(0.05)
    return body


def exported(service: Served, model: str, kind: str) -> Any:  # noqa: ANN401  # JSON
    status, order = service.ask("POST", "/engine/exports", json={"model": model, "kind": kind})
    assert status == 202, order
    done = ended(service, f"/engine/exports/{order['id']}")
    assert (done["status"], done["path"]) == ("succeeded", None)
    return done


@pytest.mark.parametrize("kind", list(ExportKind))
def test_an_export_is_fetched_file_by_file(
    service: Served, model: str, kind: ExportKind, tmp_path: Path
) -> None:
    done = exported(service, model, kind)
    where = f"/engine/exports/{done['id']}/files"
    listed = service.ask("GET", where)[1]["data"]
    (kept,) = (service.store / "exports" / done["id"]).iterdir()
    assert kept.name == done["name"]
    assert {file["name"] for file in listed} == {path.name for path in kept.iterdir()}
    with service.client() as client:
        for file in listed:
            got = client.get(f"{where}/{file['name']}").content
            assert got == (kept / file["name"]).read_bytes()
            assert len(got) == file["bytes"]
    assert service.ask("DELETE", f"/engine/exports/{done['id']}")[0] == 200
    assert not kept.exists()


def test_a_fetch_goes_on_where_it_was_cut_off(service: Served, model: str) -> None:
    done = exported(service, model, "adapter")
    path = f"/engine/exports/{done['id']}/files/adapter_model.safetensors"
    with service.client() as client:
        whole = client.get(path).content
        rest = client.get(path, headers={"range": "bytes=1000-"})
    assert (rest.status_code, rest.content) == (206, whole[1000:])


@pytest.mark.parametrize("name", ["..%2F..%2Ftoken", "%2e%2e", "token", "%2Fetc%2Fhostname", "x"])
def test_nothing_else_is_fetched(service: Served, model: str, name: str) -> None:
    done = exported(service, model, "adapter")
    status, body = service.ask("GET", f"/engine/exports/{done['id']}/files/{name}")
    assert status == 404
    assert_error(body)


def test_files_of_exports_that_have_none(service: Served, tmp_path: Path) -> None:
    assert service.ask("GET", "/engine/exports/export-nothing/files")[0] == 404
    refused = service.ask("POST", "/engine/exports", json={"model": "nothing", "kind": "merged"})
    assert refused[0] == 404
    kept = service.store / "exports"
    before = sorted(kept.iterdir()) if kept.exists() else []
    assert service.ask("POST", "/engine/exports", json={"model": BASE, "kind": "adapter"})[0] == 400
    assert (sorted(kept.iterdir()) if kept.exists() else []) == before


def test_orders_at_one_time_keep_each_others_folders(tmp_path: Path) -> None:
    """The folder of an order that is not remembered yet is not a forgotten one."""
    folders = Folders(tmp_path)
    known: list[str] = []
    exports = cast("Exports", SimpleNamespace(all=lambda: [SimpleNamespace(id=i) for i in known]))
    kept = ExportFiles(exports, folders)
    forgotten = tmp_path / "exports" / "export-forgotten"
    forgotten.mkdir(parents=True)
    begun = threading.Event()

    def order_another() -> None:
        begun.set()
        with kept.new_place("export-b"):
            known.append("export-b")

    other = threading.Thread(target=order_another)
    with kept.new_place("export-a") as place:
        other.start()
        begun.wait()
        other.join(0.2)  # it would be done by now
        (place / "weights").write_bytes(b"x")
        known.append("export-a")
    other.join(20)
    assert sorted(path.name for path in place.parent.iterdir()) == ["export-a", "export-b"]


def test_nothing_is_left_of_an_order_that_failed(tmp_path: Path) -> None:
    exports = cast("Exports", SimpleNamespace(all=list))
    kept = ExportFiles(exports, Folders(tmp_path))

    def order() -> None:
        with kept.new_place("export-a") as place:
            (place / ".part").mkdir()
            raise KeyError

    with pytest.raises(KeyError):
        order()
    assert not list((tmp_path / "exports").iterdir())


def fetched_adapter(service: Served, model: str) -> tuple[str, bytes]:
    where = f"/engine/exports/{exported(service, model, 'adapter')['id']}/files"
    with service.client() as client:
        config = client.get(f"{where}/adapter_config.json").text
        return config, client.get(f"{where}/adapter_model.safetensors").content


def test_an_adapter_goes_there_and_answers(service: Served, model: str) -> None:
    config, tensors = fetched_adapter(service, model)
    status, made = service.ask(
        "POST",
        "/engine/adapters",
        data={"name": "from afar", "config": config, "model": BASE},
        files={"tensors": ("adapter_model.safetensors", tensors)},
    )
    assert status == 201, made
    question = {"messages": [{"role": "user", "content": "what is 3 and 4"}], "max_tokens": 5}
    said = [
        service.ask("POST", "/v1/chat/completions", json={**question, "model": name, "seed": 1})[1]
        for name in (model, made["id"])
    ]
    assert said[0]["choices"] == said[1]["choices"]
    assert not any((service.store / "temporary").iterdir())


@pytest.mark.parametrize("wrong", ["name", "config", "tensors", "torn"])
def test_an_adapter_that_is_none(service: Served, model: str, wrong: str) -> None:
    config, tensors = fetched_adapter(service, model)
    data = {"name": "n", "config": config}
    data.pop(wrong, None)
    files = (
        {} if wrong == "tensors" else {"tensors": ("t", tensors[: -9 if wrong == "torn" else None])}
    )
    before = service.ask("GET", "/engine")[1]["models"]
    status, body = service.ask(
        "POST", "/engine/adapters", data=data, files=files or {"other": ("t", b"")}
    )
    assert status == 400
    assert_error(body)
    assert service.ask("GET", "/engine")[1]["models"] == before
    assert not any((service.store / "temporary").iterdir())


def test_every_request_that_names_a_path_is_known() -> None:
    """A new one must be closed to networks, too, by `refuse_paths`."""
    named = set()
    for module in pkgutil.iter_modules(api.__path__):
        loaded = importlib.import_module(f"{api.__name__}.{module.name}")
        for name, kind in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(kind, msgspec.Struct) and kind.__module__ == loaded.__name__:
                paths = {"path", "folder", "file_path", "directory", "dir"}
                named |= {name for field in kind.__struct_fields__ if field in paths}
    assert named == {"ModelFileBody", "ExportBody", "AdapterBody"}


def test_on_loopback_no_certificate_is_needed(tmp_path: Path) -> None:
    with served(tmp_path / "store") as service:
        assert service.root.startswith("http://")
        told = json.loads((service.store / "service.json").read_text())
        assert told == {"base_url": f"{service.root}/v1", "pid": service.process.pid}
