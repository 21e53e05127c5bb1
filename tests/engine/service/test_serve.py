"""The service for other computers: its certificate, its token, its names, its end."""

import hashlib
import json
import signal
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from openai import DefaultHttpx2Client, OpenAI

from desktop_app.engine.serve.starting import own_store
from desktop_app.engine.serve.token_file import renew_token
from desktop_app.engine.serving import GRACE_SECONDS
from desktop_app.engine.store.folders import Folders
from tests.engine.service.engine_child import example_lines
from tests.engine.service.serve_child import NAME, Served, outcome, served

SELF_SIGNED = ("--self-signed", "--name", NAME)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Served]:
    store = tmp_path_factory.mktemp("serve") / "store"
    with served(store, *SELF_SIGNED, "--starter-model", tiny_model) as service:
        yield service


def presented(service: Served) -> bytes:
    """Return the certificate that a client is shown."""
    host, port = service.root.removeprefix("https://").split(":")
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))


def test_a_job_over_tls(service: Served) -> None:
    with OpenAI(
        base_url=f"{service.root}/v1",
        api_key=service.token,
        max_retries=0,
        http_client=DefaultHttpx2Client(verify=service.trust(), trust_env=False),
    ) as client:
        content = "\n".join(example_lines(10)).encode()
        file = client.files.create(file=("examples.jsonl", content), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(
            model="smollm2-135m-instruct", training_file=file.id, hyperparameters={"n_epochs": 1}
        )
        deadline = time.monotonic() + 60
        while (job := client.fine_tuning.jobs.retrieve(job.id)).status != "succeeded":
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        assert job.fine_tuned_model is not None
        reply = client.chat.completions.create(
            model=job.fine_tuned_model,
            messages=[{"role": "user", "content": "what is 1 and 2"}],
            max_tokens=4,
            stream=True,
        )
        assert list(reply)


def test_the_certificate_is_the_one_that_was_told(service: Served) -> None:
    assert hashlib.sha256(presented(service)).digest().hex(":").upper() == service.fingerprint
    assert stat.S_IMODE((service.store / "tls" / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((service.store / "token").stat().st_mode) == 0o600


def test_the_certificate_is_for_the_name(service: Served) -> None:
    context = service.trust()
    assert isinstance(context, ssl.SSLContext)
    port = int(service.root.rsplit(":", 1)[1])
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as encrypted,
    ):
        assert encrypted.version() in {"TLSv1.2", "TLSv1.3"}
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="other.example")


def test_old_tls_is_refused(service: Served) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    port = int(service.root.rsplit(":", 1)[1])
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (NAME, 200),
        (f"{NAME.upper()}:443", 200),
        ("localhost:8443", 200),
        ("[::1]:1", 200),
        ("other.example", 421),
        (f"{NAME}.other.example", 421),
        (f"{NAME}:8443:1", 421),
        (f"user@{NAME}", 421),
    ],
)
def test_it_answers_to_its_names_only(service: Served, host: str, status: int) -> None:
    assert service.ask("GET", "/engine", headers={"host": host})[0] == status


def test_the_token_is_needed(service: Served) -> None:
    with httpx2.Client(base_url=service.root, verify=service.trust(), trust_env=False) as client:
        for path in ("/engine", "/v1/models", "/nowhere"):
            assert client.get(path).status_code == 401


def test_what_is_closed_to_a_network(service: Served, tmp_path: Path) -> None:
    """No path of the machine is read or written for a client, and it does not end for one."""
    secret = tmp_path / "secret.gguf"
    secret.write_bytes(b"GGUF")
    folder = {"folder": str(tmp_path)}
    closed = [
        ("/engine/models", {"path": str(secret)}),
        ("/engine/exports", {"model": "m", "kind": "merged", **folder}),
        ("/engine/adapters", {"name": "n", **folder}),
        ("/engine/shutdown", {}),
    ]
    for path, body in closed:
        status, answer = service.ask("POST", path, json=body)
        assert status == 403, path
        assert "another computer" in answer["error"]["message"] or path == "/engine/shutdown"
    assert service.ask("GET", "/engine")[0] == 200


