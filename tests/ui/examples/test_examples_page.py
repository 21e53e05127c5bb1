from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from desktop_app.app import Places, Program
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.conversation_list import ROW
from desktop_app.state.notices import Notice
from desktop_app.storage.project.rows import ConversationRow, Filter, Split


@dataclass
class Desk:
    """The Examples tab in the program's window, with everything under it."""

    program: Program
    said: list[Notice]

    def __post_init__(self) -> None:
        self.project = self.program.open_project
        self.conversations = self.program.desk.conversations
        self.edited = self.program.desk.edited
        self.actions = self.program.actions
        self.page = self.program.examples_page
        self.notices = self.program.notices

    def texts(self) -> list[str]:
        return [message.text for message in self.edited.conversation.messages]


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    program = Program(qapp, Places(tmp_path / "config", tmp_path / "engine", tmp_path))
    said: list[Notice] = []
    program.notices.posted.connect(said.append)
    program.window.resize(1200, 800)
    program.window.show()
    program.open_project.create(tmp_path / "one.exemplar")
    yield Desk(program, said)
    program.shut_down()
    program.window.deleteLater()
    program.deleteLater()
    qapp.setStyleSheet("")


def chat(question: str, answer: str = "yes") -> Conversation:
    return Conversation(
        (Message(role="user", content=question), Message(role="assistant", content=answer))
    )


def test_writing_the_first_example(qtbot: QtBot, desk: Desk) -> None:
    desk.actions.new_conversation.trigger()
    assert desk.project.counts.conversations == 1
    card = desk.page.editor.card(0)
    qtbot.keyClicks(card.text, "Where is my parcel?")
    qtbot.keyClicks(desk.page.editor.card(1).text, "On its way.")
    desk.edited.write()
    assert desk.texts() == ["Where is my parcel?", "On its way."]
    assert desk.conversations.data(desk.conversations.index(0, 0)) == "Where is my parcel?"


def test_typing_keeps_the_cursor_and_the_cards(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("abc")])
    text = desk.page.editor.card(0).text
    text.moveCursor(text.textCursor().MoveOperation.Start)
    qtbot.keyClicks(text, "xy")
    desk.edited.write()
    assert desk.page.editor.card(0).text is text
    assert text.textCursor().position() == 2
    assert desk.texts()[0] == "xyabc"


def test_pasted_rich_text_becomes_plain(desk: Desk) -> None:
    desk.project.add([chat("")])
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("bold")
    desk.page.editor.card(0).text.insertFromMimeData(data)
    desk.edited.write()
    assert desk.texts()[0] == "bold"


def test_a_problem_is_shown_where_it_is_and_mended_by_its_button(desk: Desk) -> None:
    bad = Conversation((*chat("a").messages, *chat("b", "").messages))
    desk.project.add([bad])
    assert desk.page.editor.card(3).problem.text()
    cards = desk.page.checks_panel.finding_cards()
    assert cards[0].finding.code == "empty_reply"
    cards[0].fix_button.click()
    assert desk.texts() == ["a", "yes"]
    assert desk.project.counts.with_problems == 0


def test_every_problem_is_visited_in_turn(qtbot: QtBot, desk: Desk) -> None:
    ids = desk.project.add([chat("a"), chat("b", ""), chat("c"), chat("d", "")])
    visited = []
    for _ in range(3):
        with qtbot.waitSignal(desk.program.desk.next_problem.found):
            desk.actions.next_problem.trigger()
        visited.append(desk.edited.id)
    assert visited == [ids[1], ids[3], ids[1]]


def test_where_no_problem_is_left_that_is_said(qtbot: QtBot, desk: Desk) -> None:
    ids = desk.project.add([chat("a"), chat("b")])
    with qtbot.waitSignal(desk.program.desk.next_problem.found):
        desk.actions.next_problem.trigger()
    assert desk.said[-1].text == "No problems are left."
    assert desk.edited.id == ids[0]


