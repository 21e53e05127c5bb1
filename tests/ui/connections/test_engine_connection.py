"""An engine on another computer as a connection, from its address to a changed certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.provider.connections.certificates import Certificate
from desktop_app.provider.connections.profile import ConnectionKind
from desktop_app.state.connections.connections import ConnectionStatus
from desktop_app.state.jobs.facts import is_free
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from desktop_app.ui.connections.service_pane import ServicePane
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.models.models_dialog import ModelsDialog
from desktop_app.ui.theme import Theme
from tests.conftest import MemoryKeyring
from tests.provider.model_engine import ModelEngine
from tests.provider.self_signed import Identity, new_identity
from tests.state.connections.connections_bench import Bench

TOKEN = "t-0123456789abcdef0123456789abcdef"


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench
        bench.until_idle()


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return new_identity(tmp_path)


@pytest.fixture
def engine(bench: Bench, identity: Identity) -> Iterator[ModelEngine]:
    engine = ModelEngine(tls=identity.tls)
    engine.token = TOKEN
    bench.serve(engine)
    yield engine
    bench.until_idle()
    bench.stop(engine)


@pytest.fixture
def dialog(bench: Bench, qapp: QApplication) -> Iterator[ConnectionsDialog]:
    dialog = ConnectionsDialog(bench.connections, Theme(qapp), None)
    dialog.open()
    bench.qtbot.waitExposed(dialog)
    yield dialog
    bench.until_idle()
    dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def settled(bench: Bench, pane: ServicePane) -> str:
    bench.qtbot.waitUntil(pane.test_button.isEnabled, timeout=10_000)
    bench.until_idle()
    return pane.result.text()


def press(bench: Bench, pressed: QPushButton) -> None:
    assert pressed.isVisible()
    assert pressed.isEnabled()
    bench.qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)


def question(pane: QWidget) -> Question:
    return next(each for each in pane.findChildren(Question) if each.isVisible())


def enter(dialog: ConnectionsDialog, engine: ModelEngine, token: str = TOKEN) -> ServicePane:
    dialog.show_adding()
    pane = dialog.service_pane
    pane.kind.setCurrentIndex(1)
    pane.kind.activated.emit(1)
    pane.address.setText(f"127.0.0.1:{engine.port}")
    pane.key.edit.setText(token)
    pane.test()
    return pane


def connected(bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine) -> ServicePane:
    pane = enter(dialog, engine)
    settled(bench, pane)
    press(bench, question(pane).action)
    assert settled(bench, pane).startswith("It works")
    return pane


def test_the_fingerprint_is_compared_once_and_the_token_kept(
    bench: Bench,
    dialog: ConnectionsDialog,
    engine: ModelEngine,
    identity: Identity,
    memory_keyring: MemoryKeyring,
) -> None:
    pane = enter(dialog, engine)
    assert "Nobody vouches" in settled(bench, pane)
    assert not pane.keep_button.isVisible()
    asked = question(pane)
    assert Certificate.of(identity.pem).fingerprint_in_lines in asked.informativeText()
    assert engine.requests == []
    press(bench, asked.action)
    assert settled(bench, pane) == "It works: the service answered and lists 1 model. Kept."
    added = bench.connections.profiles()[-1]
    assert added.kind is ConnectionKind.ENGINE
    assert added.base_url == f"https://127.0.0.1:{engine.port}/v1"
    assert added.certificate == identity.pem
    assert list(memory_keyring.passwords.values()) == [TOKEN]
    assert TOKEN not in (bench.folder / "settings.json").read_text()
    assert pane.certificate.isVisible()
    # A program that is started anew trusts what was trusted.
    assert bench.open().profiles()[-1] == added


def test_a_no_connects_nothing(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine, memory_keyring: MemoryKeyring
) -> None:
    pane = enter(dialog, engine)
    settled(bench, pane)
    press(bench, question(pane).refusal)
    assert engine.requests == []
    assert memory_keyring.passwords == {}
    assert len(bench.connections.profiles()) == 2


def test_it_is_an_engine_like_the_one_here(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine
) -> None:
    pane = connected(bench, dialog, engine)
    added = bench.connections.profiles()[-1]
    bench.connections.set_active(added.id)
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    assert pane.facts.text().startswith("Runs on that computer's processor (NumPy)")
    assert is_free(bench.connections, added.id)
    press(bench, pane.models_button)
    (models,) = dialog.findChildren(ModelsDialog)
    bench.until_idle()
    assert models.list.item(0).text() == "ON THE ENGINE"
    assert not models.take_file.isVisible()
    assert models.take_adapter.isVisible()
    models.close()


def test_its_disk_is_shown_and_cleared_away_on(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine
) -> None:
    adapters = [{"model": str(n), "bytes": 10, "is_final": n == 2} for n in range(3)]
    engine.storage["jobs"] = [{"id": "over", "bytes": 30, "adapters": adapters}]
    pane = connected(bench, dialog, engine)
    # It is asked as soon as it is kept, though another connection is the active one.
    assert bench.connections.active.id == THIS_COMPUTER
    bench.qtbot.waitUntil(pane.disk.prune.isVisible, timeout=10_000)
    assert "of the disk" in pane.disk.text.text()
    press(bench, pane.disk.prune)
    press(bench, question(pane.disk).action)
    bench.qtbot.waitUntil(lambda: not pane.disk.prune.isVisible(), timeout=10_000)
    assert "were removed" in pane.disk.text.text()
    # Another connection has another disk, or none.
    dialog.show_adding()
    assert not pane.disk.isVisibleTo(pane)


def test_a_changed_certificate_is_refused_loudly(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine, tmp_path: Path
) -> None:
    pane = connected(bench, dialog, engine)
    bench.connections.set_active(bench.connections.profiles()[-1].id)
    bench.until_status(ConnectionStatus.READY)
    bench.until_idle()
    bench.stop(engine)
    impostor = ModelEngine(tls=new_identity(tmp_path).tls)
    bench._thread.submit(impostor.start(engine.port)).result(5)
    bench.connections.refresh()
    bench.until_status(ConnectionStatus.FAILED)
    notice = bench.notices[-1]
    assert notice.level == "bad"
    assert "another certificate than the one that was trusted" in notice.text
    assert notice.detail.count("SHA-256") == 2
    pane.test()
    assert "another certificate" in settled(bench, pane)
    assert impostor.requests == []
    # Whoever knows why says so, and compares anew.
    press(bench, pane.certificate.forget)
    pane.test()
    settled(bench, pane)
    press(bench, question(pane).action)
    assert settled(bench, pane).startswith("It works")
    bench.until_idle()
    bench.stop(impostor)
    bench.serve(engine)


def test_a_wrong_token_is_asked_for_again(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine
) -> None:
    pane = enter(dialog, engine, "t-wrong")
    settled(bench, pane)
    press(bench, question(pane).action)
    assert "does not accept this key" in settled(bench, pane)
    assert len(bench.connections.profiles()) == 2


def test_no_token_says_where_one_is(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine
) -> None:
    pane = enter(dialog, engine, "")
    assert "exemplar-engine token" in settled(bench, pane)
    assert engine.requests == []


def test_an_engine_that_is_gone_is_told(
    bench: Bench, dialog: ConnectionsDialog, engine: ModelEngine
) -> None:
    pane = connected(bench, dialog, engine)
    bench.stop(engine)
    pane.test()
    assert "cannot be reached" in settled(bench, pane)
    bench.serve(engine)


def test_an_address_without_encryption_is_not_taken(
    bench: Bench, dialog: ConnectionsDialog
) -> None:
    dialog.show_adding()
    pane = dialog.service_pane
    pane.kind.setCurrentIndex(1)
    pane.address.setText("http://gpu.example:8443")
    pane.key.edit.setText(TOKEN)
    pane.test()
    assert "https://" in pane.result.text()
    assert bench.runner.running == 0
