from collections.abc import Iterator
from datetime import date
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from pytestqt.qtbot import QtBot

from desktop_app.background.call import Report
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError
from desktop_app.state.connections.closing_dates import closing_note
from desktop_app.state.connections.connections import OPENAI, ConnectionStatus
from desktop_app.state.connections.keys import KeyPlace
from desktop_app.storage.secrets import SecretsReason
from desktop_app.storage.settings import THIS_COMPUTER, ConnectionSettings
from tests.conftest import MemoryKeyring
from tests.provider.scripted_service import Answer, ScriptedService, error
from tests.state.connections.connections_bench import KEY, MODELS, Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench


def test_this_computer_and_openai_are_always_there(bench: Bench) -> None:
    bench.add()
    assert [each.id for each in bench.connections.profiles()] == [THIS_COMPUTER, OPENAI, "mine"]
    assert bench.connections.active.id == THIS_COMPUTER
    assert bench.connections.status is ConnectionStatus.UNKNOWN


def test_choices_outlive_the_program(bench: Bench) -> None:
    bench.add()
    bench.connections.use("mine", "base-1")
    bench.until_status(ConnectionStatus.READY)
    again = bench.open()
    assert again.active.id == "mine"
    assert again.base_model == "base-1"


def test_a_service_is_ready_once_it_has_answered(bench: Bench) -> None:
    bench.connections.set_active(bench.add())
    assert bench.connections.status is ConnectionStatus.CONNECTING
    bench.until_status(ConnectionStatus.READY)
    assert [model.id for model in bench.connections.models] == ["base-1", "ft:base-1:org:x:1"]
    assert bench.connections.base_models("mine") == ["base-1"]
    assert bench.connections.base_model == "base-1"
    assert "connection" in bench.withdrawn


def test_no_key_asks_for_one_and_sends_nothing(bench: Bench) -> None:
    bench.connections.set_active(OPENAI)
    bench.until_status(ConnectionStatus.NEEDS_KEY)
    assert not bench.connections.has_key(OPENAI)
    assert bench.notices == []


def test_a_wrong_key_needs_another(bench: Bench) -> None:
    bench.service.on("GET /v1/models", error(401, "Incorrect API key", "invalid_api_key"))
    bench.connections.set_active(bench.add())
    bench.until_status(ConnectionStatus.NEEDS_KEY)
    failure = bench.connections.error_of("mine")
    assert failure is not None
    assert failure.kind is ErrorKind.WRONG_KEY


@pytest.mark.logs("desktop_app.state.connections.local_engine")
def test_a_fault_of_the_program_does_not_look_like_waiting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_connection_id: str) -> Provider:
        raise LookupError("words that are nobody's business")

    monkeypatch.setattr(bench.connections._pool, "provider", fail)
    bench.connections.set_active(bench.add())
    bench.until_status(ConnectionStatus.FAILED)
    assert bench.notices[0].detail == "LookupError"


def test_a_service_that_is_away_is_told_once_with_a_way_to_try_again(bench: Bench) -> None:
    away = ScriptedService()
    bench.serve(away)
    url = away.base_url
    bench.stop(away)
    bench.connections.set_active(bench.add(url))
    bench.until_status(ConnectionStatus.FAILED)
    (notice,) = bench.notices
    assert notice.text.startswith("My service: The service cannot be reached")
    assert notice.remedy is not None
    bench.connections.save(
        ConnectionSettings("mine", "other", "My service", bench.service.base_url)
    )
    notice.remedy.action()
    bench.until_status(ConnectionStatus.READY)


def test_a_late_answer_of_an_old_address_is_dropped(bench: Bench) -> None:
    bench.connections.set_active(bench.add())
    other = ScriptedService()
    other.on("GET /v1/models", Answer({"data": [{"id": "elsewhere"}]}))
    bench.serve(other)
    bench.add(other.base_url)
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    assert bench.connections.base_model == "elsewhere"
    bench.stop(other)


# Keys