def test_deleting_offers_undo(desk: Desk) -> None:
    desk.project.add([chat("a"), chat("b"), chat("c")])
    desk.page.list_panel.view.selectAll()
    desk.actions.delete_conversations.trigger()
    assert desk.project.counts.conversations == 0
    remedy = desk.said[-1].remedy
    assert remedy is not None
    remedy.action()
    assert desk.project.counts.conversations == 3


def test_role_weight_and_order_from_the_cards(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("a")])
    qtbot.mouseClick(desk.page.editor.card(1).learn, Qt.MouseButton.LeftButton)
    assert desk.edited.conversation.messages[1].weight == 0
    desk.page.editor.card(1).text.setFocus()
    desk.page.editor.focus_message(1)
    desk.actions.message_up.trigger()
    assert desk.texts() == ["yes", "a"]


def test_the_list_sets_conversations_aside(desk: Desk) -> None:
    desk.project.add([chat("a"), chat("b")])
    desk.page.list_panel.view.selectAll()
    desk.actions.use_for_test.trigger()
    assert desk.project.counts.test == 2
    assert desk.page.details.split.currentData() == Split.TEST


def test_undo_names_what_it_undoes(desk: Desk) -> None:
    assert not desk.actions.undo.isEnabled()
    desk.project.add([chat("a"), chat("b")])
    assert desk.actions.undo.isEnabled()
    assert "add" in desk.actions.undo.text()


def test_tokens_are_counted_as_they_are_typed(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("hello world")])
    qtbot.waitUntil(lambda: desk.page.editor.card(0).tokens.text().startswith("2 "), timeout=10_000)
    qtbot.keyClicks(desk.page.editor.card(0).text, "hello ")
    assert not desk.page.editor.card(0).tokens.text().startswith("2 ")


def test_a_very_long_message_scrolls_within_its_card(desk: Desk) -> None:
    desk.project.add([chat("long\n" * 20_000)])
    assert desk.page.editor.card(0).height() < 600


def test_right_to_left_text_is_laid_out_from_the_right(desk: Desk) -> None:
    desk.project.add([chat("هل يمكنني الدفع عند الاستلام؟")])
    block = desk.page.editor.card(0).text.document().firstBlock()
    assert block.textDirection() == Qt.LayoutDirection.RightToLeft


def test_lines_begin_where_their_script_begins(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("هل يمكنني؟", "yes")])
    first, second = desk.page.editor.card(0).text, desk.page.editor.card(1).text
    assert first.document().defaultTextOption().alignment() == Qt.AlignmentFlag.AlignRight
    assert second.document().defaultTextOption().alignment() == Qt.AlignmentFlag.AlignLeft
    second.selectAll()
    qtbot.keyClick(second, Qt.Key.Key_Delete)
    second.insertPlainText("نعم")
    assert second.document().defaultTextOption().alignment() == Qt.AlignmentFlag.AlignRight


def test_undo_is_not_offered_once_it_would_take_back_another_step(desk: Desk) -> None:
    desk.project.add([chat("a"), chat("b"), chat("c")])
    withdrawn: list[str] = []
    desk.notices.withdrawn.connect(withdrawn.append)
    desk.actions.delete_conversations.trigger()
    assert desk.said[-1].topic == "delete"
    withdrawn.clear()
    desk.project.add([chat("d")])
    assert withdrawn == ["delete"]


def test_undo_in_a_message_is_left_to_the_program(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("a")])
    text = desk.page.editor.card(0).text
    text.setFocus()
    text.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClicks(text, "bc")
    key = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, "z"
    )
    QApplication.sendEvent(text, key)
    assert not key.isAccepted()
    desk.edited.write()
    desk.project.undo()
    assert desk.texts() == ["a", "yes"]
    assert text.toPlainText() == "a"
    assert text.textCursor().position() == 1


