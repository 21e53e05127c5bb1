from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.ui.examples.dialogs.history_dialog import HistoryDialog
from tests.ui.examples.dialogs.dialog_bench import first_texts, is_reached_by_tab, opened


def type_first(program: Program, text: str) -> None:
    # Moving on to another message ends a step.
    program.desk.edited.set_text(0, text)
    program.desk.edited.write()
    program.desk.edited.set_text(1, f"About: {text}")
    program.desk.edited.write()


def test_a_text_that_never_changed_has_no_earlier_one(program: Program) -> None:
    dialog = opened(program, HistoryDialog)
    assert dialog.list.count() == 1
    assert not dialog.back.isEnabled()
    assert "Nothing was changed" in dialog.explanation.text()


def test_a_version_is_brought_back_and_that_is_undone(qtbot: QtBot, program: Program) -> None:
    type_first(program, "Where is my box?")
    type_first(program, "Where is my letter?")
    dialog = opened(program, HistoryDialog)
    dialog.list.setCurrentRow(dialog.list.count() - 1)
    assert "Where is my parcel?" in dialog.view.toPlainText()
    qtbot.mouseClick(dialog.back, Qt.MouseButton.LeftButton)
    assert first_texts(program)[0] == "Where is my parcel?"
    assert program.examples_page.editor.card(0).text.toPlainText() == "Where is my parcel?"
    # The text that it took the place of is in the list now.
    assert "Where is my letter?" in dialog.view.toPlainText()
    program.actions.undo.trigger()
    assert first_texts(program)[0] == "Where is my letter?"


def test_what_is_typed_and_not_yet_written_is_there(program: Program) -> None:
    program.desk.edited.set_text(0, "Where is my letter?")
    dialog = opened(program, HistoryDialog)
    assert dialog.list.count() == 2
    assert "Where is my parcel?" in dialog.view.toPlainText()


def test_the_present_text_cannot_be_brought_back(program: Program) -> None:
    type_first(program, "Where is my box?")
    dialog = opened(program, HistoryDialog)
    assert dialog.back.isEnabled()
    dialog.list.setCurrentRow(0)
    assert not dialog.back.isEnabled()
    assert "Where is my box?" in dialog.view.toPlainText()


def test_the_keyboard_alone_brings_one_back(qtbot: QtBot, program: Program) -> None:
    type_first(program, "Where is my box?")
    dialog = opened(program, HistoryDialog)
    assert is_reached_by_tab(qtbot, dialog, dialog.list)
    qtbot.keyClick(dialog.list, Qt.Key.Key_End)
    assert is_reached_by_tab(qtbot, dialog, dialog.back)
    qtbot.keyClick(dialog.back, Qt.Key.Key_Space)
    assert first_texts(program)[0] == "Where is my parcel?"
