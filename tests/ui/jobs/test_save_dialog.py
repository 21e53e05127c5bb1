"""The dialog that saves a model, on a state whose engine is left out."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from desktop_app.provider.connections.this_computer_exports import ExportForm
from desktop_app.state.jobs.saving import (
    KeptModel,
    ModelSaving,
    ModelSavings,
    ModelToSave,
    SavingPhase,
)
from desktop_app.ui.jobs.job_detail import JobDetail
from desktop_app.ui.jobs.jobs_page import JobsPage
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.jobs.save_dialog import KINDS, SaveDialog
from desktop_app.ui.theme import Theme
from tests.state.jobs.job_bench import SERVICE, Bench

SIZES = {"adapter": 9_800_000, "merged": 269e6, "gguf-f16": 271e6, "gguf-q8_0": 3.4e9}
MODEL = ModelToSave(SERVICE, "ft:x", "Harbour", "")


class OrderedSaving(ModelSaving):
    """Notes what is ordered."""

    orders: list[tuple[str, Path, bool]]

    def _ask(self) -> None:
        self.orders = []

    def save(self, kind: str, folder: Path, *, replace: bool = False) -> None:
        self.orders.append((kind, folder, replace))
        self.show_phase(SavingPhase.SAVING)

    def cancel(self) -> None:
        self.orders.append(("cancel", Path(), False))

    def show_phase(self, phase: SavingPhase) -> None:
        self.phase = phase
        self.changed.emit()

    def know(self) -> None:
        self.forms = [ExportForm(kind, f"m-{kind}", int(n)) for kind, n in SIZES.items()]
        self.show_phase(SavingPhase.READY)


@pytest.fixture
def saving(bench: Bench) -> OrderedSaving:
    return OrderedSaving(MODEL, bench.connections, bench.runner)


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


@pytest.fixture
def dialog(parent: QWidget, saving: OrderedSaving, tmp_path: Path) -> SaveDialog:
    dialog = SaveDialog(saving, parent)
    dialog.set_folder(str(tmp_path))
    dialog.open()
    return dialog


def press(qtbot: QtBot, pressed: QPushButton) -> None:
    assert pressed.isVisible()
    assert pressed.isEnabled()
    qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)


def test_nothing_can_be_saved_before_the_engine_has_answered(
    dialog: SaveDialog, saving: OrderedSaving
) -> None:
    assert not dialog.save.isEnabled()
    assert not any(choice.isEnabled() for choice in dialog.buttons.values())
    assert "engine is asked" in dialog.state.text()
    saving.know()
    assert dialog.save.isEnabled()
    assert [dialog.sizes[kind].text() for kind in KINDS] == [
        "about 271 MB",
        "about 3.4 GB",
        "about 269 MB",
        "about 9.8 MB",
    ]


def test_the_whole_way(
    qtbot: QtBot,
    dialog: SaveDialog,
    saving: OrderedSaving,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saving.know()
    dialog.buttons["merged"].click()
    press(qtbot, dialog.save)
    assert saving.orders == [("merged", tmp_path, False)]
    assert not dialog.save.isVisible()
    assert not dialog.choose.isEnabled()
    saving.written = (100_000_000, 269_000_000)
    saving.changed.emit()
    assert dialog.progress.value() == 371
    assert dialog.state.text() == "100 MB of 269 MB written"
    saving.path = tmp_path / "m-merged"
    saving.show_phase(SavingPhase.DONE)
    assert dialog.state.text() == "Saved as m-merged."
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    press(qtbot, dialog.open_folder)
    assert [url.toLocalFile() for url in opened] == [str(tmp_path / "m-merged")]


def test_replacing_is_asked_about(
    qtbot: QtBot, dialog: SaveDialog, saving: OrderedSaving, tmp_path: Path
) -> None:
    saving.know()
    (tmp_path / "m-gguf-f16").mkdir()
    press(qtbot, dialog.save)
    (question,) = dialog.findChildren(Question)
    assert "m-gguf-f16" in question.text()
    press(qtbot, question.refusal)
    assert saving.orders == []
    press(qtbot, dialog.save)
    question = next(each for each in dialog.findChildren(Question) if each.isVisible())
    press(qtbot, question.action)
    assert saving.orders == [("gguf-f16", tmp_path, True)]


def test_a_problem_is_shown_and_can_be_tried_again(
    qtbot: QtBot, dialog: SaveDialog, saving: OrderedSaving
) -> None:
    saving.know()
    saving.problem = "The disk is full."
    saving.show_phase(SavingPhase.FAILED)
    assert dialog.problem.text() == "The disk is full."
    press(qtbot, dialog.save)
    assert len(saving.orders) == 1


def test_it_is_freed_and_breaks_off_what_runs(
    qtbot: QtBot, dialog: SaveDialog, saving: OrderedSaving
) -> None:
    saving.know()
    press(qtbot, dialog.save)
    orders = saving.orders
    dialog.reject()
    qtbot.waitUntil(lambda: not isValid(dialog) and not isValid(saving))
    assert orders[-1][0] == "cancel"


def test_the_button_is_there_where_a_model_can_be_saved(page: JobsPage, bench: Bench) -> None:
    submission = bench.submit()
    job_id = bench.until_created(submission)
    bench.service.finish(job_id)
    bench.until(lambda: bench.status(submission) == "succeeded")
    page.show_job(submission)
    assert page.detail.chat.isVisible()
    assert not page.detail.save.isVisible()


def test_a_job_of_this_computer_offers_it(
    qtbot: QtBot, bench: Bench, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = bench.submit()
    bench.service.finish(bench.until_created(submission))
    bench.until(lambda: bench.status(submission) == "succeeded")
    # The same job, as if this computer were the service that has it.
    monkeypatch.setattr("desktop_app.state.jobs.saving.is_engine", lambda *_: True)
    savings = ModelSavings(bench.connections, bench.runner)
    detail = JobDetail(bench.jobs, bench.connections, theme, savings)
    qtbot.addWidget(detail)
    detail.show()
    detail.show_job(submission)
    press(qtbot, detail.save)
    (dialog,) = detail.findChildren(SaveDialog)
    bench.until(lambda: "does not offer that" in dialog.problem.text())
    assert not dialog.save.isEnabled()
    dialog.reject()


def test_a_model_kept_on_the_way_can_be_chosen(parent: QWidget, saving: OrderedSaving) -> None:
    kept = [KeptModel("ft:x", "The finished model"), KeptModel("ft:x:step-2", "After step 2")]
    dialog = SaveDialog(saving, parent, kept)
    dialog.open()
    assert dialog.which.isVisible()
    saving.know()
    dialog.which.setCurrentIndex(1)
    dialog.which.activated.emit(1)
    assert saving.model.model == "ft:x:step-2"
    assert saving.forms == []
    assert not dialog.save.isEnabled()
    dialog.reject()


def test_one_model_leaves_nothing_to_choose(dialog: SaveDialog) -> None:
    assert not dialog.which.isVisible()


def test_savings_are_for_this_computer(bench: Bench) -> None:
    savings = ModelSavings(bench.connections, bench.runner)
    submission = bench.submit()
    bench.until_created(submission)
    assert not savings.can_save(bench.record(submission))


def test_the_dialog_is_as_high_as_what_it_says(dialog: SaveDialog, saving: OrderedSaving) -> None:
    assert dialog.height() >= dialog.heightForWidth(dialog.width())
    saving.problem = "The disk is full. " * 40
    saving.show_phase(SavingPhase.READY)
    assert dialog.height() >= dialog.heightForWidth(dialog.width())
    for choice in dialog.buttons.values():
        assert choice.height() >= choice.sizeHint().height()
