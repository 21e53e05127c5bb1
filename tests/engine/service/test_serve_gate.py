"""Parts of the service for other computers: guesses, names, options, places."""

import argparse
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest.mock import Mock

import psutil
import pytest

from desktop_app.engine.serve import certificate, guesses, names, options
from desktop_app.engine.serve.guesses import MOST_GUESSES, WINDOW_SECONDS, Guesses
from desktop_app.engine.serve.names import Address, names_of
from desktop_app.engine.serve.places import default_store
from desktop_app.engine.serve.starting import Exit, StartError
from desktop_app.engine.serve.token_file import renew_token
from tests.engine.service.serve_child import outcome


class Clock:
    """A clock of the tests' own."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_guesses_are_forgotten_one_by_one() -> None:
    clock = Clock()
    counted = Guesses(clock)
    for _ in range(MOST_GUESSES):
        assert counted.wait_seconds("192.0.2.1") == 0
        counted.was_wrong("192.0.2.1")
        clock.at += 1
    assert counted.wait_seconds("192.0.2.1") == WINDOW_SECONDS - MOST_GUESSES
    assert counted.wait_seconds("192.0.2.2") == 0
    clock.at += WINDOW_SECONDS - MOST_GUESSES
    assert counted.wait_seconds("192.0.2.1") == 0
    counted.was_wrong("192.0.2.1")
    assert counted.wait_seconds("192.0.2.1") == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("nonsense", "", True),
    ],
)
def test_who_counts_as_the_same(one: str, other: str, same: bool) -> None:
    counted = Guesses()
    for _ in range(MOST_GUESSES):
        counted.was_wrong(one)
    assert (counted.wait_seconds(other) > 0) is same


def test_not_everybody_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_ADDRESSES", 3)
    counted = Guesses()
    for number in range(5):
        for _ in range(MOST_GUESSES):
            counted.was_wrong(f"192.0.2.{number}")
    assert [counted.wait_seconds(f"192.0.2.{n}") > 0 for n in range(5)] == [False] * 2 + [True] * 3


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8443", Address("0.0.0.0", 8443)),
        ("[::]:1", Address("::", 1)),
        ("localhost:0", Address("127.0.0.1", 0)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize("text", ["", "8443", "box:8443", "127.0.0.1:", "127.0.0.1:65536", "::1:x"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of several kinds, all meant for argparse
        Address.parse(text)


def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "own_names", lambda: ["host", "192.0.2.7"])
    loopback = ["localhost", "127.0.0.1", "::1"]
    everywhere = Address("0.0.0.0", 1)
    assert names_of(everywhere, []) == ["host", "192.0.2.7", *loopback]
    assert names_of(everywhere, ["Box.Example", "[2001:db8::1]"]) == [
        "box.example",
        "2001:db8::1",
        *loopback,
    ]
    assert names_of(Address("192.0.2.7", 1), ["b"]) == ["b", "192.0.2.7", *loopback]


def test_this_computers_own_names() -> None:
    found = names.own_names()
    assert found
    assert not set(found[1:]) & set(names.LOOPBACK_NAMES)


def parsed(*arguments: str) -> argparse.Namespace:
    return options.parser().parse_args(["serve", *arguments])


OUTSIDE = ("--listen", "0.0.0.0:8443")
CERTIFICATE = ("--tls-cert", "c", "--tls-key", "k")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (*OUTSIDE, "--self-signed"),
        (*OUTSIDE, *CERTIFICATE),
        (*OUTSIDE, "--behind-proxy", "--name", "box.example"),
        ("--listen", "[::1]:0"),
        ("--launcher", "accelerate", "--processes", "2", "--accelerate-config", "f"),
        ("--launcher", "ray", "--processes", "2", "--ray-address", "head:6379"),
    ],
)
def test_options_that_go_together(arguments: tuple[str, ...]) -> None:
    assert options.fault_in(parsed(*arguments)) is None


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (OUTSIDE, "without TLS"),
        (("--listen", "192.0.2.1:1", "--name", "box.example"), "without TLS"),
        (("--tls-key", "k"), "--tls-cert"),
        ((*CERTIFICATE, "--self-signed"), "exclude"),
        (("--behind-proxy",), "--name"),
        (("--processes", "2"), "--launcher"),
        (("--launcher", "ray", "--backend", "numpy"), "torch"),
        (("--launcher", "ray", "--accelerate-config", "f"), "--accelerate-config"),
        (("--launcher", "accelerate", "--ray-address", "a:1"), "--ray-address"),
    ],
)
def test_options_that_do_not(arguments: tuple[str, ...], word: str) -> None:
    fault = options.fault_in(parsed(*arguments))
    assert fault is not None
    assert word in fault


@pytest.mark.parametrize(
    "arguments",
    [
        ("--listen", "box:1"),
        ("--name", "box:8443"),
        ("--name", "bücher.example"),
        ("--processes", "0"),
        ("--launcher", "mpirun"),
    ],
)
def test_options_that_are_none(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments)
    assert ended.value.code == 2


def test_it_does_not_start_in_the_open(tmp_path: Path) -> None:
    code, said, errors = outcome("serve", "--store", tmp_path / "s", *OUTSIDE)
    assert (code, said) == (2, "")
    assert errors.startswith("exemplar-engine: without TLS")
    assert errors.count("\n") == 1
    assert not (tmp_path / "s").exists()


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("nonsense")
    code, said, errors = outcome(
        "serve", "--store", tmp_path / "s", "--tls-cert", tmp_path / "c", "--listen", "127.0.0.1:0"
    )
    assert (code, said) == (7, "")
    assert errors.count("\n") == 1


def test_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(StartError, match="openssl req") as refused:
        certificate.keep_certificate(tmp_path / "tls", ["box.example"], [])
    assert refused.value.code is Exit.CERTIFICATE


def test_only_a_name_that_was_given_makes_another_certificate(tmp_path: Path) -> None:
    """Clients know the certificate: another one is an alarm to each of them."""
    pytest.importorskip("cryptography")

    def made(names: list[str], given: list[str]) -> str:
        kept, _ = certificate.keep_certificate(tmp_path / "tls", names, given)
        return certificate.fingerprint(kept)

    first = made(["host", "192.0.2.7", "localhost"], [])
    assert made(["host", "192.0.2.8", "localhost"], []) == first
    assert made(["host", "localhost"], ["host"]) == first
    assert made(["new.example", "localhost"], ["new.example"]) != first


@pytest.mark.parametrize(
    ("host", "known"), [("Bücher", ["xn--bcher-kva"]), ("ü" * 80, []), ("", []), ("Box", ["box"])]
)
def test_a_host_name_outside_ascii(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, known: list[str]
) -> None:
    pytest.importorskip("cryptography")
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    monkeypatch.setattr(psutil, "net_if_addrs", dict)
    found = names_of(Address("0.0.0.0", 1), [])
    assert found == [*known, *names.LOOPBACK_NAMES]
    kept, _ = certificate.keep_certificate(tmp_path / "tls", found, [])
    assert kept.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.logs("desktop_app.engine.serve.certificate")
def test_a_certificate_that_changes_between_two_looks_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handlers: list[Callable[..., None]] = []
    monkeypatch.setattr(signal, "signal", lambda _number, handler: handlers.append(handler))
    monkeypatch.setattr(certificate, "server_context", lambda *_: None)
    renewed: list[str] = []
    for error in (OSError(2, "gone"), ValueError(), ssl.SSLError()):
        context = SimpleNamespace(load_cert_chain=Mock(side_effect=error))
        certificate.read_again_at_hangup(
            cast("ssl.SSLContext", context), tmp_path / "c", None, renewed.append
        )
        handlers[-1](signal.SIGHUP, None)
        context.load_cert_chain.assert_called_once()
    assert caplog.text.count("was not read again") == 3
    assert renewed == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("link", ["token.part", "token"])
def test_no_link_is_followed_to_where_root_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    precious.chmod(0o644)
    store = tmp_path / "store"
    store.mkdir()
    (store / link).symlink_to(precious)
    given: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        os, "fchown", lambda file, *who: given.append((os.fstat(file).st_ino, *who))
    )
    monkeypatch.setattr(os, "chown", Mock(side_effect=AssertionError("it follows links")))
    token = renew_token(store / "token")
    assert precious.read_text() == "kept"
    assert precious.stat().st_mode & 0o777 == 0o644
    assert not (store / "token").is_symlink()
    assert (store / "token").read_text().strip() == token
    status, owner = (store / "token").stat(), store.stat()
    assert given == [(status.st_ino, owner.st_uid, owner.st_gid)]
    assert status.st_mode & 0o777 == 0o600
    assert [path.name for path in store.iterdir()] == ["token"]


def test_where_the_store_is(tmp_path: Path) -> None:
    assert default_store({"STATE_DIRECTORY": "/a:/b"}) == Path("/a")
    found = default_store({}, tmp_path)
    assert found.is_relative_to(tmp_path)
    assert found.name == "exemplar-engine"
    if sys.platform == "linux":
        assert default_store({"XDG_DATA_HOME": "/data"}) == Path("/data/exemplar-engine")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root")
def test_a_token_made_by_root_belongs_to_the_services_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    renew_token(tmp_path / "token")
    status = (tmp_path / "token").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12346, 0o600)
