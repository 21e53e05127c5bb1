from datetime import date
from pathlib import Path

import pytest

from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.other import tidy_address
from desktop_app.provider.connections.profile import ConnectionProfile, DataPlace
from desktop_app.provider.connections.this_computer import ThisComputerProvider
from desktop_app.provider.factory import open_provider, profile_of
from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError
from tests.provider.conftest import KEY, Ask


@pytest.fixture
def engine(tmp_path: Path) -> EngineProcess:
    return EngineProcess(tmp_path)


def test_what_is_known_of_openai() -> None:
    profile = profile_of("openai", "c1", "OpenAI", "http://ignored.example")
    assert profile.base_url == "https://api.openai.com/v1"
    assert profile.needs_key
    assert profile.training_closes == date(2027, 1, 6)
    assert profile.models_close == date(2027, 1, 14)
    assert not profile.capabilities.scores


def test_what_is_known_of_this_computer() -> None:
    profile = profile_of("this_computer", "c0", "This computer", "")
    assert not profile.needs_key
    assert profile.data_place is DataPlace.THIS_COMPUTER
    assert profile.capabilities.scores
    assert profile.capabilities.pause
    assert profile.training_closes is None


@pytest.mark.parametrize(
    ("address", "needs_key", "place"),
    [
        ("https://models.example/v1", True, DataPlace.SERVICE),
        ("http://localhost:1234/v1", False, DataPlace.THIS_COMPUTER),
        ("http://127.0.0.1:1234/v1", False, DataPlace.THIS_COMPUTER),
        ("http://192.168.1.5:1234/v1", True, DataPlace.SERVICE),
    ],
)
def test_what_is_known_of_another_service(
    address: str, place: DataPlace, *, needs_key: bool
) -> None:
    profile = profile_of("other", "c2", "Mine", address)
    assert (profile.needs_key, profile.data_place) == (needs_key, place)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" https://Models.Example/v1/ \n", "https://models.example/v1"),
        ("https://models.example/v1/chat/completions", "https://models.example/v1"),
        ("http://localhost:1234", "http://localhost:1234"),
    ],
)
def test_an_address_is_tidied(typed: str, meant: str) -> None:
    assert tidy_address(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "models.example",
        "ftp://models.example",
        "https://",
        "https://models.example:port/v1",
        "https://me:secret@models.example/v1",
        "https://models.example/v1?key=secret",
        "http://[",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        profile_of("other", "c2", "Mine", typed)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="carrier_pigeon"):
        profile_of("carrier_pigeon", "c3", "", "")


@pytest.mark.parametrize(
    ("profile", "key", "kind"),
    [
        (profile_of("this_computer", "c0", "", ""), None, ThisComputerProvider),
        (profile_of("openai", "c1", "", ""), KEY, OpenAIProvider),
        (profile_of("other", "c2", "", "http://localhost:1/v1"), None, OpenAIProvider),
        (profile_of("other", "c2", "", "http://localhost:1/v1"), "", OpenAIProvider),
    ],
)
def test_each_connection_is_opened(
    engine: EngineProcess,
    ask: Ask[None],
    profile: ConnectionProfile,
    key: str | None,
    kind: type[Provider],
) -> None:
    provider = open_provider(profile, key, engine)
    assert type(provider) is kind
    assert provider.capabilities == profile.capabilities
    ask(provider.close())


@pytest.mark.parametrize("key", [None, ""])
def test_without_the_key_that_is_needed_nothing_is_opened(
    engine: EngineProcess, key: str | None
) -> None:
    with pytest.raises(ProviderError) as caught:
        open_provider(profile_of("openai", "c1", "", ""), key, engine)
    assert caught.value.kind is ErrorKind.NO_KEY