def test_a_key_is_kept_for_its_host_and_sent_to_no_other(
    bench: Bench, memory_keyring: MemoryKeyring
) -> None:
    connection = bench.add()
    bench.connections.set_active(connection)
    bench.connections.set_key(connection, f"  {KEY}\n")
    bench.qtbot.waitUntil(lambda: bench.connections.has_key(connection))
    assert list(memory_keyring.passwords.values()) == [KEY]
    bench.until_idle()
    assert bench.service.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    other = ScriptedService()
    other.on("GET /v1/models", MODELS)
    bench.serve(other)
    bench.add(other.base_url)
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    assert not bench.connections.has_key(connection)
    assert other.requests
    assert not any(KEY in str(request.headers) for request in other.requests)
    bench.stop(other)


def test_a_key_that_was_entered_is_used_at_once(bench: Bench) -> None:
    bench.service.on("GET /v1/models", error(401, "no key", "invalid_api_key"), MODELS)
    bench.connections.set_active(bench.add())
    bench.until_status(ConnectionStatus.NEEDS_KEY)
    bench.connections.set_key("mine", KEY)
    bench.until_status(ConnectionStatus.READY)


def test_a_removed_key_is_gone(bench: Bench, memory_keyring: MemoryKeyring) -> None:
    connection = bench.add()
    bench.connections.set_key(connection, KEY)
    bench.qtbot.waitUntil(lambda: bench.connections.has_key(connection))
    bench.connections.remove_key(connection)
    bench.qtbot.waitUntil(lambda: not bench.connections.has_key(connection))
    assert memory_keyring.passwords == {}
    assert bench.connections.key_state(connection).place is KeyPlace.NONE


def test_what_was_asked_of_the_keyring_last_holds(
    bench: Bench, memory_keyring: MemoryKeyring
) -> None:
    connection = bench.add()
    for _ in range(10):
        bench.connections.set_key(connection, KEY)
        bench.connections.remove_key(connection)
    bench.connections.set_key(connection, "last")
    bench.until_idle()
    assert list(memory_keyring.passwords.values()) == ["last"]
    assert bench.connections.has_key(connection)


def test_without_a_keyring_a_key_is_for_this_session(bench: Bench) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring has it so
    connection = bench.add()
    bench.connections.set_active(connection)
    bench.connections.set_key(connection, KEY)
    bench.qtbot.waitUntil(lambda: bench.connections.has_key(connection))
    state = bench.connections.key_state(connection)
    assert (state.place, state.problem) == (KeyPlace.SESSION, SecretsReason.NO_KEYRING)
    bench.until_idle()
    assert bench.service.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in (bench.folder / "settings.json").read_text()


def test_removing_a_connection_removes_its_key(bench: Bench, memory_keyring: MemoryKeyring) -> None:
    connection = bench.add()
    bench.connections.set_active(connection)
    bench.connections.set_key(connection, KEY)
    bench.qtbot.waitUntil(lambda: bench.connections.has_key(connection))
    bench.connections.remove(connection)
    bench.until_idle()
    assert memory_keyring.passwords == {}
    assert bench.connections.profile(connection) is None
    assert bench.connections.active.id == THIS_COMPUTER


def test_a_key_that_another_connection_needs_stays(
    bench: Bench, memory_keyring: MemoryKeyring
) -> None:
    bench.add()
    bench.add(connection_id="twin")
    bench.connections.set_key("mine", KEY)
    bench.qtbot.waitUntil(lambda: bench.connections.has_key("twin"))
    bench.connections.remove("mine")
    bench.until_idle()
    assert list(memory_keyring.passwords.values()) == [KEY]


def test_what_is_always_there_is_not_removed(bench: Bench) -> None:
    bench.connections.remove(OPENAI)
    bench.connections.remove(THIS_COMPUTER)
    bench.connections.remove("nobody")
    assert len(bench.connections.profiles()) == 2


