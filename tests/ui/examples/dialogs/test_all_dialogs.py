import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.ui.examples.dialogs.find_replace_dialog import FindReplaceDialog
from desktop_app.ui.examples.dialogs.history_dialog import HistoryDialog
from desktop_app.ui.examples.dialogs.set_check_dialog import SetCheckDialog
from desktop_app.ui.examples.dialogs.test_set_dialog import TestSetDialog
from desktop_app.ui.examples.dialogs.tuning_dialog import TuningDialog
from desktop_app.ui.examples.dialogs.versions_dialog import VersionsDialog
from tests.state.edits import delete
from tests.ui.examples.dialogs.dialog_bench import opened
from tests.ui.test_accessible import traps, unnamed

DIALOGS: list[type[QDialog]] = [
    FindReplaceDialog, HistoryDialog, SetCheckDialog, TestSetDialog, TuningDialog, VersionsDialog,
]  # fmt: skip


@pytest.mark.parametrize("kind", DIALOGS)
def test_it_is_freed_when_closed(qtbot: QtBot, program: Program, kind: type[QDialog]) -> None:
    dialog = opened(program, kind)
    with qtbot.waitSignal(dialog.destroyed):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    # What it followed goes on without it.
    delete(program.open_project, [program.desk.conversations.ids[0]])
    qtbot.waitUntil(lambda: program.runner.running == 0)


@pytest.mark.parametrize("kind", DIALOGS)
def test_it_closes_with_the_project(qtbot: QtBot, program: Program, kind: type[QDialog]) -> None:
    dialog = opened(program, kind)
    with qtbot.waitSignal(dialog.destroyed):
        program.open_project.close()


@pytest.mark.parametrize("kind", DIALOGS)
def test_it_can_be_used_by_ear_and_by_keyboard(
    qtbot: QtBot, program: Program, kind: type[QDialog]
) -> None:
    dialog = opened(program, kind)
    assert dialog.windowTitle()
    assert unnamed(dialog) == []
    assert traps(dialog) == []
    qtbot.waitUntil(lambda: dialog.focusWidget() is not None)


@pytest.mark.parametrize("kind", DIALOGS)
def test_its_words_are_whole(qtbot: QtBot, program: Program, kind: type[QDialog]) -> None:
    dialog = opened(program, kind)
    qtbot.waitUntil(lambda: program.runner.running == 0)
    for label in dialog.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    for field in dialog.findChildren(QLineEdit):
        if field.isVisible():
            assert field.height() >= field.fontMetrics().height()
