import pytest
from PySide6.QtCore import QMimeData
from pytestqt.qtbot import QtBot

from desktop_app.ui.chat.message_text import EDIT_HEIGHT, MessageText


@pytest.fixture
def text(qtbot: QtBot) -> MessageText:
    widget = MessageText()
    qtbot.addWidget(widget)
    widget.resize(300, 100)
    widget.show()
    return widget


def test_it_is_as_tall_as_what_is_in_it(text: MessageText) -> None:
    text.show_text("one line")
    one = text.heightForWidth(300)
    text.show_text("one line\nand another\nand a third")
    assert text.heightForWidth(300) == pytest.approx(3 * one, abs=3)
    text.show_text("many words " * 40)
    assert text.heightForWidth(150) > 1.8 * text.heightForWidth(300)


def test_the_height_is_known_before_it_is_shown(qtbot: QtBot, text: MessageText) -> None:
    text.show_text("many words " * 40)
    hidden = MessageText()
    qtbot.addWidget(hidden)
    hidden.show_text("many words " * 40)
    assert hidden.heightForWidth(300) == text.heightForWidth(300)


def test_a_growing_text_keeps_the_selection(text: MessageText) -> None:
    text.show_text("Hello")
    text.selectAll()
    text.show_text("Hello there")
    assert text.textCursor().selectedText() == "Hello"
    assert text.toPlainText() == "Hello there"
    text.show_text("Another")
    assert text.toPlainText() == "Another"


def test_markup_is_shown_as_it_is_written(text: MessageText) -> None:
    text.show_text("<b>bold</b> & *so on*")
    assert text.toPlainText() == "<b>bold</b> & *so on*"
    data = QMimeData()
    data.setHtml("<h1>big</h1>")
    data.setText("plain")
    text.set_editing(True)
    text.selectAll()
    text.insertFromMimeData(data)
    assert text.toPlainText() == "plain"
    assert text.currentFont() == text.font()


def test_each_paragraph_runs_in_its_own_direction(text: MessageText) -> None:
    text.show_text("English\nمرحبا بالعالم\nשלום")
    document = text.document()
    lines = [document.findBlockByNumber(n).layout().lineAt(0) for n in range(3)]
    # The right-to-left ones end at the right edge.
    assert lines[0].naturalTextRect().left() < 2
    assert lines[1].naturalTextRect().right() > 295
    assert lines[2].naturalTextRect().right() > 295


def test_an_edited_text_scrolls_rather_than_grow_without_end(text: MessageText) -> None:
    text.show_text("line\n" * 100)
    assert text.heightForWidth(300) > EDIT_HEIGHT
    text.set_editing(True)
    assert text.heightForWidth(300) == EDIT_HEIGHT
    text.insertPlainText("more")
    text.set_editing(False)
    assert text.toPlainText() == "line\n" * 100
