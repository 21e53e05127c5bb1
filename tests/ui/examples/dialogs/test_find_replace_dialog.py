from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidgetItem
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.storage.project.rows import Filter
from desktop_app.ui.examples.dialogs.find_replace_dialog import FindReplaceDialog
from tests.ui.examples.dialogs.dialog_bench import chat, first_texts, is_reached_by_tab, opened


def cells(dialog: FindReplaceDialog) -> list[list[str]]:
    table = dialog.table

    def text(item: QTableWidgetItem | None) -> str:
        return item.text().replace("\u2068", "").replace("\u2069", "") if item is not None else ""

    return [
        [text(table.item(row, column)) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def find(qtbot: QtBot, dialog: FindReplaceDialog, words: str, count: int) -> None:
    dialog.words.clear()
    qtbot.keyClicks(dialog.words, words)
    qtbot.waitUntil(lambda: dialog.table.rowCount() == count and dialog.replace_all.isEnabled())


def test_what_will_change_is_shown_while_typing(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, FindReplaceDialog)
    assert not dialog.replace_all.isEnabled()
    find(qtbot, dialog, "parcel", 2)
    qtbot.keyClicks(dialog.by, "box")
    assert cells(dialog) == [
        ["Where is my ", "parcel → box", "?"],
        ["The ", "Parcel → box", " is late"],
    ]
    assert "2 times in 2 conversations" in dialog.said.text()
    dialog.match_case.click()
    qtbot.waitUntil(lambda: len(cells(dialog)) == 1)
    assert first_texts(program)[0] == "Where is my parcel?"


def test_replacing_all_is_one_step(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, FindReplaceDialog)
    find(qtbot, dialog, "parcel", 2)
    dialog.by.setText("box")
    qtbot.mouseClick(dialog.replace_all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Replaced in 2" in dialog.said.text())
    assert first_texts(program)[:2] == ["Where is my box?", "The box is late"]
    # Looking again finds nothing more, and what was done is still said.
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 0)
    assert "Replaced in 2" in dialog.said.text()
    assert not dialog.replace_all.isEnabled()
    program.actions.undo.trigger()
    assert first_texts(program)[:2] == ["Where is my parcel?", "The Parcel is late"]


def test_nothing_is_replaced_that_was_not_shown(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, FindReplaceDialog)
    find(qtbot, dialog, "parcel", 2)
    with qtbot.waitSignal(program.desk.finder.found):
        dialog.words.setText("vase")
        assert not dialog.replace_all.isEnabled()
        dialog.look()
        # A search that still goes on is for other words by now.
        dialog.words.setText("mug")
    assert cells(dialog)[0][1].startswith("mug")


def test_only_what_the_list_shows(qtbot: QtBot, program: Program) -> None:
    program.examples_page.list_panel.show_filter(Filter(text="late"))
    qtbot.waitUntil(lambda: len(program.desk.conversations.ids) == 1)
    dialog = opened(program, FindReplaceDialog)
    assert dialog.only_shown.isChecked()
    find(qtbot, dialog, "parcel", 1)
    dialog.by.setText("box")
    dialog.replace_all.click()
    qtbot.waitUntil(lambda: first_texts(program)[1] == "The box is late")
    assert first_texts(program)[0] == "Where is my parcel?"


def test_the_whole_list_needs_no_box(program: Program) -> None:
    assert not opened(program, FindReplaceDialog).only_shown.isEnabled()


def test_a_double_click_goes_to_the_conversation(qtbot: QtBot, program: Program) -> None:
    ids = program.desk.conversations.ids
    dialog = opened(program, FindReplaceDialog)
    find(qtbot, dialog, "vase", 1)
    place = dialog.table.visualRect(dialog.table.model().index(0, 1)).center()
    port = dialog.table.viewport()
    qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(port, Qt.MouseButton.LeftButton, pos=place)
    assert program.desk.edited.id == ids[2]
    assert not dialog.isVisible()


def test_enter_goes_there_too(qtbot: QtBot, program: Program) -> None:
    ids = program.desk.conversations.ids
    program.examples_page.list_panel.show_filter(Filter(text="late"))
    dialog = opened(program, FindReplaceDialog)
    dialog.only_shown.setChecked(False)
    find(qtbot, dialog, "mug", 1)
    assert is_reached_by_tab(qtbot, dialog, dialog.table)
    dialog.table.setCurrentCell(0, 0)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    # It is not among what the list showed: that gives way.
    qtbot.waitUntil(lambda: program.desk.edited.id == ids[3])


def test_edits_wait_while_a_large_step_runs(qtbot: QtBot, program: Program) -> None:
    program.open_project.add([chat("another parcel")])
    dialog = opened(program, FindReplaceDialog)
    find(qtbot, dialog, "parcel", 3)
    program.open_project.set_busy(True)
    assert not dialog.replace_all.isEnabled()
    program.open_project.set_busy(False)
    assert dialog.replace_all.isEnabled()


def test_what_cannot_be_read_is_said(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, FindReplaceDialog)
    find(qtbot, dialog, "parcel", 2)
    program.desk.finder.failed.emit(PermissionError(13, "x"))
    assert "may not be read" in dialog.said.text()
