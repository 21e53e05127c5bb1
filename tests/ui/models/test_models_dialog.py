"""The dialog of models, on an engine on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from desktop_app.state.models import engine_models
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.models.adapter_dialog import AdapterDialog
from desktop_app.ui.models.models_dialog import ModelsDialog
from desktop_app.ui.theme import Theme
from tests.provider.model_engine import entry
from tests.provider.scripted_service import error
from tests.state.models.models_bench import ModelsBench
from tests.ui.test_accessible import traps, unnamed

HUB = "Qwen/Qwen2.5-0.5B"
LARGE = entry(
    "o/large", title="Large", fits_training=False, fits_answering=False, why="It needs 34 GB."
)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelsBench]:
    monkeypatch.setattr(engine_models, "POLL_SECONDS", 0.01)
    with ModelsBench(qtbot, tmp_path, [entry(HUB), LARGE]) as bench:
        bench.connections.set_active(THIS_COMPUTER)
        bench.until(lambda: bench.connections.base_model != "")
        bench.until_idle()
        yield bench
        bench.until_idle()
        bench.stop(bench.model_engine)


@pytest.fixture
def dialog(bench: ModelsBench, qapp: QApplication) -> Iterator[ModelsDialog]:
    dialog = ModelsDialog(bench.connections, THIS_COMPUTER, Theme(qapp), None)
    dialog.open()
    bench.until_idle()
    yield dialog
    if isValid(dialog):
        dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def lines(dialog: ModelsDialog) -> list[str]:
    return [dialog.list.item(place).text() for place in range(dialog.list.count())]


def choose(dialog: ModelsDialog, text: str) -> None:
    place = next(n for n, line in enumerate(lines(dialog)) if line.startswith(text))
    dialog.list.setCurrentRow(place)


def press(bench: ModelsBench, pressed: QPushButton) -> None:
    assert pressed.isVisible()
    assert pressed.isEnabled()
    bench.qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)


def test_what_is_here_stands_before_what_can_be_fetched(dialog: ModelsDialog) -> None:
    assert lines(dialog) == [
        "ON THIS COMPUTER",
        "SmolLM2 135M\n98 MB · can be trained",
        "RECOMMENDED, TO FETCH",
        "Qwen2.5 0.5B\n1.0 GB · can be trained",
        "Large\n1.0 GB · cannot run here",
        "Another model, by name…",
    ]
    pane = dialog.pane
    assert pane.title.text() == "SmolLM2 135M"
    assert ("Runs with", "NumPy") in pane.facts.facts()
    assert pane.is_chosen.isVisible()
    assert not pane.choose.isVisible()
    assert not pane.fetch.isVisible()
    assert dialog.source.text() == "Catalogue of 1 Nov 2026"
    assert dialog.source.toolTip() == "Model cards."


def test_why_a_model_does_not_fit(dialog: ModelsDialog) -> None:
    choose(dialog, "Large")
    assert dialog.pane.why.text() == "It needs 34 GB."
    assert dialog.pane.fit.property("tone") == "bad"


def test_nothing_is_fetched_before_the_licence_is_accepted(
    bench: ModelsBench, dialog: ModelsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(dialog, "Qwen")
    pane = dialog.pane
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    press(bench, pane.read)
    assert [url.toString() for url in opened] == ["https://licences.example/apache-2.0"]
    assert not pane.fetch.isEnabled()
    pane.accept.setChecked(True)
    assert pane.fetch.isEnabled()
    choose(dialog, "Large")
    assert not pane.accept.isChecked()  # It was given for the other model.


def test_a_licence_elsewhere_than_on_the_web_is_not_opened(
    bench: ModelsBench, dialog: ModelsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.model_engine.hub["o/odd"] = entry(
        "o/odd", title="Odd", licence={"id": "x", "name": "X", "url": "file:///etc/passwd"}
    )
    dialog.by_name.name.setText("o/odd")
    bench.models.look_up("o/odd")
    bench.until(lambda: bench.models.entry("o/odd") is not None)
    dialog.show_entry("o/odd")
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    dialog.pane.read.click()
    assert opened == []


def test_the_whole_way(bench: ModelsBench, dialog: ModelsDialog) -> None:
    bench.model_engine.piece = 1_000_000
    choose(dialog, "Qwen")
    pane = dialog.pane
    pane.accept.setChecked(True)
    press(bench, pane.fetch)
    bench.until(pane.stop.isVisible)
    assert pane.progress.isVisible()
    assert pane.moving.text().endswith("of 1.0 GB") or "a second" in pane.moving.text()
    press(bench, pane.stop)
    bench.until(lambda: pane.fetch.isVisible() and pane.fetch.text() == "Go on")
    assert pane.forget.isVisible()
    bench.model_engine.piece = 10**9
    bench.until(pane.fetch.isEnabled)
    press(bench, pane.fetch)
    bench.until(lambda: pane.choose.text() == "Start new jobs from it" and pane.choose.isVisible())
    bench.until_idle()
    press(bench, pane.choose)
    assert bench.connections.base_model == "qwen2.5-0.5b"
    assert pane.is_chosen.isVisible()
    assert not pane.choose.isVisible()


def test_a_fetch_goes_on_without_the_dialog(bench: ModelsBench, dialog: ModelsDialog) -> None:
    choose(dialog, "Qwen")
    dialog.pane.accept.setChecked(True)
    press(bench, dialog.pane.fetch)
    dialog.close()
    bench.until(lambda: not isValid(dialog))
    bench.until(lambda: len(bench.models.bases) == 2)
    assert bench.notices[-1].level == "good"


def test_removing_is_asked_about_and_a_refusal_is_shown(
    bench: ModelsBench, dialog: ModelsDialog
) -> None:
    route = "DELETE /engine/bases/smollm2-135m-instruct"
    bench.model_engine.on(route, error(409, "A job needs it."))
    press(bench, dialog.pane.remove)
    (question,) = dialog.findChildren(Question)
    assert question.text() == "Remove SmolLM2 135M?"
    press(bench, question.refusal)
    assert bench.model_engine.sent(route) == []
    press(bench, dialog.pane.remove)
    question = next(each for each in dialog.findChildren(Question) if each.isVisible())
    press(bench, question.action)
    bench.until(lambda: dialog.pane.problem.text() == "A job needs it.")


def test_a_model_by_name(bench: ModelsBench, dialog: ModelsDialog) -> None:
    bench.model_engine.hub["me/mine"] = entry("me/mine", title="Mine")
    choose(dialog, "Another")
    by_name = dialog.by_name
    for wrong in ("", "mine", "https://hub.example/me/mine", "me/"):
        by_name.name.setText(wrong)
        assert not by_name.look_up.isEnabled()
    by_name.name.setText("me/nothing")
    press(bench, by_name.look_up)
    bench.until(lambda: by_name.problem.text() == "The hub has no model me/nothing.")
    by_name.name.setText("me/mine")
    bench.qtbot.keyClick(by_name.name, Qt.Key.Key_Return)
    bench.until(lambda: dialog.pane.title.text() == "Mine")
    assert dialog.list.currentItem().text().startswith("Mine")


def test_a_folder_of_this_computer(
    bench: ModelsBench, dialog: ModelsDialog, tmp_path: Path
) -> None:
    dialog.take_folder.trigger()
    (chooser,) = dialog.findChildren(QFileDialog)
    assert chooser.fileMode() is QFileDialog.FileMode.Directory
    bench.model_engine.on("POST /engine/models", error(400, "There is no config.json in it."))
    chooser.fileSelected.emit(str(tmp_path))
    chooser.close()
    bench.until(lambda: dialog.problem.text() == "There is no config.json in it.")


def test_an_adapter_trained_elsewhere(
    bench: ModelsBench, dialog: ModelsDialog, tmp_path: Path
) -> None:
    dialog.take_adapter.trigger()
    (adapter,) = dialog.findChildren(AdapterDialog)
    assert not adapter.take.isEnabled()
    adapter.set_folder(str(tmp_path))
    adapter.name.setText("voice")
    adapter.base.setCurrentIndex(1)
    press(bench, adapter.take)
    bench.until(lambda: not isValid(adapter))
    assert bench.model_engine.taken == [
        {"folder": str(tmp_path), "name": "voice", "model": "smollm2-135m-instruct"}
    ]


def test_a_tuned_model_that_was_taken_says_where_it_is(
    bench: ModelsBench, dialog: ModelsDialog
) -> None:
    bench.models.added.emit("ft:smollm2-135m-instruct:local:voice:1a2b3c4d")
    bench.look()
    assert dialog.source.text() == (
        "“voice (SmolLM2 135M)” is kept. Chat and Evaluate offer it among the tuned models."
    )
    bench.models.added.emit("base-model")
    bench.look()
    assert dialog.source.text().startswith("Catalogue of")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("smollm2-135m-instruct-harbour-v1-cZ9U-adapter", "harbour-v1-cZ9U"),
        ("voice", "voice"),
        ("-adapter", "-adapter"),
    ],
)
def test_the_name_of_an_adapter_is_what_is_its_own(
    dialog: ModelsDialog, tmp_path: Path, folder: str, name: str
) -> None:
    dialog.take_adapter.trigger()
    (adapter,) = dialog.findChildren(AdapterDialog)
    adapter.set_folder(str(tmp_path / folder))
    assert adapter.name.text() == name
    adapter.close()


def test_an_engine_that_does_not_answer_is_asked_again(
    bench: ModelsBench, dialog: ModelsDialog
) -> None:
    bench.model_engine.on("GET /engine/bases", error(500, "The store is locked."))
    bench.look()
    assert dialog.problem.text() == "The store is locked."
    del bench.model_engine._answers["GET /engine/bases"]
    press(bench, dialog.again)
    bench.until(lambda: not dialog.problem.isVisible())


def test_it_can_be_used_by_keyboard_and_by_ear(dialog: ModelsDialog) -> None:
    for place in range(dialog.list.count()):
        dialog.list.setCurrentRow(place)
        assert unnamed(dialog) == []
        assert traps(dialog) == []
    dialog.take_adapter.trigger()
    (adapter,) = dialog.findChildren(AdapterDialog)
    assert unnamed(adapter) == []
    adapter.close()


def test_it_is_freed(bench: ModelsBench, dialog: ModelsDialog) -> None:
    dialog.close()
    bench.until(lambda: not isValid(dialog))


def test_arrow_keys_pass_by_the_field_for_a_name(bench: ModelsBench, dialog: ModelsDialog) -> None:
    dialog.list.setFocus()
    dialog.list.setCurrentRow(dialog.list.count() - 1)
    assert dialog.by_name.isVisible()
    bench.models.changed.emit()
    assert dialog.focusWidget() is dialog.list
    bench.qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    assert dialog.focusWidget() is dialog.by_name.name
