from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.state.connections.connections import OPENAI, ConnectionStatus
from desktop_app.storage.settings import ConnectionSettings
from desktop_app.ui.connections.connection_picker import ConnectionPicker
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from desktop_app.ui.connections.status_words import dot, word
from desktop_app.ui.theme import DARK, LIGHT, Theme
from tests.state.connections.connections_bench import Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench
        bench.until_idle()


@pytest.fixture
def picker(bench: Bench, qtbot: QtBot, qapp: QApplication) -> Iterator[ConnectionPicker]:
    window = QWidget()
    qtbot.addWidget(window)
    picker = ConnectionPicker(bench.connections, Theme(qapp))
    picker.setParent(window)
    window.resize(400, 60)
    window.show()
    qtbot.waitExposed(window)
    yield picker
    del window


def entries(picker: ConnectionPicker) -> list[str]:
    picker.connection_menu.rebuild()
    return [action.text().strip() for action in picker.connection_menu.actions() if action.text()]


def entry(picker: ConnectionPicker, text: str) -> QAction:
    picker.connection_menu.rebuild()
    return next(a for a in picker.connection_menu.actions() if a.text().strip() == text)


def test_it_says_connection_model_and_state(bench: Bench, picker: ConnectionPicker) -> None:
    bench.connections.set_active(bench.add())
    assert "connecting…" in picker.accessibleName()
    bench.until_status(ConnectionStatus.READY)
    assert picker.accessibleName() == "Connection: My service, base-1, ready"
    assert picker._name.text() == "My service"
    assert picker._model.text() == "base-1"


def test_what_is_missing_stands_in_the_models_place(bench: Bench, picker: ConnectionPicker) -> None:
    bench.connections.set_active(OPENAI)
    bench.until_status(ConnectionStatus.NEEDS_KEY)
    assert picker._model.text() == "needs a key"
    assert "Closes to new jobs on 6 Jan 2027." in picker.toolTip()


def test_long_names_are_shortened(bench: Bench, picker: ConnectionPicker) -> None:
    name = "The service of the whole translation department"
    bench.connections.save(ConnectionSettings("long", "other", name, bench.service.base_url))
    bench.connections.set_active("long")
    assert picker._name.text().endswith("…")
    assert picker.toolTip().startswith(name)


def test_the_menu_lists_connections_models_and_dates(
    bench: Bench, picker: ConnectionPicker
) -> None:
    bench.connections.set_active(bench.add())
    bench.until_status(ConnectionStatus.READY)
    texts = entries(picker)
    assert texts[0].startswith("This computer")
    assert "My service\tready" in texts
    assert "base-1" in texts
    assert "GPT-4.1 mini" in texts
    assert "Closes to new jobs on 6 Jan 2027." in texts
    assert "Tuned models fall silent on 14 Jan 2027." in texts
    assert texts[-3:] == ["Key…", "Add a connection…", "Connections…"]
    assert entry(picker, "base-1").isChecked()
    bench.today = date(2027, 1, 20)
    assert "Closed to new jobs since 6 Jan 2027." in entries(picker)
    assert "GPT-4.1 mini" not in entries(picker)


def test_an_entry_takes_connection_and_model(bench: Bench, picker: ConnectionPicker) -> None:
    entry(picker, "GPT-4.1 mini").trigger()
    assert bench.connections.active.id == OPENAI
    assert bench.connections.base_model == "gpt-4.1-mini-2025-04-14"
    bench.add()
    entry(picker, "My service\tnot asked yet").trigger()
    assert bench.connections.active.id == "mine"
    bench.until_status(ConnectionStatus.READY)


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_keys_open_the_menu(picker: ConnectionPicker, qtbot: QtBot, key: Qt.Key) -> None:
    picker.setFocus()
    qtbot.keyClick(picker, key)
    assert picker.connection_menu.isVisible()
    qtbot.keyClick(picker.connection_menu, Qt.Key.Key_Escape)
    assert not picker.connection_menu.isVisible()


def test_the_menu_leads_to_keys_and_new_connections(bench: Bench, picker: ConnectionPicker) -> None:
    assert not entry(picker, "Key…").isEnabled()
    entry(picker, "Add a connection…").trigger()
    (dialog,) = picker.window().findChildren(ConnectionsDialog)
    assert dialog.service_pane.isVisible()
    dialog.accept()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert picker.window().findChildren(ConnectionsDialog) == []
    bench.connections.set_active(OPENAI)
    entry(picker, "Key…").trigger()
    (dialog,) = picker.window().findChildren(ConnectionsDialog)
    assert dialog.service_pane.title.text() == "OpenAI"
    dialog.accept()


def test_it_follows_the_theme(picker: ConnectionPicker) -> None:
    before = picker._dot.pixmap().toImage()
    try:
        picker._theme.choose("dark")
        assert picker._dot.pixmap().toImage() != before
    finally:
        picker._theme.choose("light")


def test_every_state_has_a_word_and_a_dot(qapp: QApplication) -> None:
    words = {word(status) for status in ConnectionStatus}
    assert len(words) == len(ConnectionStatus)
    for colours in (LIGHT, DARK):
        for status in ConnectionStatus:
            assert dot(status, colours, 2.0).width() == 18
