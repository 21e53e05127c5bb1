"""What is not fetched from a hub, and how that is told."""

import json
from pathlib import Path

import httpx2
import pytest

from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.models import hub_client, hub_fetch, hub_fetches
from desktop_app.engine.models.origin import ORIGIN
from tests.engine.service.hub_calls import MODEL, NAME, PATH, begin, ended, staged
from tests.engine.service.model_hub import COMMIT, Hub
from tests.engine.service.own_api import Caller


@pytest.mark.parametrize("body", [{"hub": NAME}, {"hub": NAME, "licence_accepted": False}])
def test_nothing_is_fetched_before_the_licence_is_accepted(
    hub: Hub, caller: Caller, store: Path, body: object
) -> None:
    status, answer = caller.ask("POST", "fetches", body)
    assert (status, answer["error"]["param"]) == (400, "licence_accepted")
    assert not hub.asked
    assert not (store / "models" / ".fetching").exists()


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ((404, {}), 404, "no maker/Small-Model that everybody may see"),
        ((401, {"X-Error-Code": "RepoNotFound"}), 404, "HF_TOKEN"),
        ((401, {"X-Error-Code": "GatedRepo"}), 403, "Accept them at"),
        ((403, {"X-Error-Code": "GatedRepo"}), 403, "owner's terms"),
        ((429, {"Retry-After": "30"}), 503, "Try again in 30 seconds"),
        ((500, {}), 502, "HTTP 500"),
        ((302, {"Location": "http://example.invalid/x"}), 502, "not an encrypted one"),
    ],
)
def test_what_the_hub_refuses_is_told_in_plain_words(
    hub: Hub, caller: Caller, answer: tuple[int, dict[str, str]], status: int, words: str
) -> None:
    hub.fails["/api/models/"] = answer
    given, body = caller.ask("GET", f"hub?name={NAME}")
    assert given == status
    assert words in body["error"]["message"]


def test_an_unknown_revision_is_told(hub: Hub, caller: Caller) -> None:
    status, body = caller.ask("GET", f"hub?name={NAME}@other")
    assert (status, body["error"]["message"]) == (404, f"{NAME} has no revision 'other'.")
    assert caller.ask("GET", f"hub?name={NAME}@{COMMIT}")[0] == 200


