import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.storage.project.rows import Filter, Split
from desktop_app.ui.examples.dialogs.test_set_dialog import TestSetDialog
from tests.state.edits import set_split
from tests.ui.examples.dialogs.dialog_bench import chat, is_reached_by_tab, opened


@pytest.fixture
def ids(program: Program) -> list[int]:
    """Forty conversations, the first four of them with a tag."""
    program.open_project.add([chat(f"{'bowl' * n} {n * n}", f"{n}" * n) for n in range(36)])
    ids = list(program.desk.conversations.ids)
    program.open_project.edit(lambda project: project.set_tag(ids[:4], "billing", on=True), ids[:4])
    return ids


def held_out(program: Program) -> set[int]:
    return set(program.open_project.project.ids(Filter(split=Split.TEST)))


def test_a_share_is_held_out_and_that_is_undone(
    qtbot: QtBot, program: Program, ids: list[int]
) -> None:
    dialog = opened(program, TestSetDialog)
    assert dialog.now.text() == "Now 0 of 40 conversations are held out."
    dialog.percent.selectAll()
    qtbot.keyClicks(dialog.percent, "25")
    qtbot.mouseClick(dialog.choose, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: program.open_project.counts.test == 10)
    program.actions.undo.trigger()
    assert program.open_project.counts.test == 0


def test_what_is_held_out_stays_unless_it_is_chosen_anew(
    qtbot: QtBot, program: Program, ids: list[int]
) -> None:
    by_hand = ids[-8:]
    set_split(program.open_project, by_hand, Split.TEST)
    dialog = opened(program, TestSetDialog)
    assert dialog.add.isChecked()
    assert dialog.percent.value() == 20
    dialog.percent.setValue(50)
    dialog.choose.click()
    qtbot.waitUntil(lambda: program.open_project.counts.test == 20)
    assert set(by_hand) < held_out(program)
    qtbot.waitUntil(lambda: not program.window.findChildren(TestSetDialog))
    dialog = opened(program, TestSetDialog)
    dialog.anew.click()
    dialog.percent.setValue(10)
    dialog.choose.click()
    qtbot.waitUntil(lambda: program.open_project.counts.test == 4)


def test_all_with_a_tag(qtbot: QtBot, program: Program, ids: list[int]) -> None:
    dialog = opened(program, TestSetDialog)
    # The tags are counted while it is open.
    qtbot.waitUntil(dialog.by_tag.isEnabled)
    assert not dialog.tag.isEnabled()
    dialog.by_tag.click()
    assert dialog.tag.isEnabled()
    assert not dialog.percent.isEnabled()
    assert dialog.tag.currentData() == "billing"
    dialog.choose.click()
    qtbot.waitUntil(lambda: held_out(program) == set(ids[:4]))


def test_without_tags_there_is_none_to_choose(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, TestSetDialog)
    qtbot.waitUntil(lambda: program.desk.conversations.facets.is_current)
    assert not dialog.by_tag.isEnabled()


def test_it_waits_for_a_large_step(program: Program) -> None:
    dialog = opened(program, TestSetDialog)
    program.open_project.set_busy(True)
    assert not dialog.choose.isEnabled()
    program.open_project.set_busy(False)
    assert dialog.choose.isEnabled()


def test_the_keyboard_alone_chooses(qtbot: QtBot, program: Program, ids: list[int]) -> None:
    dialog = opened(program, TestSetDialog)
    assert is_reached_by_tab(qtbot, dialog, dialog.add)
    qtbot.keyClick(dialog.add, Qt.Key.Key_Down)
    assert dialog.anew.isChecked()
    assert is_reached_by_tab(qtbot, dialog, dialog.choose)
    qtbot.keyClick(dialog.choose, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: program.open_project.counts.test == 4)


def test_nothing_in_it_has_to_scroll(program: Program) -> None:
    dialog = opened(program, TestSetDialog)
    assert dialog._scroll.verticalScrollBar().maximum() == 0