def test_who_speaks_can_be_read(desk: Desk) -> None:
    system = Message(role="system", content="s")
    desk.project.add([Conversation((system, *chat("a").messages))])
    for index in range(3):
        box = desk.page.editor.card(index).role
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        kind = QStyle.ComplexControl.CC_ComboBox
        room = box.style().subControlRect(kind, option, part, box).width()
        assert box.fontMetrics().horizontalAdvance(box.currentText()) <= room


def test_in_a_small_window_the_checks_go_under_the_conversation(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("a long question that goes on and on " * 4, "")])
    desk.page.resize(800, 440)
    qtbot.waitUntil(lambda: desk.page.right.orientation() == Qt.Orientation.Vertical)
    editor = desk.page.editor
    assert editor.width() > 400
    assert editor.card(1).problem.isVisible()
    assert editor.card(1).width() <= editor.width()
    assert editor.title.text().rstrip("\u2069").endswith("…")
    desk.page.resize(1300, 700)
    assert desk.page.right.orientation() == Qt.Orientation.Horizontal


def test_counts_of_tokens_appear_when_they_are_there(desk: Desk) -> None:
    [id] = desk.project.add([chat("a")])
    panel = desk.page.details
    assert panel.tokens.text() == "counting…"
    desk.project.project.store_counts("o200k_base", [(id, 1, 1234)])
    desk.program.desk.take_counts("o200k_base")
    row = desk.conversations.data(desk.conversations.index(0, 0), ROW)
    assert isinstance(row, ConversationRow)
    assert row.tokens == 1234
    assert panel.tokens.text() == "1,234 of 8,192"


def test_all_of_many_are_selected_without_delay(desk: Desk) -> None:
    ids = desk.project.add([chat(f"question {n}") for n in range(3000)])
    desk.page.list_panel.view.selectAll()
    assert desk.page.list_panel.selected_ids() == ids


def test_by_keys_from_the_search_to_the_list_and_into_the_words(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([chat("the first"), chat("the second", "")])
    panel, editor = desk.page.list_panel, desk.page.editor
    with qtbot.waitActive(desk.program.window):
        desk.program.window.activateWindow()
    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "second")
    qtbot.keyClick(panel.search, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: desk.conversations.rowCount() == 1)
    assert panel.view.hasFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert editor.card(1).text.hasFocus()
    panel.search.setFocus()
    qtbot.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == ""
    qtbot.waitUntil(lambda: desk.conversations.rowCount() == 2)
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert desk.project.counts.binned == 1


def test_what_is_in_the_bin_is_read_and_brought_back(desk: Desk) -> None:
    desk.project.add([chat("the first"), chat("the second")])
    desk.actions.delete_conversations.trigger()
    page = desk.page
    page.list_panel.show_filter(Filter(in_bin=True))
    assert page.editor.binned.isVisible()
    assert not page.editor.card(0).text.isEnabled()
    desk.actions.restore_conversations.trigger()
    page.list_panel.show_all()
    assert desk.project.counts.binned == 0
    assert not page.editor.binned.isVisible()
    assert page.editor.card(0).text.isEnabled()


def test_a_check_leads_to_the_reply_that_is_to_be_written(qtbot: QtBot, desk: Desk) -> None:
    desk.project.add([Conversation((Message(role="user", content="Where is my parcel?"),))])
    with qtbot.waitActive(desk.program.window):
        desk.program.window.activateWindow()
    panel = desk.page.checks_panel
    panel.finding_cards()[0].write_button.click()
    assert desk.page.editor.card(1).text.hasFocus()
    assert panel.finding_cards()[0].finding.code == "empty_reply"
    desk.page.list_panel.search.setFocus()
    panel.finding_cards()[0].write_button.click()
    assert desk.page.editor.card(1).text.hasFocus()
    qtbot.keyClicks(desk.page.editor.card(1).text, "It comes tomorrow.")
    assert panel.finding_cards() == []