def test_a_hub_that_is_not_there_is_told(
    hub: Hub, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    status, body = caller.ask("GET", f"hub?name={NAME}")
    assert status == 502
    assert "cannot be reached" in body["error"]["message"]


@pytest.mark.parametrize(
    "address", ["http://example.invalid", "ftp://127.0.0.1", "nonsense", "http://["]
)
def test_only_an_encrypted_hub_or_one_on_this_computer_is_asked(
    hub: Hub, caller: Caller, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert caller.ask("GET", f"hub?name={NAME}")[0] == 502


def test_files_are_not_fetched_from_an_unencrypted_address(hub: Hub, caller: Caller) -> None:
    hub.redirect = "http://example.invalid/file"
    begin(caller)
    entry = ended(caller)
    assert entry["state"] == "failed"
    assert "not an encrypted one" in entry["error"]


def test_the_token_goes_to_the_hub_only_and_into_no_log(
    hub: Hub,
    caller: Caller,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub.repositories[NAME].gated = True
    begin_status, body = begin(caller)
    assert begin_status == 403
    assert "HF_TOKEN" in body["error"]["message"]
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "The account of HF_TOKEN has not" in begin(caller)[1]["error"]["message"]
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    hub.redirect = hub.address.replace("127.0.0.1", "localhost") + f"/cdn/{NAME}/model.safetensors"
    assert begin(caller)[0] == 202
    assert ended(caller)["state"] == "ready"
    assert hub.asked_for("/resolve/")[-1]["authorization"] == "Bearer hf_right"
    assert all("authorization" not in headers for headers in hub.asked_for("/cdn/"))
    assert "hf_" not in caplog.text
    assert b"hf_" not in (store / "models" / MODEL / ORIGIN).read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model.safetensors": None}, "pickles"),
        (
            {"model.safetensors": None, "pytorch_model.bin": None, "training_args.pt": None},
            "no weights",
        ),
        ({"config.json": None}, "no config.json"),
        ({"config.json": b"{ nonsense"}, "config.json is damaged"),
        ({"config.json": b"[1]"}, "config.json is damaged"),
        ({"config.json": b'{"model_type": "llama"}'}, "config.json is damaged"),
        ({"config.json": b'{"hidden_size": 64}'}, "config.json is damaged"),
        ({"tokenizer.json": None}, "no tokenizer.json"),
        ({"../evil.safetensors": b"x"}, "outside its own folder"),
        ({"a/../../config.json": b"x"}, "outside its own folder"),
        ({"C:\\config.json": b"x"}, "outside its own folder"),
        ({"/etc/config.json": b"x"}, "outside its own folder"),
        ({"LICENSE": b"x", "License": b"x"}, "capitals"),
        (
            {"model.safetensors": None, "model-00001-of-00002.safetensors": b"x"},
            "Parts of its weights",
        ),
        (
            {"model.safetensors": None, "model-00001-of-00001.safetensors": b"x"},
            "model.safetensors.index.json is missing",
        ),
        ({"model.safetensors": None, "x.Q4_K_M.gguf": b"x"}, "does not read"),
        (
            {"model.safetensors": None, "config.json": None, "adapter_config.json": b"{}"},
            "an adapter",
        ),
    ],
)
def test_what_is_no_model_is_not_offered(
    hub: Hub, caller: Caller, store: Path, change: dict[str, bytes | None], words: str
) -> None:
    files = hub.repositories[NAME].files
    for path, content in change.items():
        files.pop(path, None)
        if content is not None:
            files[path] = content
    status, body = caller.ask("GET", f"hub?name={NAME}")
    assert status == 501
    assert words in body["error"]["message"]
    assert begin(caller)[0] == 501
    assert not staged(store).exists()


@pytest.mark.logs("desktop_app.engine.models.hub_fetch")
def test_a_full_disk_is_told_before_and_meanwhile(
    hub: Hub, caller: Caller, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_fetches, "MARGIN_BYTES", 1 << 60)
    status, body = begin(caller)
    assert (status, body["error"]["code"]) == (507, "insufficient_storage")
    assert "There is not enough space" in body["error"]["message"]
    monkeypatch.setattr(hub_fetches, "MARGIN_BYTES", 0)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hub_fetch, "move_durably", full)
    begin(caller)
    entry = ended(caller)
    assert (entry["state"], entry["error"]) == ("failed", hub_fetch.DISK_FULL)


@pytest.mark.parametrize(
    "name",
    ["", "alone", "a/b/c", "a/..", "../b", "a--b/c", "a/b@", "a/b.git", "a/b@x..y", "a b/c", "ä/b"],
)
def test_a_name_that_is_none_is_refused_without_asking(hub: Hub, caller: Caller, name: str) -> None:
    assert caller.ask("GET", f"hub?name={name}")[0] == 400
    assert begin(caller, name)[0] == 400
    assert not hub.asked


def test_stopping_what_nobody_fetches_is_unknown(hub: Hub, caller: Caller) -> None:
    assert caller.ask("DELETE", "fetches/nobody/nothing")[0] == 404
    assert caller.ask("DELETE", f"{PATH}?forget=maybe")[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"hub": 1, "licence_accepted": True},
        {"hub": "", "licence_accepted": True},
        {"hub": "x" * 401, "licence_accepted": True},
        {"hub": NAME, "licence_accepted": "yes"},
        {"hub": NAME, "licence_accepted": True, "more": 1},
        {"hub": f"{NAME}\0", "licence_accepted": True},
    ],
)
def test_a_body_that_is_wrong_is_refused(hub: Hub, caller: Caller, body: object) -> None:
    assert caller.ask("POST", "fetches", body)[0] == 400
    assert not hub.asked


