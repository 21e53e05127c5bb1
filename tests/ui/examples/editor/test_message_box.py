import random

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QImage, QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop_app.ui.examples.editor.exact_text import LONGEST
from desktop_app.ui.examples.editor.message_box import MessageBox

ODD = "one\u00a0two\r\nthree\u2028four \u201cfive\u201d\tsix\r\n"


@pytest.fixture
def box(qtbot: QtBot) -> MessageBox:
    result = MessageBox()
    qtbot.addWidget(result)
    result.resize(400, 200)
    result.show()
    return result


@pytest.fixture
def typed(box: MessageBox) -> list[str]:
    result: list[str] = []
    box.words_typed.connect(result.append)
    return result


def test_what_is_not_changed_stays_to_the_letter(box: MessageBox, typed: list[str]) -> None:
    box.fill(ODD)
    assert typed == []
    box.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClicks(box, "x")
    assert typed == [ODD + "x"]
    assert box.words == ODD + "x"


def test_nothing_is_put_in_place_of_what_is_typed(box: MessageBox) -> None:
    QTest.keyClicks(box, '"Don\'t" -- (c) ...')
    QTest.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(box, "x")
    assert box.words == '"Don\'t" -- (c) ...\nx'


def test_rich_text_images_and_files_are_pasted_as_plain_text(box: MessageBox) -> None:
    rich = QMimeData()
    rich.setHtml("<b>bold</b> <img src='file:///a.png'>")
    rich.setText("bold")
    box.insertFromMimeData(rich)
    picture = QMimeData()
    picture.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    assert not box.canInsertFromMimeData(picture)
    box.insertFromMimeData(picture)
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/somewhere/a.txt")])
    box.insertFromMimeData(files)
    assert box.words == "boldfile:///somewhere/a.txt"
    assert "<" not in box.document().toHtml().split("boldfile")[1].split("</p>")[0]


def test_dropped_files_are_left_to_the_window(box: MessageBox) -> None:
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/somewhere/a.txt")])
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, files, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    box.dragEnterEvent(event)
    assert not event.isAccepted()


def test_copying_gives_the_text_as_it_is(box: MessageBox) -> None:
    text = "word " * LONGEST
    box.fill(text)
    assert box.document().blockCount() > 1
    box.selectAll()
    data = box.createMimeDataFromSelection()
    assert data.text() == text
    assert not data.hasHtml()


def test_each_paragraph_begins_where_its_script_begins(qtbot: QtBot, box: MessageBox) -> None:
    box.fill("نعم، يمكنك ذلك\nyes, you can\nשלום")
    box.repaint()
    block = box.document().firstBlock()
    sides = []
    while block.isValid():
        sides.append(block.layout().textOption().alignment())
        block = block.next()
    right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
    assert sides == [right, left, right]
    cursor = QTextCursor(box.document().firstBlock())
    assert box.cursorRect(cursor).x() > box.viewport().width() / 2
    cursor = QTextCursor(box.document().firstBlock().next())
    assert box.cursorRect(cursor).x() < box.viewport().width() / 2


def test_a_pasted_long_paragraph_is_shown_in_pieces(box: MessageBox) -> None:
    QTest.keyClicks(box, "ab")
    box.moveCursor(QTextCursor.MoveOperation.Left)
    box.insertPlainText("word " * LONGEST)
    assert box.words == "a" + "word " * LONGEST + "b"
    assert max(len(line) for line in box.toPlainText().split("\n")) <= LONGEST
    QTest.keyClicks(box, "!")
    assert box.words == "a" + "word " * LONGEST + "!b"


@pytest.mark.parametrize("seed", range(4))
def test_the_text_follows_whatever_is_done_in_the_box(box: MessageBox, seed: int) -> None:
    pick = random.Random(seed)
    pieces = ["ab ", "😀", "é\r\n", "\u00a0", "ن ", "x" * 3000]
    text = "".join(pick.choice(pieces) for _ in range(40))
    box.fill(text)
    for _ in range(60):
        cursor = box.textCursor()
        end = box.document().characterCount() - 1
        start, stop = sorted((pick.randint(0, end), pick.randint(0, end)))
        stop = min(stop, start + pick.choice([0, 1, 7, 5000]))
        cursor.setPosition(start)
        cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
        left, right = box._exact.between(0, start), box._exact.between(stop, end)
        new = pick.choice(["", "y", "two\nlines", "😀"])
        cursor.insertText(new)
        assert box.words == left + new + right
        assert box._exact.length == box.document().characterCount() - 1
