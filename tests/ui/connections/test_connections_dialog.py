from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from desktop_app.state.connections.connections import OPENAI, ConnectionStatus
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from desktop_app.ui.connections.service_pane import ServicePane
from desktop_app.ui.theme import Theme
from tests.conftest import MemoryKeyring
from tests.provider.scripted_service import ScriptedService, error
from tests.state.connections.connections_bench import KEY, Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench
        bench.until_idle()


@pytest.fixture
def dialog(bench: Bench, qtbot: QtBot, qapp: QApplication) -> Iterator[ConnectionsDialog]:
    dialog = ConnectionsDialog(bench.connections, Theme(qapp), None)
    dialog.open()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def settled(bench: Bench, pane: ServicePane) -> str:
    bench.qtbot.waitUntil(pane.test_button.isEnabled, timeout=10_000)
    bench.until_idle()
    return pane.result.text()


def test_a_new_connection_is_tested_and_kept(
    bench: Bench, dialog: ConnectionsDialog, memory_keyring: MemoryKeyring
) -> None:
    dialog.show_adding()
    pane = dialog.service_pane
    assert pane.title.text() == "A new connection"
    pane.address.setText(f" {bench.service.base_url}/ ")
    pane.key.edit.setText(KEY)
    bench.qtbot.keyClick(pane.key.edit, Qt.Key.Key_Return)
    assert settled(bench, pane) == "It works: the service answered and lists 2 models. Kept."
    added = bench.connections.profiles()[-1]
    assert (added.name, added.base_url) == ("127.0.0.1", bench.service.base_url)
    assert list(memory_keyring.passwords.values()) == [KEY]
    assert pane.key.edit.text() == ""
    assert pane.key.place.text().startswith("Kept in the system's keyring.")
    assert dialog.list.currentItem().text() == "127.0.0.1"


def test_a_wrong_key_is_not_kept(
    bench: Bench, dialog: ConnectionsDialog, memory_keyring: MemoryKeyring
) -> None:
    bench.service.on("GET /v1/models", error(401, "Incorrect API key", "invalid_api_key"))
    dialog.show_adding()
    pane = dialog.service_pane
    pane.address.setText(bench.service.base_url)
    pane.key.edit.setText("sk-wrong")
    pane.test()
    assert "does not accept this key" in settled(bench, pane)
    assert not pane.keep_button.isVisible()
    assert pane.key.edit.text() == "sk-wrong"
    assert pane.key.edit.hasFocus()
    assert memory_keyring.passwords == {}
    assert len(bench.connections.profiles()) == 2


def test_a_service_that_is_away_can_be_kept_untested(
    bench: Bench, dialog: ConnectionsDialog
) -> None:
    away = ScriptedService()
    bench.serve(away)
    url = away.base_url
    bench.stop(away)
    dialog.show_adding()
    pane = dialog.service_pane
    pane.name.setText("Away")
    pane.address.setText(url)
    pane.test()
    assert "cannot be reached" in settled(bench, pane)
    bench.qtbot.mouseClick(pane.keep_button, Qt.MouseButton.LeftButton)
    assert pane.result.text() == "Kept."
    assert bench.connections.profiles()[-1].name == "Away"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://example.com/v1", "https://"),
        ("nonsense", "no web address"),
        ("https://me:secret@example.com/v1", "no web address"),
        ("", "no web address"),
    ],
)
def test_addresses_that_are_refused(
    bench: Bench, dialog: ConnectionsDialog, address: str, words: str
) -> None:
    dialog.show_adding()
    pane = dialog.service_pane
    pane.address.setText(address)
    pane.key.edit.setText(KEY)
    pane.test()
    assert words in pane.result.text()
    assert pane.address.hasFocus()
    assert bench.runner.running == 0


def test_a_shown_key_does_not_go_along_to_another_host(
    bench: Bench, dialog: ConnectionsDialog
) -> None:
    connection = bench.add()
    bench.secrets.set(bench.service.base_url, KEY)
    dialog.show_connection(connection)
    bench.until_idle()
    pane = dialog.service_pane
    bench.qtbot.mouseClick(pane.key.show_button, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: pane.key.edit.text() == KEY)
    pane.address.setText("https://two.example/v1")
    assert pane.key.edit.text() == ""
    assert "two.example only" in pane.key.place.text()
    assert not pane.key.remove_button.isVisible()


