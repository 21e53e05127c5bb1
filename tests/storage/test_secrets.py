import logging
import traceback

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import InitError, KeyringLocked, PasswordSetError
from typing_extensions import override

from desktop_app.storage.secrets import Secrets, SecretsReason, SecretsUnavailable, origin

KEY = "sk-test-0123456789abcdef"
OPENAI = "https://api.openai.com/v1"


class FailingKeyring(KeyringBackend):
    """A keyring that raises what it is told to."""

    priority = 5.0

    def __init__(self, error: Exception) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has it so
        self.error = error

    @override
    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    @override
    def delete_password(self, service: str, username: str) -> None:
        raise self.error


def no_keyring() -> KeyringBackend:
    backend: KeyringBackend = NoKeyring()  # type: ignore[no-untyped-call]  # keyring has it so
    return backend


def null_keyring() -> KeyringBackend:
    backend: KeyringBackend = NullKeyring()  # type: ignore[no-untyped-call]  # keyring has it so
    return backend


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (OPENAI, "https://api.openai.com:443"),
        ("HTTPS://API.OpenAI.com:443/other?x#y", "https://api.openai.com:443"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("https://api.openai.com@evil.example/v1", "https://evil.example:443"),
        ("http://api.openai.com/v1", "http://api.openai.com:80"),
    ],
)
def test_a_key_belongs_to_scheme_host_and_port(address: str, expected: str) -> None:
    assert origin(address) == expected


@pytest.mark.parametrize(
    "address", ["", "api.openai.com", "/v1", "ftp:x", "https://", "http://a:b"]
)
def test_what_is_no_web_address_has_no_key(address: str) -> None:
    with pytest.raises(ValueError, match=r"web address|[Pp]ort"):
        Secrets().set(address, KEY)


def test_a_key_is_kept_for_its_host_alone() -> None:
    Secrets().set(OPENAI, KEY)
    later = Secrets()
    assert later.get("https://api.openai.com/other") == KEY
    assert later.is_persistent(OPENAI)
    for other in ("http://api.openai.com/v1", "https://api.openai.com:8443", "https://openai.com"):
        assert later.get(other) is None
    later.delete(OPENAI)
    later.delete(OPENAI)
    assert Secrets().get(OPENAI) is None


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (no_keyring(), SecretsReason.NO_KEYRING),
        (null_keyring(), SecretsReason.NO_KEYRING),
        (FailingKeyring(KeyringLocked("locked")), SecretsReason.LOCKED),
        (FailingKeyring(InitError("Prompt dismissed")), SecretsReason.LOCKED),
        (FailingKeyring(PasswordSetError("no")), SecretsReason.FAILED),
        (FailingKeyring(ConnectionResetError()), SecretsReason.FAILED),
    ],
)
def test_without_a_keyring_the_key_lasts_for_the_session(
    backend: KeyringBackend, reason: SecretsReason
) -> None:
    keyring.set_keyring(backend)
    secrets = Secrets()
    with pytest.raises(SecretsUnavailable) as caught:
        secrets.get(OPENAI)
    assert caught.value.reason == reason
    with pytest.raises(SecretsUnavailable) as caught:
        secrets.set(OPENAI, KEY)
    assert caught.value.reason == reason
    assert caught.value.detail
    assert secrets.get(OPENAI) == KEY
    assert not secrets.is_persistent(OPENAI)
    with pytest.raises(SecretsUnavailable):
        Secrets().get(OPENAI)
    with pytest.raises(SecretsUnavailable):
        secrets.delete(OPENAI)
    with pytest.raises(SecretsUnavailable):
        secrets.get(OPENAI)


def test_a_keyring_that_works_again_takes_the_key_over() -> None:
    working = keyring.get_keyring()
    secrets = Secrets()
    keyring.set_keyring(no_keyring())
    with pytest.raises(SecretsUnavailable):
        secrets.set(OPENAI, "sk-old")
    keyring.set_keyring(working)
    secrets.set(OPENAI, KEY)
    assert secrets.is_persistent(OPENAI)
    assert Secrets().get(OPENAI) == KEY


def test_no_error_and_no_log_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    keyring.set_keyring(FailingKeyring(PasswordSetError(f"cannot store {KEY}")))
    secrets = Secrets()
    with caplog.at_level(logging.DEBUG), pytest.raises(SecretsUnavailable) as caught:
        secrets.set(OPENAI, KEY)
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown + repr(caught.value) + caplog.text + repr(secrets)
