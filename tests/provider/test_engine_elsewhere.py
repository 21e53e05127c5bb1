"""An engine on another computer, played by a server on loopback with a certificate of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desktop_app.core.examples.conversation import Message
from desktop_app.core.jobs.job import JobRequest
from desktop_app.provider.connections.certificates import Certificate, CertificateError, trusting
from desktop_app.provider.connections.engine_elsewhere import (
    EngineElsewhere,
    engine_address,
    engine_profile,
)
from desktop_app.provider.connections.this_computer_exports import ExportOrder
from desktop_app.provider.factory import open_provider, profile_of
from desktop_app.provider.provider import ErrorKind, ProviderError
from tests.provider.conftest import Ask
from tests.provider.model_engine import ModelEngine, entry
from tests.provider.scripted_service import Answer, error
from tests.provider.self_signed import Identity, new_identity

TOKEN = "t-0123456789abcdef0123456789abcdef"
Open = Callable[..., EngineElsewhere]


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return new_identity(tmp_path)


@pytest.fixture
def engine(identity: Identity, ask: Ask[None]) -> Iterator[ModelEngine]:
    engine = ModelEngine(tls=identity.tls)
    engine.token = TOKEN
    ask(engine.start())
    yield engine
    ask(engine.stop())


@pytest.fixture
def connect(engine: ModelEngine, ask: Ask[None]) -> Iterator[Open]:
    opened: list[EngineElsewhere] = []

    def connect(pem: str, token: str = TOKEN) -> EngineElsewhere:
        opened.append(EngineElsewhere(engine.base_url, token, pem))
        return opened[-1]

    yield connect
    for each in opened:
        ask(each.close())


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("gpu-box", "https://gpu-box:8443/v1"),
        (" gpu-box:9000 ", "https://gpu-box:9000/v1"),
        ("https://gpu.example", "https://gpu.example/v1"),
        ("https://GPU.example:8443/v1/", "https://gpu.example:8443/v1"),
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443/v1"),
        ("[fd00::1]:8443", "https://[fd00::1]:8443/v1"),
    ],
)
def test_addresses_as_people_write_them(typed: str, address: str) -> None:
    assert engine_address(typed) == address


@pytest.mark.parametrize("typed", ["", "https://", "ftp://box", "box:port", "https://a:b@box"])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        engine_address(typed)


def test_what_is_known_of_it(identity: Identity) -> None:
    profile = profile_of("engine", "c", "Box", "box", identity.pem)
    assert (profile.base_url, profile.needs_key) == ("https://box:8443/v1", True)
    assert profile.capabilities.scores
    assert profile.capabilities.pause
    with pytest.raises(ProviderError) as caught:
        open_provider(profile, None, None)  # type: ignore[arg-type]  # it is not needed
    assert caught.value.kind is ErrorKind.NO_KEY
    with pytest.raises(ValueError, match="certificate"):
        engine_profile(
            "c", "Box", "box", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
        )


def test_first_contact_shows_the_fingerprint_and_sends_nothing(
    engine: ModelEngine, connect: Open, identity: Identity, ask: Ask[Any]
) -> None:
    with pytest.raises(CertificateError) as caught:
        ask(connect("").models())
    assert caught.value.trusted is None
    assert caught.value.shown == Certificate.of(identity.pem)
    assert len(caught.value.shown.fingerprint) == 95
    assert engine.requests == []


def test_the_certificate_that_was_trusted_is_taken(
    engine: ModelEngine, connect: Open, identity: Identity, ask: Ask[Any]
) -> None:
    provider = connect(identity.pem)
    assert [model.id for model in ask(provider.models())] == ["smollm2-135m-instruct"]
    assert ask(provider.desk.status()).version == "1.2.3"
    assert [base.id for base in ask(provider.desk.bases())] == ["smollm2-135m-instruct"]
    assert {each.headers["authorization"] for each in engine.requests} == {f"Bearer {TOKEN}"}


def test_another_certificate_is_refused_and_nothing_is_sent(
    engine: ModelEngine, connect: Open, identity: Identity, tmp_path: Path, ask: Ask[Any]
) -> None:
    # Of the same name, as somebody in between would make it.
    other = new_identity(tmp_path)
    for call in ("models", "status"):
        provider = connect(other.pem)
        asked = provider.models() if call == "models" else provider.desk.status()
        with pytest.raises(CertificateError) as caught:
            ask(asked)
        assert caught.value.trusted == Certificate.of(other.pem)
        assert caught.value.shown == Certificate.of(identity.pem)
        assert caught.value.kind is ErrorKind.NO_CONNECTION
    assert engine.requests == []


def test_one_that_has_ended_is_refused_though_it_was_trusted(tmp_path: Path, ask: Ask[Any]) -> None:
    ended = new_identity(tmp_path, "ended", days=-1)
    engine = ModelEngine(tls=ended.tls)
    ask(engine.start())
    provider = EngineElsewhere(engine.base_url, TOKEN, ended.pem)
    with pytest.raises(ProviderError) as caught:
        ask(provider.models())
    ask(provider.close())
    ask(engine.stop())
    assert not isinstance(caught.value, CertificateError)
    assert "expired" in caught.value.detail


def test_a_wrong_token_is_told_as_a_wrong_key(
    connect: Open, identity: Identity, ask: Ask[Any]
) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(connect(identity.pem, "t-wrong").models())
    assert caught.value.kind is ErrorKind.WRONG_KEY


def test_an_engine_that_is_gone_is_told(
    engine: ModelEngine, connect: Open, identity: Identity, ask: Ask[Any]
) -> None:
    provider = connect(identity.pem)
    ask(provider.models())
    port = engine.port
    ask(engine.stop())
    with pytest.raises(ProviderError) as caught:
        ask(provider.models())
    assert caught.value.kind is ErrorKind.NO_CONNECTION
    assert not isinstance(caught.value, CertificateError)
    ask(engine.start(port))
    assert len(ask(provider.models())) == 1


def test_it_does_what_the_engine_here_does(
    engine: ModelEngine, connect: Open, identity: Identity, ask: Ask[Any]
) -> None:
    provider = connect(identity.pem)
    job = {"id": "ftjob-1", "model": "m", "status": "queued", "created_at": 1}
    engine.on("POST /v1/fine_tuning/jobs", Answer(job))
    assert ask(provider.create_job(JobRequest("m", "file-1", "uuid"))).id == "ftjob-1"
    engine.on("POST /tokenize", Answer({"tokens": [1]}), Answer({"tokens": [1, 2]}))
    found = {"tokens": ["a", "b"], "token_logprobs": [None, -0.5]}
    engine.on("POST /v1/completions", Answer({"choices": [{"text": "", "logprobs": found}]}))
    score = ask(provider.score("m", [Message("user", "Hi")], Message("assistant", "Yes")))
    assert tuple(score.logprobs) == (-0.5,)
    engine.catalogue = [entry("o/m")]
    assert ask(provider.desk.fetch("o/m")).state == "fetching"


def test_an_adapter_is_sent_as_files(
    engine: ModelEngine, connect: Open, identity: Identity, tmp_path: Path, ask: Ask[Any]
) -> None:
    provider = connect(identity.pem)
    with pytest.raises(ProviderError, match="adapter_config"):
        ask(provider.desk.take_adapter(tmp_path, "voice", None))
    (tmp_path / "adapter_config.json").write_text('{"r": 16}')
    (tmp_path / "adapter_model.safetensors").write_bytes(b"weights")
    engine.on("POST /engine/adapters", Answer({"id": "ft:m:voice"}, 201))
    assert ask(provider.desk.take_adapter(tmp_path, "voice", "m")) == "ft:m:voice"
    (sent,) = engine.sent("POST /engine/adapters")
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="name"', b"voice", b'name="config"', b'{"r": 16}', b'name="tensors"'):
        assert part in sent.body
    assert b"weights" in sent.body
    assert str(tmp_path).encode() not in sent.body


def exported(status: str, done: int = 0) -> Answer:
    return Answer(
        {"id": "export-1", "status": status, "path": None, "bytes": 10, "bytes_done": done}
    )


@pytest.fixture
def order(engine: ModelEngine, tmp_path: Path) -> ExportOrder:
    form = {"kind": "adapter", "name": "m-adapter", "bytes": 10}
    engine.on("GET /engine/export-forms", Answer({"data": [form]}))
    engine.on("POST /engine/exports", exported("queued"))
    engine.on("GET /engine/exports/export-1", exported("running", 5), exported("succeeded", 10))
    files = [{"name": "a.bin", "bytes": 6}, {"name": "b c.json", "bytes": 4}]
    engine.on("GET /engine/exports/export-1/files", Answer({"data": files}))
    engine.on("GET /engine/exports/export-1/files/a.bin", Answer(b"aaaaaa"))
    engine.on("GET /engine/exports/export-1/files/b%20c.json", Answer(b"bbbb"))
    engine.on("DELETE /engine/exports/export-1", exported("succeeded"))
    folder = tmp_path / "models"
    folder.mkdir()
    return ExportOrder("ft:m", "adapter", str(folder), title="T")


def test_a_model_is_fetched_into_a_folder_here(
    engine: ModelEngine, connect: Open, identity: Identity, order: ExportOrder, ask: Ask[Any]
) -> None:
    seen: list[tuple[int, int]] = []
    path = ask(connect(identity.pem).export(order, lambda *at: seen.append(at)))
    assert path == Path(order.folder) / "m-adapter"
    assert {each.name: each.read_bytes() for each in path.iterdir()} == {
        "a.bin": b"aaaaaa",
        "b c.json": b"bbbb",
    }
    assert [each.name for each in Path(order.folder).iterdir()] == ["m-adapter"]
    assert seen == [(0, 20), (5, 20), (16, 20), (20, 20)]
    (sent,) = engine.sent("POST /engine/exports")
    assert sent.json == {"model": "ft:m", "kind": "adapter", "title": "T", "data": ""}
    assert len(engine.sent("DELETE /engine/exports/export-1")) == 1


def test_what_is_there_is_not_replaced_unasked(
    engine: ModelEngine, connect: Open, identity: Identity, order: ExportOrder, ask: Ask[Any]
) -> None:
    (Path(order.folder) / "m-adapter").mkdir()
    with pytest.raises(ProviderError, match="is there already"):
        ask(connect(identity.pem).export(order, lambda *_: None))
    assert engine.sent("POST /engine/exports") == []


@pytest.mark.parametrize("is_export", [True, False])
def test_only_an_export_is_replaced(
    connect: Open, identity: Identity, order: ExportOrder, ask: Ask[Any], is_export: bool
) -> None:
    target = Path(order.folder) / "m-adapter"
    target.mkdir()
    (target / "a.bin").write_bytes(b"old")
    if not is_export:
        (target / "novel.txt").write_text("mine")
    asked = connect(identity.pem).export(replace(order, replace=True), lambda *_: None)
    if is_export:
        ask(asked)
        assert (target / "a.bin").read_bytes() == b"aaaaaa"
        return
    with pytest.raises(ProviderError, match="nothing replaces it"):
        ask(asked)
    assert sorted(each.name for each in target.iterdir()) == ["a.bin", "novel.txt"]


@pytest.mark.parametrize("name", ["../out", "a/b", "..", "c:\\x", ""])
def test_a_name_that_leads_elsewhere_is_refused(
    engine: ModelEngine,
    connect: Open,
    identity: Identity,
    order: ExportOrder,
    ask: Ask[Any],
    name: str,
) -> None:
    files = Answer({"data": [{"name": name, "bytes": 6}]})
    engine.on("GET /engine/exports/export-1/files", files)
    with pytest.raises(ProviderError, match="leads out"):
        ask(connect(identity.pem).export(order, lambda *_: None))
    assert list(Path(order.folder).iterdir()) == []


def test_a_download_that_breaks_off_leaves_nothing(
    engine: ModelEngine, connect: Open, identity: Identity, order: ExportOrder, ask: Ask[Any]
) -> None:
    engine.on("GET /engine/exports/export-1/files/b%20c.json", error(500, "The disk is gone."))
    with pytest.raises(ProviderError):
        ask(connect(identity.pem).export(order, lambda *_: None))
    assert list(Path(order.folder).iterdir()) == []
    assert len(engine.sent("DELETE /engine/exports/export-1")) == 1


def test_no_certificate_leaves_trust_to_the_system() -> None:
    assert trusting("") is None