def test_what_was_typed_for_one_connection_is_not_there_for_the_next(
    bench: Bench, dialog: ConnectionsDialog
) -> None:
    dialog.show_adding()
    pane = dialog.service_pane
    pane.key.edit.setText(KEY)
    pane.address.setText("https://one.example/v1")
    assert pane.key.typed == KEY
    dialog.show_connection(OPENAI)
    assert pane.key.typed is None


def test_openai_says_when_it_closes_and_asks_for_a_key(
    bench: Bench, dialog: ConnectionsDialog
) -> None:
    dialog.show_connection(OPENAI)
    bench.until_idle()
    pane = dialog.service_pane
    assert pane.closing.isVisible()
    assert "Closes to new jobs on 6 Jan 2027." in pane.closing_text.text()
    assert "Tuned models fall silent on 14 Jan 2027." in pane.closing_text.text()
    assert not pane.address.isEnabled()
    assert not pane.remove_button.isVisible()
    pane.test()
    assert settled(bench, pane) == "Enter the key that the service has given you."


def test_a_kept_key_is_masked_shown_on_demand_and_removed(
    bench: Bench, dialog: ConnectionsDialog, memory_keyring: MemoryKeyring
) -> None:
    bench.secrets.set("https://api.openai.com/v1", KEY)
    dialog.show_connection(OPENAI)
    field = dialog.service_pane.key
    bench.until_idle()
    assert field.edit.text() == ""
    assert field.place.text() == (
        "Kept in the system's keyring. It is sent to api.openai.com only."
    )
    bench.qtbot.mouseClick(field.show_button, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: field.edit.text() == KEY)
    assert field.edit.echoMode() is QLineEdit.EchoMode.Normal
    assert field.typed is None
    bench.qtbot.mouseClick(field.show_button, Qt.MouseButton.LeftButton)
    assert field.edit.text() == ""
    bench.qtbot.mouseClick(field.remove_button, Qt.MouseButton.LeftButton)
    bench.until_idle()
    assert memory_keyring.passwords == {}
    assert not field.remove_button.isVisible()


def test_what_is_typed_is_masked_until_shown(bench: Bench, dialog: ConnectionsDialog) -> None:
    dialog.show_adding()
    field = dialog.service_pane.key
    assert not field.show_button.isEnabled()
    field.edit.setText(KEY)
    assert KEY not in field.edit.displayText()
    bench.qtbot.mouseClick(field.show_button, Qt.MouseButton.LeftButton)
    assert field.edit.displayText() == KEY
    bench.qtbot.mouseClick(field.show_button, Qt.MouseButton.LeftButton)
    assert (field.typed, field.show_button.text()) == (KEY, "Show")


def test_without_a_keyring_the_session_is_named(bench: Bench, dialog: ConnectionsDialog) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring has it so
    connection = bench.add()
    dialog.show_connection(connection)
    pane = dialog.service_pane
    pane.key.edit.setText(KEY)
    pane.test()
    assert settled(bench, pane).startswith("It works")
    assert pane.key.place.text().startswith("For this session only: no keyring was found.")


def test_a_connection_is_renamed_and_removed(bench: Bench, dialog: ConnectionsDialog) -> None:
    dialog.show_connection(bench.add())
    pane = dialog.service_pane
    pane.name.setText("Renamed")
    pane.test()
    settled(bench, pane)
    assert dialog.list.currentItem().text() == "Renamed"
    bench.qtbot.mouseClick(pane.remove_button, Qt.MouseButton.LeftButton)
    assert len(bench.connections.profiles()) == 2
    assert dialog.engine_pane.isVisible()


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["smollm2-135m-instruct", "other"], "Models here: SmolLM2 135M, other"),
        (["other", "ft:other:local:voice:1"], "Models here: other, and 1 tuned one"),
        (["other", "ft:a:b:c:1", "ft:a:b:c:2"], "Models here: other, and 2 tuned ones"),
    ],
)
def test_tuned_models_are_counted_and_not_listed(
    dialog: ConnectionsDialog, models: list[str], said: str
) -> None:
    dialog.engine_pane._refresh_models(models)
    assert dialog.engine_pane.models.text() == said