def test_plain_http_is_not_answered(service: Served) -> None:
    with (
        httpx2.Client(base_url=service.root.replace("https", "http"), trust_env=False) as client,
        pytest.raises(httpx2.TransportError),
    ):
        client.get("/engine")


def test_it_can_be_asked_how_it_is(service: Served, tmp_path: Path) -> None:
    code, said, _ = outcome("check", "--running", "--store", service.store)
    assert code == 0
    assert 'models: ["smollm2-135m-instruct"' in said
    assert service.token not in said
    code, said, errors = outcome("check", "--running", "--store", tmp_path)
    assert (code, said) == (5, "")
    assert errors.count("\n") == 1


def listener() -> tuple[socket.socket, int]:
    """Somebody else, who listens on a port of this computer."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    return listening, listening.getsockname()[1]


def test_the_token_is_not_sent_to_who_listens_where_a_service_was(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "store")
    folders.create()
    renew_token(folders.root / "token")
    listening, port = listener()
    where = {"base_url": f"http://127.0.0.1:{port}/v1", "pid": 1}
    folders.service.write_text(json.dumps(where))
    with listening:
        code, said, errors = outcome("check", "--running", "--store", folders.root)
        assert (code, said) == (6, "")
        assert "No service answers" in errors
        with pytest.raises(TimeoutError):
            listening.accept()


def test_what_a_killed_service_said_is_forgotten_at_the_next_start(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "store")
    folders.create()
    folders.service.write_text("{}")
    with own_store(folders.root):
        assert not folders.service.exists()


@pytest.mark.parametrize("damage", ["", "[]", '{"base_url": 3}', '{"base_url": "https://[::1"}'])
def test_what_is_said_of_a_service_may_be_damaged(tmp_path: Path, damage: str) -> None:
    folders = Folders(tmp_path / "store")
    with own_store(folders.root):
        renew_token(folders.root / "token")
        folders.service.write_text(damage)
        code, _, errors = outcome("check", "--running", "--store", folders.root)
    assert (code, errors.count("\n")) == (6, 1)


def test_the_token_is_not_sent_to_another_certificate(service: Served, tmp_path: Path) -> None:
    """The lock is held by a service, and its port by another one: that one gets nothing."""
    folders = Folders(tmp_path / "store")
    told = json.loads((service.store / "service.json").read_text())
    assert told["certificate_sha256"] == service.fingerprint
    log = service.store / "engine.log"
    before = log.read_text()
    with own_store(folders.root):
        renew_token(folders.root / "token")
        folders.service.write_text(json.dumps(told | {"certificate_sha256": "00"}))
        code, said, errors = outcome("check", "--running", "--store", folders.root)
        assert (code, said) == (7, "")
        assert "Nothing was sent" in errors
        assert log.read_text() == before  # a wrong token would be noted
        folders.service.write_text(json.dumps(told))
        assert outcome("check", "--running", "--store", folders.root)[0] == 5
        assert "got 401" in log.read_text()[len(before) :]


def test_what_it_would_run_on(service: Served) -> None:
    code, said, errors = outcome("check", "--store", service.store)
    assert (code, errors) == (0, "")
    for word in (
        "Threads:",
        "Memory:",
        "Back end numpy:",
        "Back end torch:",
        "Launcher ray:",
        str(service.store),
    ):
        assert word in said
    assert service.token not in said


def test_wrong_tokens_are_slowed_down(tmp_path: Path) -> None:
    with served(tmp_path / "store", *SELF_SIGNED) as service:
        with service.client("not-the-token") as guesser:
            statuses = [guesser.get("/v1/models").status_code for _ in range(12)]
            waiting = guesser.get("/v1/models")
        assert statuses == [401] * 10 + [429] * 2
        assert 0 < int(waiting.headers["retry-after"]) <= 60
        assert waiting.json()["error"].keys() == {"message", "type", "param", "code"}
        # Not even the right one: that would tell a guesser that it is.
        assert service.ask("GET", "/v1/models")[0] == 429
        log = (service.store / "engine.log").read_text()
    assert log.count("127.0.0.1 got 401") == 10
    assert "not-the-token" not in log
    assert service.token not in log


def test_the_token_stays_until_it_is_renewed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert outcome("token", "--store", store)[0] == 5
    with served(store) as service:
        assert "made now" in service.said
        assert service.token not in service.said
    assert outcome("token", "--store", store)[:2] == (0, service.token + "\n")
    with served(store) as again:
        assert again.token == service.token
    code, renewed, _ = outcome("token", "--store", store, "--renew")
    assert code == 0
    assert renewed.strip() != service.token
    assert stat.S_IMODE((store / "token").stat().st_mode) == 0o600
    with served(store) as third:
        assert third.token == renewed.strip()


def test_a_token_file_that_others_can_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "token").chmod(0o644)
    code, said, errors = outcome(
        "serve", "--store", tmp_path / "s", "--token-file", tmp_path / "token"
    )
    assert (code, said) == (5, "")
    assert "secret" not in errors


def test_the_certificate_is_kept_as_long_as_it_serves(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with served(store, *SELF_SIGNED) as first:
        pass
    with served(store, *SELF_SIGNED) as second:
        assert second.fingerprint == first.fingerprint
    with served(store, *SELF_SIGNED, "--name", "10.1.2.3") as third:
        assert third.fingerprint != first.fingerprint
    (store / "tls" / "certificate.pem").write_text("damaged")
    with served(store, *SELF_SIGNED) as fourth:
        assert fourth.fingerprint not in {first.fingerprint, third.fingerprint}


def make_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate with OpenSSL, as the program says to without its library."""
    folder.mkdir(exist_ok=True)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:prime256v1", "-nodes", "-days", "825", "-keyout", str(key)]
    command += ["-out", str(certificate), "-subj", "/CN=exemplar-engine"]
    subprocess.run(
        [*command, "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True
    )
    return certificate, key


def test_a_certificate_of_ones_own_is_read_again_at_a_hangup(tmp_path: Path) -> None:
    certificate, key = make_pair(tmp_path / "tls", NAME)
    with served(tmp_path / "s", "--tls-cert", certificate, "--tls-key", key) as service:
        before = presented(service)
        assert hashlib.sha256(before).digest().hex(":").upper() == service.fingerprint
        whole = key.read_text()
        key.write_text("damaged")
        service.process.send_signal(signal.SIGHUP)
        log = service.store / "engine.log"
        wait_for(lambda: "was not read again" in log.read_text())
        assert presented(service) == before
        key.write_text(whole)
        make_pair(tmp_path / "tls", "new.example")
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: presented(service) != before)
        wait_for(lambda: outcome("check", "--running", "--store", service.store)[0] == 0)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_soon(tmp_path: Path, number: int) -> None:
    with served(tmp_path / "store", *SELF_SIGNED) as service, service.client() as client:
        client.get("/engine")
        began_at = time.monotonic()
        assert service.stop(number) == 0
        # Two seconds at most for open answers; the rest is for other work on this machine.
        assert time.monotonic() - began_at < GRACE_SECONDS + 8
        assert not (tmp_path / "store" / "service.json").exists()