def test_a_test_lists_the_models_and_keeps_nothing(
    bench: Bench, memory_keyring: MemoryKeyring
) -> None:
    task = bench.connections.test(bench.service.base_url, KEY)
    with bench.qtbot.waitSignal(task.succeeded) as answer:
        pass
    assert answer.args is not None
    assert [model.id for model in answer.args[0]] == ["base-1", "ft:base-1:org:x:1"]
    assert bench.service.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert memory_keyring.passwords == {}


def test_a_test_with_a_wrong_key_says_so(bench: Bench) -> None:
    bench.service.on("GET /v1/models", error(401, "Incorrect API key", "invalid_api_key"))
    task = bench.connections.test(bench.service.base_url, "sk-wrong")
    with bench.qtbot.waitSignal(task.failed) as answer:
        pass
    assert answer.args is not None
    assert answer.args[0].kind is ErrorKind.WRONG_KEY
    assert "sk-wrong" not in str(answer.args[0])


def test_a_bad_address_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="web address"):
        bench.add("not an address")
    assert len(bench.connections.profiles()) == 2


@pytest.mark.logs("desktop_app.state.connections.connections")
def test_a_spoiled_address_in_the_settings_is_passed_over(bench: Bench) -> None:
    spoiled = ConnectionSettings("odd", "other", "Odd", "gopher://x")
    bench.preferences.update(connections=(spoiled,))
    assert [each.id for each in bench.open().profiles()] == [THIS_COMPUTER, OPENAI]


def test_settings_that_cannot_be_written_are_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bench.preferences._file, "save", full)
    bench.connections.set_base_model("gpt-9")
    assert bench.notices[0].detail == "No space left on device"


# Providers for others


def provider_of(bench: Bench, connection_id: str) -> Provider | ProviderError:
    async def work(_report: Report) -> object:
        return await bench.connections.provider(connection_id)

    found: list[Provider | ProviderError] = []
    task = bench.runner.run(work)
    task.succeeded.connect(found.append)
    task.failed.connect(found.append)
    bench.qtbot.waitUntil(lambda: bool(found))
    return found[0]


def test_a_provider_is_opened_once_and_again_after_a_new_key(bench: Bench) -> None:
    connection = bench.add()
    first = provider_of(bench, connection)
    assert provider_of(bench, connection) is first
    bench.connections.set_key(connection, KEY)
    bench.until_idle()
    assert provider_of(bench, connection) is not first


@pytest.mark.parametrize(
    ("connection", "kind"), [(OPENAI, ErrorKind.NO_KEY), ("gone", ErrorKind.NOT_FOUND)]
)
def test_a_provider_that_cannot_be(bench: Bench, connection: str, kind: ErrorKind) -> None:
    failure = provider_of(bench, connection)
    assert isinstance(failure, ProviderError)
    assert failure.kind is kind


# OpenAI's last days

CLOSED_AND_SILENT = (
    "Closed to new jobs since 6 Jan 2027.\nTuned models have been silent since 14 Jan 2027."
)


def test_openai_offers_what_can_still_be_trained(bench: Bench) -> None:
    models = bench.connections.base_models(OPENAI)
    assert "gpt-4.1-mini-2025-04-14" in models
    assert not any("gpt-3.5" in model for model in models)
    bench.today = date(2027, 1, 6)
    assert bench.connections.base_models(OPENAI) == []


@pytest.mark.parametrize(
    ("today", "note"),
    [
        (
            date(2027, 1, 5),
            "Closes to new jobs on 6 Jan 2027.\nTuned models fall silent on 14 Jan 2027.",
        ),
        (
            date(2027, 1, 6),
            "Closed to new jobs since 6 Jan 2027.\nTuned models fall silent on 14 Jan 2027.",
        ),
        (
            date(2027, 1, 14),
            CLOSED_AND_SILENT,
        ),
    ],
)
def test_the_closing_dates_are_told(bench: Bench, today: date, note: str) -> None:
    openai = bench.connections.profile(OPENAI)
    assert openai is not None
    assert closing_note(openai, today) == note
    assert closing_note(bench.connections.active, today) == ""
