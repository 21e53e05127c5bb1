"""Fetching base models from a hub: whole and sound, or not there at all, with plain words."""

import hashlib
import json
import random
import threading
import time
from pathlib import Path

import pytest

from desktop_app.engine.models import hub_client
from desktop_app.engine.models.origin import ORIGIN
from tests.engine.service.engine_child import Engine, running_engine
from tests.engine.service.hub_calls import KEY, MODEL, NAME, PATH, begin, ended, staged, until
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.service.model_hub import COMMIT, Hub, Repository, small_model
from tests.engine.service.own_api import Caller
from tests.engine.tiny_folder import write_tiny_folder


def test_a_model_is_fetched_whole_and_nothing_that_could_run(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    status, before = caller.ask("GET", f"hub?name={NAME}")
    assert (status, before["state"], before["id"]) == (200, "missing", MODEL)
    assert begin(caller)[0] == 202
    after = ended(caller)
    assert (after["state"], after["error"]) == ("ready", None)
    folder = store / "models" / MODEL
    there = {path.name for path in folder.iterdir()}
    assert there == {
        *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
        *("model.safetensors", "README.md", "LICENSE", ORIGIN),
    }
    for name in there - {ORIGIN}:
        assert (folder / name).read_bytes() == files[name]
    assert after["bytes"] == after["bytes_done"] == sum(len(files[n]) for n in there - {ORIGIN})
    assert not list((store / "models" / ".fetching").iterdir())
    assert caller.ask("GET", "fetches")[1] == {"fetches": []}


def test_which_licence_was_accepted_and_when_is_kept(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    hub.repositories[NAME].card = {
        "license": "other",
        "license_name": "maker-terms",
        "license_link": "LICENSE",
        "language": ["en", "de"],
    }
    earliest = int(time.time())
    begin(caller)
    entry = ended(caller)
    address = f"{hub.address}/{NAME}/blob/{COMMIT}/LICENSE"
    assert entry["licence"] == {"id": "other", "name": "maker-terms", "url": address}
    assert entry["languages"] == ["en", "de"]
    origin = json.loads((store / "models" / MODEL / ORIGIN).read_bytes())
    assert origin["commit"] == COMMIT
    assert earliest <= origin["accepted_at"] <= time.time()
    assert origin["licence_sha256"] == hashlib.sha256(files["LICENSE"]).hexdigest()
    (base,) = [b for b in caller.ask("GET", "bases")[1]["bases"] if b["id"] == MODEL]
    assert base["licence_accepted_at"] == origin["accepted_at"]
    assert base["licence"]["name"] == "maker-terms"


def test_a_lost_connection_is_taken_up_where_it_broke_off(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    hub.cuts = [100_000, 50_000]
    begin(caller)
    assert ended(caller)["state"] == "ready"
    ranges = [headers.get("range") for headers in hub.asked_for("/cdn/")]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]
    kept = (store / "models" / MODEL / "model.safetensors").read_bytes()
    assert kept == files["model.safetensors"]


def test_a_connection_that_is_lost_again_and_again_fails_and_goes_on_when_asked(
    hub: Hub, caller: Caller, files: dict[str, bytes]
) -> None:
    hub.cuts = [5000] + [0] * 4
    begin(caller)
    entry = ended(caller)
    assert (entry["state"], entry["error"]) == (
        "failed",
        "The connection to the model hub was lost.",
    )
    small = entry["bytes"] - len(files["model.safetensors"])
    assert entry["bytes_done"] == small + 5000
    begin(caller)
    assert ended(caller)["state"] == "ready"
    assert hub.asked_for("/cdn/")[-1]["range"] == "bytes=5000-"


def test_it_may_break_off_often_as_long_as_something_comes(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    hub.cuts = random.Random(0).choices(range(1, 9000), k=30)
    total = sum(hub.cuts)
    assert total < len(files["model.safetensors"])
    begin(caller)
    assert ended(caller)["state"] == "ready"
    assert hub.asked_for("/cdn/")[-1]["range"] == f"bytes={total}-"
    kept = (store / "models" / MODEL / "model.safetensors").read_bytes()
    assert kept == files["model.safetensors"]


def test_a_hub_that_falls_silent_is_asked_again(
    hub: Hub,
    caller: Caller,
    store: Path,
    files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_client, "SILENCE_SECONDS", 0.3)
    hub.held, half = threading.Event(), len(files["model.safetensors"]) // 2
    begin(caller)
    deadline = time.monotonic() + 20
    while len(hub.asked_for("/cdn/")) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    hub.held.set()
    assert ended(caller)["state"] == "ready"
    assert hub.asked_for("/cdn/")[1]["range"] == f"bytes={half}-"
    kept = (store / "models" / MODEL / "model.safetensors").read_bytes()
    assert kept == files["model.safetensors"]


def test_a_hub_that_knows_no_ranges_is_read_from_the_beginning(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    hub.cuts, hub.ignores_range = [1000], True
    begin(caller)
    assert ended(caller)["state"] == "ready"
    kept = (store / "models" / MODEL / "model.safetensors").read_bytes()
    assert kept == files["model.safetensors"]


def test_stop_keeps_what_came_and_forget_removes_it(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    hub.held = threading.Event()
    begin(caller)
    half = len(files["model.safetensors"]) // 2
    until(caller, lambda entry: entry["bytes_done"] > half)
    began_at = time.monotonic()
    status, entry = caller.ask("DELETE", PATH)
    assert time.monotonic() - began_at < 2
    assert (status, entry["state"]) == (200, "stopped")
    assert entry["bytes_done"] > half
    hub.held.set()
    assert begin(caller)[1]["state"] == "fetching"
    assert ended(caller)["state"] == "ready"
    assert hub.asked_for("/cdn/")[-1]["range"] == f"bytes={half}-"


def test_what_was_stopped_can_be_forgotten(hub: Hub, caller: Caller, store: Path) -> None:
    hub.held = threading.Event()
    begin(caller)
    until(caller, lambda entry: entry["bytes_done"] > 100_000)
    status, entry = caller.ask("DELETE", f"{PATH}?forget=true")
    assert (status, entry["state"]) == (200, "missing")
    assert not staged(store).exists()


def test_a_restarted_service_goes_on_where_it_was(
    hub: Hub, store: Path, tiny_model: Path, files: dict[str, bytes]
) -> None:
    hub.held = threading.Event()
    with in_process_engine(store, tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        begin(caller)
        until(caller, lambda entry: entry["bytes_done"] > 100_000)
        caller.close()
    hub.held.set()
    with in_process_engine(store, tiny_model) as engine:
        caller = Caller(str(engine.client.base_url).rstrip("/"))
        (entry,) = caller.ask("GET", "fetches")[1]["fetches"]
        assert (entry["hub"], entry["state"]) == (NAME, "stopped")
        assert entry["bytes_done"] > 100_000
        asked = len(hub.asked)
        begin(caller)
        assert ended(caller)["state"] == "ready"
        caller.close()
    assert not [path for path, _ in hub.asked[asked:] if "/api/" in path]
    kept = (store / "models" / MODEL / "model.safetensors").read_bytes()
    assert kept == files["model.safetensors"]


@pytest.mark.parametrize("path", ["model.safetensors", "tokenizer.json"])
def test_wrong_bytes_are_never_installed(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes], path: str
) -> None:
    hub.replaced[path] = files[path][:-1] + b"!"
    begin(caller)
    entry = ended(caller)
    assert entry["state"] == "failed"
    assert (
        entry["error"] == f"{path} is not what the model hub announced: its checksum is wrong."
        " Try again."
    )
    assert not (store / "models" / MODEL).exists()
    assert MODEL not in [base["id"] for base in caller.ask("GET", "bases")[1]["bases"]]
    hub.replaced.clear()
    begin(caller)
    assert ended(caller)["state"] == "ready"


def test_more_bytes_than_announced_are_refused(
    hub: Hub, caller: Caller, files: dict[str, bytes]
) -> None:
    hub.replaced["model.safetensors"] = files["model.safetensors"] * 2
    begin(caller)
    assert "sends more of model.safetensors" in ended(caller)["error"]


def test_of_gguf_files_the_best_one_is_fetched(
    hub: Hub, engine: InProcessEngine, caller: Caller, store: Path, tiny_model: Path
) -> None:
    content = tiny_model.read_bytes()
    hub.repositories[NAME].files = {
        "README.md": b"x",
        "small-Q4_K_M.gguf": b"x",
        "small-Q8_0.gguf": content,
        "small-q4_0.gguf": b"x",
        "small-f16-00001-of-00002.gguf": b"x",
    }
    begin(caller)
    entry = ended(caller)
    assert entry["state"] == "ready"
    folder = store / "models" / MODEL
    assert {path.name for path in folder.iterdir()} == {"README.md", "small-Q8_0.gguf", ORIGIN}
    (base,) = [b for b in caller.ask("GET", "bases")[1]["bases"] if b["id"] == MODEL]
    assert (base["path_kind"], base["fits_training"]) == ("gguf", True)
    answer = engine.client.completions.create(model=MODEL, prompt="x", max_tokens=2, seed=1)
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 2


def test_a_model_in_parts_is_fetched_with_its_index(hub: Hub, caller: Caller, store: Path) -> None:
    files = hub.repositories[NAME].files
    del files["model.safetensors"]
    parts = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    files |= {part: part.encode() * 1000 for part in parts}
    files["model.safetensors.index.json"] = b"{}"
    begin(caller)
    assert ended(caller)["state"] == "ready"
    assert {path.name for path in (store / "models" / MODEL).iterdir()} >= set(parts)


def test_two_models_are_fetched_at_once(hub: Hub, caller: Caller) -> None:
    hub.repositories["other/Small-Model"] = Repository(small_model(seed=1))
    hub.held = threading.Event()
    begin(caller)
    begin(caller, "other/Small-Model")
    states = [entry["state"] for entry in caller.ask("GET", "fetches")[1]["fetches"]]
    assert states == ["fetching", "fetching"]
    hub.held.set()
    assert ended(caller)["id"] == MODEL
    assert ended(caller, "other/Small-Model")["id"] == "other--small-model"


def test_a_name_that_was_taken_meanwhile_is_left_to_its_owner(
    hub: Hub, caller: Caller, store: Path, tmp_path: Path
) -> None:
    hub.held = threading.Event()
    begin(caller)
    taken = write_tiny_folder(tmp_path / MODEL)
    assert caller.ask("POST", "models", {"path": str(taken)}) == (201, {"id": MODEL})
    hub.held.set()
    assert ended(caller)["id"] == KEY
    assert not (store / "models" / MODEL / "LICENSE").exists()
    assert (store / "models" / KEY / "LICENSE").exists()


def test_a_killed_service_loses_nothing_that_has_come(
    hub: Hub, store: Path, token_file: Path, tiny_model: Path, files: dict[str, bytes]
) -> None:
    hub.held = threading.Event()
    engine = Engine(store, token_file, tiny_model)
    caller = Caller(engine.base_url)
    begin(caller)
    until(caller, lambda entry: entry["bytes_done"] > 100_000)
    engine.kill()
    caller.close()
    hub.held.set()
    half = len(files["model.safetensors"]) // 2
    with running_engine(store, token_file, tiny_model) as engine:
        caller = Caller(engine.base_url)
        assert MODEL not in [model.id for model in engine.client.models.list()]
        begin(caller)
        assert ended(caller)["state"] == "ready"
        caller.close()
    assert hub.asked_for("/cdn/")[-1]["range"] == f"bytes={half}-"
    kept = (store / "models" / MODEL / "model.safetensors").read_bytes()
    assert kept == files["model.safetensors"]


def test_a_damaged_model_is_fetched_anew(
    hub: Hub, caller: Caller, store: Path, files: dict[str, bytes]
) -> None:
    begin(caller)
    assert ended(caller)["state"] == "ready"
    (store / "models" / MODEL / "tokenizer.json").unlink()
    entry = caller.ask("GET", f"hub?name={NAME}")[1]
    assert (entry["state"], entry["bytes_done"]) == ("damaged", 0)
    begin(caller)
    assert ended(caller)["state"] == "ready"
    assert (store / "models" / MODEL / "tokenizer.json").read_bytes() == files["tokenizer.json"]
    assert not list((store / "models").glob(".removed-*"))