def test_a_hangup_does_not_end_it(tmp_path: Path) -> None:
    with served(tmp_path / "store") as service:
        service.process.send_signal(signal.SIGHUP)
        assert service.ask("GET", "/engine")[0] == 200


def test_a_client_may_end_it_where_that_is_allowed(tmp_path: Path) -> None:
    with served(tmp_path / "store", "--allow-shutdown") as service:
        assert service.ask("POST", "/engine/shutdown")[0] == 202
        assert service.ended() == 0


def test_behind_a_proxy_every_client_is_counted_for_itself(tmp_path: Path) -> None:
    proxy = ("--behind-proxy", "--name", NAME)
    with served(tmp_path / "store", *proxy) as service, service.client("wrong") as guesser:
        for _ in range(11):
            last = guesser.get("/engine", headers={"x-forwarded-for": "203.0.113.9"})
        assert last.status_code == 429
        here = {"x-forwarded-for": "203.0.113.10", "host": NAME}
        assert service.ask("GET", "/engine", headers=here)[0] == 200


def test_nobody_else_is_believed_about_addresses(tmp_path: Path) -> None:
    with served(tmp_path / "store") as service, service.client("wrong") as guesser:
        for number in range(11):
            last = guesser.get("/engine", headers={"x-forwarded-for": f"203.0.113.{number}"})
        assert last.status_code == 429
