"""A box that grows with its text shows all of it, in every script and at every width."""

import pytest
from PySide6.QtGui import QTextBlock
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.growing_text_edit import MAX_HEIGHT, GrowingTextEdit

CHINESE = (
    "细胞理论是生物科学的一个理论，它认为所有生命体都是由微小的基本单元构成。\n\n第二段。\n第三段。"
)
LONG = "Some words of a reply that go on for more than one line of a narrow box. " * 3


def shown(qtbot: QtBot, text: str, width: int = 300) -> GrowingTextEdit:
    box = GrowingTextEdit()
    qtbot.addWidget(box)
    box.resize(width, 40)
    box.fill(text)
    box.show()
    return box


def height_of_text(box: GrowingTextEdit) -> float:
    height = 0.0
    block: QTextBlock = box.document().firstBlock()
    while block.isValid():
        height += box.blockBoundingRect(block).height()
        block = block.next()
    return height


@pytest.mark.parametrize("text", [CHINESE, "السلام عليكم\nسطر ثان", f"{LONG}\n{LONG}\n{LONG}"])
def test_all_of_a_text_is_shown(qtbot: QtBot, text: str) -> None:
    box = shown(qtbot, text)
    assert height_of_text(box) <= box.viewport().height()


def test_what_is_below_stays_in_sight_at_another_width(qtbot: QtBot) -> None:
    box = shown(qtbot, f"{LONG}\n{LONG}\n{LONG}", 560)
    wide = box.height()
    box.resize(260, box.height())
    assert box.height() > wide
    assert height_of_text(box) <= box.viewport().height()


def test_a_text_that_would_fill_the_window_scrolls(qtbot: QtBot) -> None:
    box = shown(qtbot, "line\n" * 500)
    assert box.height() == MAX_HEIGHT
    assert box.verticalScrollBar().isVisible()


def test_an_empty_box_has_its_least_lines(qtbot: QtBot) -> None:
    box = GrowingTextEdit(min_lines=3)
    qtbot.addWidget(box)
    box.show()
    box.resize(300, 20)
    assert box.height() >= 3 * box.fontMetrics().lineSpacing()