def test_this_computer_shows_its_engine_and_fetches_the_model(
    bench: Bench, dialog: ConnectionsDialog
) -> None:
    pane = dialog.engine_pane
    assert pane.isVisible()
    assert pane.status.text() == "stopped"
    bench.qtbot.mouseClick(pane.start, Qt.MouseButton.LeftButton)
    assert pane.status.text() == "starting…"
    bench.qtbot.waitUntil(lambda: pane.status.text() == "ready", timeout=10_000)
    assert pane.fetch.isVisible()
    assert pane.from_disk.isVisible()
    bench.qtbot.mouseClick(pane.fetch, Qt.MouseButton.LeftButton)
    assert pane.progress.isVisible()
    assert pane.cancel.isVisible()
    bench.qtbot.waitUntil(lambda: pane.model_status.text() == "ready", timeout=10_000)
    assert not pane.fetch.isVisible()


def test_an_engine_that_fails_says_why(qtbot: QtBot, tmp_path: Path, qapp: QApplication) -> None:
    with Bench(qtbot, tmp_path, behave="fail") as bench:
        dialog = ConnectionsDialog(bench.connections, Theme(qapp), None)
        dialog.open()
        bench.connections.refresh()
        bench.until_status(ConnectionStatus.FAILED)
        bench.until_idle()
        pane = dialog.engine_pane
        assert pane.status.text() == "failed"
        assert "the model file is damaged" in pane.problem.text()
        assert pane.start.isVisible()
        dialog.close()


def test_a_model_file_is_chosen_without_a_nested_loop(
    bench: Bench, dialog: ConnectionsDialog, tmp_path: Path
) -> None:
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.READY)
    pane = dialog.engine_pane
    pane.choose_file()
    (chooser,) = pane.findChildren(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "mine.gguf"))
    assert not pane.from_disk.isEnabled()
    chooser.close()
    bench.qtbot.waitUntil(pane.from_disk.isEnabled, timeout=10_000)


def test_the_list_follows_what_happens(bench: Bench, dialog: ConnectionsDialog) -> None:
    assert [dialog.list.item(n).text() for n in range(dialog.list.count())] == [
        "This computer",
        "OpenAI",
    ]
    dialog.list.setCurrentRow(1)
    bench.add()
    assert dialog.list.count() == 3
    assert dialog.list.currentItem().text() == "OpenAI"
    dialog.show_connection(THIS_COMPUTER)
    assert dialog.engine_pane.isVisible()


def test_every_field_has_a_name(dialog: ConnectionsDialog) -> None:
    pane = dialog.service_pane
    for field in (pane.name, pane.address, pane.key, pane.key.edit, dialog.list):
        assert field.accessibleName()


def test_a_connection_is_used_from_now_on(bench: Bench, dialog: ConnectionsDialog) -> None:
    assert not dialog.use.isVisible()  # It is the one in use.
    added = bench.add()
    dialog.show_connection(added)
    bench.qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert bench.connections.active.id == added
    assert not dialog.use.isVisible()
    bold = [place for place in range(3) if dialog.list.item(place).font().bold()]
    assert bold == [dialog.list.currentRow()]
    dialog.show_adding()
    assert not dialog.use.isVisible()


def test_an_engine_has_a_token_and_is_told_how_to_start(dialog: ConnectionsDialog) -> None:
    dialog.show_adding()
    pane = dialog.service_pane
    assert not pane.how.isVisible()
    assert pane.key.edit.accessibleName() == "Key"
    pane.kind.setCurrentIndex(1)
    pane.kind.activated.emit(1)
    assert "exemplar-engine serve" in pane.how.text()
    assert pane.how.isVisible()
    assert pane.key.edit.accessibleName() == "Token"
    assert pane.key.edit.placeholderText() == "Paste the token here"
    assert pane.key.remove_button.text() == "Remove token"


def test_return_in_any_field_tests_the_connection(bench: Bench, dialog: ConnectionsDialog) -> None:
    dialog.show_adding()
    pane = dialog.service_pane
    pane.address.setText(bench.service.base_url)
    bench.qtbot.keyClick(pane.address, Qt.Key.Key_Return)
    assert settled(bench, pane).startswith("It works")


def test_tabbing_through_the_list_leaves_the_form_for_a_new_one(dialog: ConnectionsDialog) -> None:
    dialog.show_adding()
    dialog.service_pane.name.setText("Box")
    dialog.list.setFocus(Qt.FocusReason.TabFocusReason)
    assert dialog.service_pane.isVisible()
    assert dialog.service_pane.name.text() == "Box"