@pytest.mark.parametrize("odd", ["%00", "..", "%2e%2e", "%2F", "a%0Ab", "%FF", "x" * 3000])
def test_odd_names_in_the_path_are_unknown(hub: Hub, caller: Caller, store: Path, odd: str) -> None:
    assert caller.ask("DELETE", f"bases/{odd}")[0] in {404, 405}
    assert caller.ask("DELETE", f"fetches/{odd}/{odd}?forget=true")[0] in {400, 404, 405}
    assert (store / "models").is_dir()
    assert not hub.asked


@pytest.mark.parametrize("answer", [b"no JSON", b"[]", b"{}", b'{"sha": 1}', b"\xff"])
def test_an_answer_that_nobody_understands_is_told(
    hub: Hub, caller: Caller, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "description", answer)
    status, body = caller.ask("GET", f"hub?name={NAME}")
    assert (status, body["error"]["message"]) == (
        502,
        "The model hub's answer cannot be understood.",
    )


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x"])
def test_what_comes_packed_is_not_stored(
    hub: Hub, caller: Caller, store: Path, encoding: str
) -> None:
    hub.encoding = encoding
    begin(caller)
    entry = ended(caller)
    assert entry["state"] == "failed"
    assert "packed, though asked not to" in entry["error"]
    assert not (staged(store) / "model.safetensors.part").exists()
    hub.encoding = "identity"
    begin(caller)
    assert ended(caller)["state"] == "ready"


def test_what_the_connection_raises_is_told(
    hub: Hub, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise httpx2.DecodingError("damaged")

    monkeypatch.setattr(httpx2.Response, "aiter_raw", fail)
    status, body = caller.ask("GET", f"hub?name={NAME}")
    assert (status, body["error"]["message"]) == (502, hub_client.LOST)


@pytest.mark.logs("desktop_app.engine.models.hub_fetch")
def test_no_fetch_ends_without_a_word(
    hub: Hub, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("something that nobody thought of")

    monkeypatch.setattr(hub_fetch, "_check", fail)
    begin(caller)
    entry = ended(caller)
    assert (entry["state"], entry["error"]) == ("failed", hub_fetch.FAILED)


@pytest.mark.parametrize("kind", [["x"], {}, "\ud800", True, [[[[]]]]])
def test_an_odd_config_is_no_reason_to_fail(hub: Hub, caller: Caller, kind: object) -> None:
    config = json.loads(hub.repositories[NAME].files["config.json"])
    for change in ({"rope_scaling": {"rope_type": kind}}, {"model_type": kind}):
        odd = json.dumps(config | change).encode()
        hub.repositories[NAME].files["config.json"] = odd
        assert caller.ask("GET", f"hub?name={NAME}")[0] == 200


@pytest.mark.parametrize("kind", ["gpt2", "nobody_knows"])
def test_measures_that_only_pytorch_reads_are_of_use_with_pytorch_alone(
    hub: Hub, caller: Caller, kind: str
) -> None:
    config = json.dumps({"model_type": kind, "n_embd": 64, "n_layer": 2}).encode()
    hub.repositories[NAME].files["config.json"] = config
    status, body = caller.ask("GET", f"hub?name={NAME}")
    if lacking() is not None:
        assert (status, body["error"]["code"]) == (501, "not_implemented")
        assert "PyTorch add-on, which is not installed" in body["error"]["message"]
    elif kind == "gpt2":
        assert status == 200
    else:
        assert status == 501
        assert "'nobody_knows', which nothing here can run" in body["error"]["message"]


def test_a_negative_size_is_not_believed(hub: Hub, caller: Caller) -> None:
    description = hub.repositories[NAME].described()
    description["siblings"][0]["size"] = -1
    hub.description = json.dumps(description).encode()
    assert caller.ask("GET", f"hub?name={NAME}")[0] == 502
